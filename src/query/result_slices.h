// A grid cut into slices that a ResultCache may have, and the gaps between them that have to be read. What a query of
// any language keeps and finds; putting the pieces together is the language's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/context.h"
#include "query/result_cache.h"
#include "query/time_grid.h"

namespace trilobite::query {

// Steps begin .. end - 1 of the grid.
struct ResultPiece {
  std::size_t begin = 0, end = 0;
  std::shared_ptr<const ResultSlice> found;  // null: has to be read
};

class ResultSlices {
 public:
  static constexpr std::size_t kSteps = 32;  // of a slice

  ResultSlices(QueryContext& context, const TimeGrid& grid, ResultCache& cache)
      : context_(context), grid_(grid), cache_(cache) {}

  // Grids whose steps are multiples of the step, of more than one: those that come again.
  static bool fits(const TimeGrid& grid) { return grid.steps() >= 2 && grid.start % grid.step == 0; }

  // Looks up the whole slices of the grid. `prefix` is all that an answer depends on besides time and rows; `rows_of`
  // gives the times of the rows that the steps from `first` to `last` need. False when the store cannot say whether
  // rows changed. REQUIRES: fits(grid).
  bool find(Signal signal, const std::string& prefix,
            const std::function<TimeRange(TimeNs first, TimeNs last)>& rows_of);
  bool empty() const { return slices_.empty(); }

  // Known slices, and the gaps between them, in order; one gap where reading several would cost more.
  std::vector<ResultPiece> cut();

  // Keeps the slices that lie in a piece which was read, unless they are still to come; `part_of` copies one out.
  void keep(const ResultPiece& read, const std::function<ResultSlice(const ResultPiece& slice)>& part_of);

  const CacheStatistics& statistics() const { return statistics_; }

 private:
  struct Slice {
    ResultPiece piece;
    std::string key;
    std::uint64_t version = 0;
  };

  QueryContext& context_;
  const TimeGrid grid_;
  ResultCache& cache_;
  CacheStatistics statistics_;
  std::vector<Slice> slices_;
};

}  // namespace trilobite::query
