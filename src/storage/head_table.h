// The rows of one tenant, signal and window that are not in parts yet. One thread appends, any number read.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/hash.h"
#include "storage/block_stream.h"
#include "storage/head_index.h"
#include "storage/label_matcher.h"
#include "storage/row_source.h"
#include "storage/series_place.h"

namespace trilobite::storage {

class HeadTable {
 public:
  virtual ~HeadTable() = default;

  // Those rows of the batch. `keys` are of the batch's label sets.
  struct Stored {
    std::size_t rows = 0, bytes = 0, series = 0;
    std::size_t bytes_of_series = 0;  // of `bytes`: what new series cost before they have rows
  };
  virtual Stored append(const Batch& batch, std::span<const std::uint32_t> rows,
                        SeriesKeys keys) = 0;

  virtual const HeadIndex& index() const = 0;
  virtual std::vector<SeriesStats> stats() const = 0;  // by series number
  virtual std::uint64_t rows() const = 0;

  // What the table holds now of series that match and have rows in the range; null when there are none.
  virtual std::shared_ptr<const RowSource> source(const std::vector<LabelMatcher>& matchers, TimeRange range) const = 0;
  // Everything, for a part. REQUIRES: nobody appends any more.
  virtual PartInput sorted_rows() const = 0;
};

}  // namespace trilobite::storage
