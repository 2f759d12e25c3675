#include "storage/series_union.h"

#include <algorithm>

namespace trilobite::storage {

void SeriesUnion::add(const RowSource& source) {
  std::vector<LabelSetRef> merged;
  std::vector<std::uint32_t> own(source.series()), moved(sets_.size());
  merged.reserve(std::max<std::size_t>(sets_.size(), own.size()));
  std::uint32_t there = 0;
  for (std::size_t here = 0; here < sets_.size() || there < own.size();) {
    const int order = here == sets_.size()   ? 1
                      : there == own.size()  ? -1
                                             : sets_[here]->bytes().compare(source.label_bytes(there));
    const auto number = static_cast<std::uint32_t>(merged.size());
    merged.push_back(order <= 0 ? std::move(sets_[here]) : source.label_set(there));
    if (order <= 0) moved[here++] = number;
    if (order >= 0) own[there++] = number;
  }
  const bool any_new = merged.size() > sets_.size();
  sets_ = std::move(merged);
  for (std::size_t i = 0; any_new && i < maps_.size(); ++i) {
    for (std::uint32_t& number : maps_[i]) number = moved[number];
  }
  maps_.push_back(std::move(own));
}

}  // namespace trilobite::storage
