// The samples of a part, series by series, from blocks that are stored so; older parts are read by rows.
#pragma once

#include <memory>

#include "columnar/sample_block.h"
#include "storage/part_source.h"
#include "storage/sample_cursor.h"

namespace trilobite::storage {

class PartSamples final : public SampleCursor {
 public:
  explicit PartSamples(const PartSource& source) : source_(source) {}
  Result<void> read(std::uint32_t series, TimeNs first, TimeNs last, SeriesSamples& out) override;

 private:
  static constexpr std::uint32_t kNoTimes = 0xFFFFFFFFu;
  Result<bool> load(std::size_t block);
  Result<void> copy(std::uint32_t series, TimeNs first, TimeNs last, SeriesSamples& out);

  const PartSource& source_;
  std::size_t block_ = 0;
  SampleBlockRef samples_;
  std::uint32_t times_number_ = kNoTimes;  // of times_, in samples_
  std::vector<TimeNs> times_;
  StringColumn texts_;
  std::unique_ptr<SampleCursor> rows_;  // for a part of an older format
};

}  // namespace trilobite::storage
