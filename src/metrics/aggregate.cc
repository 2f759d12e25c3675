// Aggregations. Those that fold are fused with what reads the series: each worker has groups of its own.
#include "metrics/aggregate_columns.h"
#include "metrics/aggregate_rank.h"
#include "metrics/evaluator.h"
#include "metrics/label_algebra.h"
#include "query/group_table.h"

namespace trilobite::metrics {
namespace {

// The groups of one worker.
struct Groups {
  query::GroupTable table;
  std::vector<std::unique_ptr<GroupColumns>> columns;  // by the table's number
  std::vector<bool> drop_name;
  std::string key;
  Held held;
};

Result<StepVector> fold(Evaluator& evaluator, const Aggregation& aggregation) {
  const LabelChoice choice(aggregation.grouping, aggregation.without);
  const std::size_t steps = evaluator.steps();
  const Position position = aggregation.expr->position;
  Budget& budget = evaluator.query().budget;
  const auto add_group = [&](Groups& groups) -> Result<void> {
    groups.columns.push_back(make_group_columns(aggregation.op, steps, evaluator.annotations(), position));
    groups.drop_name.push_back(false);
    return groups.held.add(budget, steps, groups.columns.back()->bytes());
  };
  std::vector<Groups> parts(evaluator.workers());
  TRY_VOID(evaluator.stream(*aggregation.expr, [&](std::size_t worker, StepSeries series) -> Result<void> {
    Groups& groups = parts[worker];
    choice.keep(series.labels, groups.key);
    const std::uint32_t group = groups.table.find_or_add(groups.key);
    if (group == groups.columns.size()) TRY_VOID(add_group(groups));
    groups.columns[group]->add(series);
    if (series.drop_name) groups.drop_name[group] = true;
    return {};
  }));
  Groups& all = parts[0];
  for (std::size_t part = 1; part < parts.size(); ++part) {
    for (std::uint32_t i = 0; i < parts[part].columns.size(); ++i) {
      const std::uint32_t group = all.table.find_or_add(parts[part].table.key(i));
      if (group == all.columns.size()) {
        all.columns.push_back(std::move(parts[part].columns[i]));
        all.drop_name.push_back(false);
      } else {
        all.columns[group]->merge(*parts[part].columns[i]);
      }
      if (parts[part].drop_name[i]) all.drop_name[group] = true;
    }
  }
  StepVector out;
  for (std::uint32_t group = 0; group < all.columns.size(); ++group) {
    TRY(labels, LabelSet::from_bytes(std::string(all.table.key(group))));
    StepSeries series = all.columns[group]->finish(std::move(labels));
    series.drop_name = all.drop_name[group];
    TRY_VOID(hold(out.held, budget, series));
    out.series.push_back(std::move(series));
  }
  drop_empty(out);
  return out;
}

}  // namespace

Result<StepVector> evaluate_aggregation(Evaluator& evaluator, const Expr& expr, const Aggregation& aggregation) {
  switch (aggregation.op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return select_series(evaluator, expr, aggregation);
    case AggregateOp::kQuantile:
      return quantile_of_groups(evaluator, aggregation);
    case AggregateOp::kCountValues:
      return count_values(evaluator, aggregation);
    default:
      return fold(evaluator, aggregation);
  }
}

}  // namespace trilobite::metrics
