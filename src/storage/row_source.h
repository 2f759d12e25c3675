// Rows of one window from one place: a part, or what a head table held when a scan was opened. Blocks whose rows are
// sorted by (series, time); series numbers are the source's own and sorted by label set bytes.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "columnar/label_set.h"
#include "columnar/lines.h"
#include "columnar/part.h"
#include "storage/sample_cursor.h"
#include "storage/series_set.h"
#include "storage/series_table.h"

namespace trilobite::storage {

// The sort key of a block's rows. `row_of` is where the source finds each of them; empty when that is the same order.
struct BlockKeys {
  // Rows begin .. end - 1 are of one series; runs ascend by it, none is empty, together they are all rows.
  struct Run {
    std::uint32_t series = 0, begin = 0, end = 0;
  };
  std::vector<Run> runs;
  std::vector<TimeNs> times;
  std::vector<std::uint32_t> row_of;

  std::size_t rows() const { return times.size(); }
  std::size_t bytes() const {
    return runs.size() * sizeof(Run) + times.size() * sizeof(TimeNs) + row_of.size() * sizeof(std::uint32_t);
  }
  // The rows of `series` with times from `first` to `last`, both included.
  std::pair<std::size_t, std::size_t> range(std::uint32_t series, TimeNs first, TimeNs last) const;
};
using BlockKeysRef = std::shared_ptr<const BlockKeys>;
using LineBlockRef = std::shared_ptr<const columnar::LineBlock>;
using SampleBlockRef = std::shared_ptr<const columnar::SampleBlock>;
using ColumnRef = std::shared_ptr<const Column>;

// Any number of threads.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::size_t blocks() const = 0;
  virtual BlockInfo block(std::size_t index) const = 0;
  virtual Result<BlockKeysRef> keys(std::size_t index) const = 0;
  // In the order of `keys`; of size 0 when the block does not have the column.
  virtual Result<ColumnRef> column(std::size_t index, const BlockKeys& keys, std::string_view name) const = 0;
  // The lines where they are stored split into templates; null: take column(). In the order of `keys`.
  virtual Result<LineBlockRef> lines(std::size_t index, const BlockKeysRef& keys) const = 0;
  // Whoever worked on the block is done with it: what it has decoded meanwhile counts in the cache.
  virtual void settle(std::size_t index) const = 0;

  virtual std::uint32_t series() const = 0;
  virtual std::string_view label_bytes(std::uint32_t series) const = 0;
  virtual LabelSetRef label_set(std::uint32_t series) const = 0;
  virtual const SeriesStats& stats(std::uint32_t series) const = 0;
  virtual bool in_memory() const = 0;
  // Of Signal::kMetrics. REQUIRES: the source outlives the cursor.
  virtual std::unique_ptr<SampleCursor> sample_cursor() const { return read_samples_of_rows(*this); }
};

}  // namespace trilobite::storage
