// What operators do to labels: leave some out, keep some, set one. On canonical bytes, once per series.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "columnar/label_set.h"

namespace trilobite::metrics {

inline constexpr std::string_view kMetricName = "__name__";

// Without __name__, __type__ and __unit__.
LabelSet without_name(const LabelSet& labels);
LabelSet without_label(const LabelSet& labels, std::string_view name);

// Which labels count: by (a, b), on (a, b); or without (a, b), ignoring (a, b), which leave __name__ out as well
// (grouping and matching leave out __type__ and __unit__ only where told so).
class LabelChoice {
 public:
  LabelChoice(std::vector<std::string> names, bool without);
  // The canonical bytes of the label set that is left, in `out`.
  void keep(const LabelSet& labels, std::string& out) const;
  LabelSet kept(const LabelSet& labels) const;
  bool keeps(std::string_view name) const;

 private:
  std::vector<std::string> names_;  // sorted
  bool without_;
};

// Labels to be changed one by one.
class LabelBuilder {
 public:
  explicit LabelBuilder(const LabelSet& labels);
  std::string_view get(std::string_view name) const;        // "" when absent
  void set(std::string_view name, std::string_view value);  // an empty value removes
  void remove(std::string_view name) { set(name, {}); }
  LabelSet build() const { return LabelSet::from_pairs(pairs_); }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Not empty and UTF-8.
bool is_label_name(std::string_view name);

// The name of a metric as annotations show it: "" when it has none.
inline std::string_view metric_name(const LabelSet& labels) { return labels.get(kMetricName); }

}  // namespace trilobite::metrics
