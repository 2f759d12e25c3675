#include "metrics/aggregate_rank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "metrics/aggregate_columns.h"
#include "metrics/annotation_texts.h"
#include "metrics/go_number.h"
#include "metrics/histogram_buckets.h"
#include "metrics/label_algebra.h"
#include "metrics/ratio_sampler.h"
#include "query/group_table.h"
#include "query/number_format.h"
#include "query/quantile.h"

namespace trilobite::metrics {
namespace {

using query::is_present;

struct Grouped {
  query::GroupTable table;
  std::vector<std::vector<std::uint32_t>> members;  // series by group
};

Grouped group_series(const StepVector& input, const Aggregation& aggregation) {
  const LabelChoice choice(aggregation.grouping, aggregation.without);
  Grouped out;
  std::string key;
  for (std::uint32_t i = 0; i < input.series.size(); ++i) {
    choice.keep(input.series[i].labels, key);
    const std::uint32_t group = out.table.find_or_add(key);
    if (group == out.members.size()) out.members.emplace_back();
    out.members[group].push_back(i);
  }
  return out;
}

// Checks the numbers that say how many series are kept.
Result<void> check_counts(const ScalarColumn& counts) {
  for (const double count : counts.values) {
    if (std::isnan(count)) return error(Code::kInternal, "Parameter value is NaN");
    constexpr auto kMax = static_cast<double>(std::numeric_limits<std::int64_t>::max());
    if (count >= kMax) return error(Code::kInternal, "Scalar value {} overflows int64", go_number(count));
    if (count <= -kMax) return error(Code::kInternal, "Scalar value {} underflows int64", go_number(count));
  }
  return {};
}

Result<void> check_ratios(const ScalarColumn& ratios, Annotations& annotations, Position position) {
  double least = 0, most = 0;
  for (const double ratio : ratios.values) {
    if (std::isnan(ratio)) return error(Code::kInternal, "Ratio value is NaN");
    least = std::min(least, ratio);
    most = std::max(most, ratio);
  }
  const auto warn = [&](double ratio, int capped) {
    annotations.warn(
        fmt::format("ratio value should be between -1 and 1, got {}, capping to {}", go_number(ratio), capped),
        position);
  };
  if (most > 1) warn(most, 1);
  if (least < -1) warn(least, -1);
  return {};
}

// Picks series of one group at one step.
class Picker {
 public:
  Picker(const StepVector& input, const Aggregation& aggregation, const ScalarColumn& parameter,
         Annotations& annotations, Position position)
      : input_(input), op_(aggregation.op), parameter_(parameter), annotations_(annotations), position_(position) {
    if (op_ != AggregateOp::kLimitRatio) return;
    for (const StepSeries& series : input.series) shares_.push_back(ratio_share(series.labels));
  }

  // The members taken, the best first.
  const std::vector<std::uint32_t>& pick(const std::vector<std::uint32_t>& members, std::size_t step) {
    picked_.clear();
    const double parameter = parameter_.at(step);
    if (op_ == AggregateOp::kLimitRatio) {
      for (const std::uint32_t i : members) {
        if (input_.series[i].has(step) && in_ratio(shares_[i], parameter)) picked_.push_back(i);
      }
      return picked_;
    }
    if (parameter < 1) return picked_;
    const auto count = static_cast<std::size_t>(std::min(parameter, static_cast<double>(members.size())));
    for (const std::uint32_t i : members) {
      if (op_ == AggregateOp::kLimitk) {
        if (picked_.size() < count && input_.series[i].has(step)) picked_.push_back(i);
      } else if (is_present(input_.series[i].values[step])) {
        picked_.push_back(i);
      } else if (input_.series[i].histogram(step)) {
        info_ignored_in_aggregation(annotations_, aggregate_name(op_), position_);
      }
    }
    if (op_ != AggregateOp::kLimitk) rank(count, step);
    return picked_;
  }

 private:
  static bool in_ratio(double share, double ratio) {
    ratio = std::clamp(ratio, -1.0, 1.0);
    return ratio >= 0 ? share < ratio : share >= 1 + ratio;
  }
  void rank(std::size_t count, std::size_t step) {
    const bool most = op_ == AggregateOp::kTopk;
    const auto value = [&](std::uint32_t i) { return input_.series[i].values[step]; };
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
      const double x = value(a), y = value(b);
      if (std::isnan(x) || std::isnan(y)) return std::isnan(x) == std::isnan(y) ? a < b : std::isnan(y);
      if (x != y) return most ? x > y : x < y;
      return a < b;
    };
    const std::size_t kept = std::min(count, picked_.size());
    std::partial_sort(picked_.begin(), picked_.begin() + static_cast<std::ptrdiff_t>(kept), picked_.end(), before);
    picked_.resize(kept);
  }

  const StepVector& input_;
  AggregateOp op_;
  const ScalarColumn& parameter_;
  Annotations& annotations_;
  Position position_;
  std::vector<double> shares_;  // limit_ratio: where each series stands in [0, 1)
  std::vector<std::uint32_t> picked_;
};

}  // namespace

