// Which labels of a series take part: by (a, b) or without (a, b).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "columnar/label_set.h"

namespace trilobite::query {

struct LabelGrouping {
  bool without = false;
  std::vector<std::string> labels;  // in any order, may repeat

  bool keeps(std::string_view name) const;
};

LabelSet kept_labels(const LabelSet& labels, const LabelGrouping& grouping);

}  // namespace trilobite::query
