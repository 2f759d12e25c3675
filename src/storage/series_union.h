// The label sets of several sources in one order, and where the series of each went. Sources come one after the other,
// so that of each only the numbers have to stay.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/row_source.h"

namespace trilobite::storage {

class SeriesUnion {
 public:
  void add(const RowSource& source);

  std::vector<LabelSetRef> take_sets() { return std::move(sets_); }  // sorted
  // Of source i, in the order of add(): number there -> number in the union.
  std::vector<std::uint32_t> take_map(std::size_t source) { return std::move(maps_[source]); }

 private:
  std::vector<LabelSetRef> sets_;
  std::vector<std::vector<std::uint32_t>> maps_;
};

}  // namespace trilobite::storage