Result<StepVector> select_series(Evaluator& evaluator, const Expr& expr, const Aggregation& aggregation) {
  TRY(parameter, evaluator.scalar(*aggregation.parameter));
  TRY(input, evaluator.vector(*aggregation.expr));
  if (aggregation.op == AggregateOp::kLimitRatio) {
    TRY_VOID(check_ratios(parameter, evaluator.annotations(), aggregation.parameter->position));
  } else {
    TRY_VOID(check_counts(parameter));
  }
  const Grouped groups = group_series(input, aggregation);
  Picker picker(input, aggregation, parameter, evaluator.annotations(), expr.position);
  StepVector out;
  out.held = std::move(input.held);
  const std::size_t steps = evaluator.steps();
  if (steps == 1) {
    for (const std::vector<std::uint32_t>& members : groups.members) {
      for (const std::uint32_t i : picker.pick(members, 0)) out.series.push_back(std::move(input.series[i]));
    }
    return out;
  }
  std::vector<bool> taken(input.series.size());
  for (std::size_t step = 0; step < steps; ++step) {
    TRY_VOID(evaluator.query().context.check());
    for (const std::vector<std::uint32_t>& members : groups.members) {
      for (const std::uint32_t i : picker.pick(members, step)) taken[i] = true;
      for (const std::uint32_t i : members) {
        if (!taken[i]) input.series[i].clear(step);
        taken[i] = false;
      }
    }
  }
  out.series = std::move(input.series);
  drop_empty(out);
  return out;
}

Result<StepVector> quantile_of_groups(Evaluator& evaluator, const Aggregation& aggregation) {
  TRY(parameter, evaluator.scalar(*aggregation.parameter));
  TRY(input, evaluator.vector(*aggregation.expr));
  for (const double quantile : parameter.values) {
    if (quantile >= 0 && quantile <= 1) continue;
    warn_quantile(evaluator.annotations(), quantile, aggregation.parameter->position);
  }
  const Grouped groups = group_series(input, aggregation);
  const std::size_t steps = evaluator.steps();
  StepVector out;
  std::vector<double> values;
  for (std::uint32_t group = 0; group < groups.members.size(); ++group) {
    TRY_VOID(evaluator.query().context.check());
    TRY(labels, LabelSet::from_bytes(std::string(groups.table.key(group))));
    StepSeries series = empty_series(std::move(labels), steps);
    for (std::size_t step = 0; step < steps; ++step) {
      values.clear();
      for (const std::uint32_t i : groups.members[group]) {
        if (is_present(input.series[i].values[step])) values.push_back(input.series[i].values[step]);
        if (input.series[i].histogram(step)) {
          info_ignored_in_aggregation(evaluator.annotations(), "quantile", aggregation.expr->position);
        }
      }
      if (!values.empty()) series.values[step] = query::quantile(parameter.at(step), values);
    }
    TRY_VOID(hold(out.held, evaluator.query().budget, series));
    out.series.push_back(std::move(series));
  }
  drop_empty(out);
  return out;
}

Result<StepVector> count_values(Evaluator& evaluator, const Aggregation& aggregation) {
  const std::string& label = string_of(*aggregation.parameter);
  if (!is_label_name(label)) return error(Code::kInternal, "invalid label name {}", quoted(label));
  TRY(input, evaluator.vector(*aggregation.expr));
  std::vector<std::string> names = aggregation.grouping;
  std::erase(names, label);
  if (aggregation.without) names.push_back(label);
  const LabelChoice beside(std::move(names), aggregation.without);  // what tells groups of one value apart
  const bool kept = !aggregation.without || (label != kMetricName && !std::ranges::count(aggregation.grouping, label));
  const std::size_t steps = evaluator.steps();
  query::GroupTable others, texts;                                // other labels; texts of values
  std::unordered_map<std::uint64_t, std::uint32_t> groups;        // by both numbers: place in `out`
  std::unordered_map<std::uint64_t, std::uint32_t> text_numbers;  // by bits of a float: a value is printed once
  StepVector out;
  std::string key;
  for (const StepSeries& series : input.series) {
    TRY_VOID(evaluator.query().context.check());
    beside.keep(series.labels, key);
    const std::uint64_t other = others.find_or_add(key);
    double last = query::kAbsent;  // a value often comes several times in a row
    std::uint32_t group = 0;
    for (std::size_t step = 0; step < steps; ++step) {
      if (!series.has(step)) continue;
      const HistogramRef* histogram = series.histogram(step);
      const double value = series.values[step];
      if (histogram || std::bit_cast<std::uint64_t>(value) != std::bit_cast<std::uint64_t>(last)) {
        std::uint64_t text = 0;
        if (histogram) {
          if (kept) text = texts.find_or_add(histogram_text(**histogram));
        } else if (kept) {
          const auto [number, added] = text_numbers.try_emplace(std::bit_cast<std::uint64_t>(value));
          if (added) number->second = texts.find_or_add(query::number_text(value));
          text = number->second;
        }
        const auto [found, added] = groups.try_emplace(other << 32 | text, out.series.size());
        if (added) {
          TRY(labels, LabelSet::from_bytes(std::string(others.key(static_cast<std::uint32_t>(other)))));
          LabelBuilder builder(labels);
          if (kept) builder.set(label, texts.key(static_cast<std::uint32_t>(text)));
          out.series.push_back(empty_series(builder.build(), steps));
          TRY_VOID(out.held.add(evaluator.query().budget, steps, out.series.back().bytes()));
        }
        group = found->second;
        last = value;
      }
      double& count = out.series[group].values[step];
      count = is_present(count) ? count + 1 : 1;
    }
  }
  return out;
}

}  // namespace trilobite::metrics
