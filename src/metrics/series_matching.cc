#include "metrics/series_matching.h"

#include "query/group_table.h"

namespace trilobite::metrics {

std::vector<MatchGroup> match_series(const StepVector& left, const StepVector& right, const VectorMatching& matching) {
  const LabelChoice compared(matching.labels, !matching.on);
  query::GroupTable table;
  std::vector<MatchGroup> groups;
  std::string key;
  const auto add = [&](const StepVector& side, std::vector<std::uint32_t> MatchGroup::*members) {
    for (std::uint32_t i = 0; i < side.series.size(); ++i) {
      compared.keep(side.series[i].labels, key);
      const std::uint32_t group = table.find_or_add(key);
      if (group == groups.size()) {
        groups.emplace_back();
        groups.back().labels = compared.kept(side.series[i].labels);
      }
      (groups[group].*members).push_back(i);
    }
  };
  add(left, &MatchGroup::left);
  add(right, &MatchGroup::right);
  return groups;
}

std::vector<bool> present_steps(const StepVector& side, const std::vector<std::uint32_t>& members, std::size_t steps) {
  std::vector<bool> any(steps, false);
  for (const std::uint32_t i : members) {
    for (std::size_t step = 0; step < steps; ++step) {
      if (!any[step] && side.series[i].has(step)) any[step] = true;
    }
  }
  return any;
}

}  // namespace trilobite::metrics
