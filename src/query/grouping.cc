#include "query/grouping.h"

#include <algorithm>

namespace trilobite::query {

bool LabelGrouping::keeps(std::string_view name) const {
  return (std::find(labels.begin(), labels.end(), name) != labels.end()) != without;
}

LabelSet kept_labels(const LabelSet& labels, const LabelGrouping& grouping) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& [name, value] : labels) {
    if (grouping.keeps(name)) kept.emplace_back(name, value);
  }
  return LabelSet::from_pairs(std::move(kept));
}

}  // namespace trilobite::query
