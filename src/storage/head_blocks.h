// All rows of a frozen head table as blocks for a part: sorted once as references, each line copied once.
#pragma once

#include <memory>
#include <vector>

#include "storage/block_stream.h"
#include "storage/head.h"

namespace trilobite::storage {

class HeadBlocks final : public BlockStream {
 public:
  // Nobody appends to the table any more.
  explicit HeadBlocks(std::shared_ptr<const HeadRows> table);

  // Sorted; a block's series numbers are indexes into it.
  const std::vector<LabelSetRef>& sets() const { return sets_; }
  Result<std::optional<Block>> next() override;

 private:
  struct Place {
    std::uint32_t chunk = 0, row = 0;
  };
  const HeadChunk& chunk_of(Place place) const { return *view_.chunks[place.chunk].chunk; }
  TimeNs time_of(Place place) const { return chunk_of(place).time(place.row); }
  void sort_rows(const std::vector<std::uint32_t>& rank_of);
  std::size_t end_of_block() const;
  Column gather(std::size_t column, ColumnKind kind, std::span<const Place> rows) const;
  Column gather_text(std::size_t column, std::span<const Place> rows) const;
  Column gather_coded(std::size_t column, std::span<const Place> rows) const;

  std::shared_ptr<const HeadRows> table_;
  HeadRows::View view_;
  std::vector<LabelSetRef> sets_;
  std::vector<Place> rows_;             // by (series, time, arrival)
  std::vector<std::uint32_t> starts_;   // in rows_, of each series; one more at the end
  std::size_t next_ = 0;                // row
};

}  // namespace trilobite::storage
