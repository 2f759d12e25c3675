#include "metrics/evaluator.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

#include "metrics/function_table.h"
#include "metrics/label_algebra.h"
#include "query/parallel_scan.h"

namespace trilobite::metrics {
namespace {

template <class T>
const T* as(const Expr& expr) {
  return std::get_if<T>(&expr.node);
}

// Functions whose value depends on the time of evaluation even when their arguments do not.
bool depends_on_time(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "time",   "timestamp", "predict_linear", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour",
      "minute", "month",     "year",           "start",        "end",         "step",        "range"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool is_vector_scalar(const Binary& binary) {
  return (binary.left->type == ValueType::kScalar) != (binary.right->type == ValueType::kScalar);
}

const Function& implementation(const Call& call) { return find_implementation(call.function->name); }

// What `stream` would hand over series by series as they are read; anything else is evaluated whole.
bool is_streamed(const Expr& expr) {
  if (as<VectorSelector>(expr)) return true;
  if (const Paren* paren = as<Paren>(expr)) return is_streamed(*paren->expr);
  if (as<Unary>(expr)) return true;
  if (const Binary* binary = as<Binary>(expr)) return is_vector_scalar(*binary);
  if (const Call* call = as<Call>(expr)) return implementation(*call).stream != nullptr;
  return false;
}

}  // namespace

const Expr& unwrapped(const Expr& expr) {
  const Paren* paren = as<Paren>(expr);
  return paren ? unwrapped(*paren->expr) : expr;
}

const std::string& string_of(const Expr& expr) {
  const StringLiteral* literal = as<StringLiteral>(unwrapped(expr));
  CHECK(literal != nullptr);
  return literal->value;
}

bool is_step_invariant(const Expr& expr) {
  if (const VectorSelector* selector = as<VectorSelector>(expr)) return selector->modifiers.at != Modifiers::At::kNone;
  if (const MatrixSelector* range = as<MatrixSelector>(expr)) return is_step_invariant(*range->selector);
  if (const Subquery* subquery = as<Subquery>(expr)) return subquery->modifiers.at != Modifiers::At::kNone;
  if (const Paren* paren = as<Paren>(expr)) return is_step_invariant(*paren->expr);
  if (const Unary* unary = as<Unary>(expr)) return is_step_invariant(*unary->expr);
  if (const Binary* binary = as<Binary>(expr)) {
    return is_step_invariant(*binary->left) && is_step_invariant(*binary->right);
  }
  if (const Aggregation* aggregation = as<Aggregation>(expr)) {
    return is_step_invariant(*aggregation->expr) &&
           (!aggregation->parameter || is_step_invariant(*aggregation->parameter));
  }
  if (const Call* call = as<Call>(expr)) {
    return !depends_on_time(call->function->name) &&
           std::all_of(call->arguments.begin(), call->arguments.end(),
                       [](const ExprPtr& argument) { return is_step_invariant(*argument); });
  }
  return true;  // literals
}

namespace {

// `counts`: whether the nearest function above that looks into histograms asks for counts and sums only.
void find_counted(const Expr& expr, bool counts, std::set<const VectorSelector*>& found) {
  if (const VectorSelector* selector = as<VectorSelector>(expr)) {
    if (counts) found.insert(selector);
  } else if (const MatrixSelector* range = as<MatrixSelector>(expr)) {
    find_counted(*range->selector, counts, found);
  } else if (const Subquery* subquery = as<Subquery>(expr)) {
    find_counted(*subquery->expr, false, found);
  } else if (const Paren* paren = as<Paren>(expr)) {
    find_counted(*paren->expr, counts, found);
  } else if (const Unary* unary = as<Unary>(expr)) {
    find_counted(*unary->expr, counts, found);
  } else if (const Binary* binary = as<Binary>(expr)) {
    find_counted(*binary->left, false, found);
    find_counted(*binary->right, false, found);
  } else if (const Aggregation* aggregation = as<Aggregation>(expr)) {
    find_counted(*aggregation->expr, counts, found);
    if (aggregation->parameter) find_counted(*aggregation->parameter, false, found);
  } else if (const Call* call = as<Call>(expr)) {
    const std::string_view name = call->function->name;
    const bool asks = name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg";
    const bool looks = name.starts_with("histogram_") && !asks;
    for (const ExprPtr& argument : call->arguments) find_counted(*argument, asks || (counts && !looks), found);
  }
}

}  // namespace

std::set<const VectorSelector*> selectors_counted(const Expr& expr) {
  std::set<const VectorSelector*> found;
  find_counted(expr, false, found);
  return found;
}

bool has_one_name(const Expr& expr) {
  if (const VectorSelector* selector = as<VectorSelector>(expr)) {
    return std::any_of(selector->matchers.begin(), selector->matchers.end(), [](const Matcher& matcher) {
      return matcher.name == kMetricName && matcher.op == MatchOp::kEqual && !matcher.value.empty();
    });
  }
  if (const MatrixSelector* range = as<MatrixSelector>(expr)) return has_one_name(*range->selector);
  if (const Subquery* subquery = as<Subquery>(expr)) return has_one_name(*subquery->expr);
  if (const Paren* paren = as<Paren>(expr)) return has_one_name(*paren->expr);
  if (const Unary* unary = as<Unary>(expr)) return has_one_name(*unary->expr);
  if (const Binary* binary = as<Binary>(expr)) {
    if (!is_vector_scalar(*binary)) return false;
    return has_one_name(binary->left->type == ValueType::kScalar ? *binary->right : *binary->left);
  }
  if (const Call* call = as<Call>(expr)) {
    if (implementation(*call).stream == nullptr) return false;
    const auto series = std::find_if(call->arguments.begin(), call->arguments.end(), [](const ExprPtr& argument) {
      return argument->type == ValueType::kVector || argument->type == ValueType::kMatrix;
    });
    return series != call->arguments.end() && has_one_name(**series);
  }
  return false;
}

std::size_t Evaluator::workers() const { return query::scan_workers(query_.context); }

LabelSet Evaluator::dropped(const LabelSet& labels) const { return names_stay() ? labels : without_name(labels); }

void Evaluator::drop_name(StepSeries& series) const {
  if (names_stay()) {
    series.drop_name = true;
  } else {
    series.labels = without_name(series.labels);
  }
}

Result<void> Evaluator::parallel(std::size_t count, const std::function<Result<void>(std::size_t, std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;  // guards failure
  std::optional<Error> failure;
  query_.context.pool().parallel(std::min(workers(), std::max<std::size_t>(count, 1)), [&](std::size_t worker) {
    while (!stop) {
      const std::size_t index = next++;
      if (index >= count) return;
      Result<void> done = query_.context.check();
      if (done.ok()) done = work(worker, index);
      if (done.ok()) continue;
      std::lock_guard lock(mutex);
      if (!failure) failure = std::move(done).error();
      stop = true;
    }
  });
  if (failure) return *failure;
  return {};
}

Result<StepVector> Evaluator::vector_of_one_step(const Expr& expr) {
  Evaluator one(query_, query::TimeGrid::instant(grid_.start));
  TRY(result, one.vector(expr));
  StepVector repeated;
  for (StepSeries& series : result.series) {
    repeat_steps(series, steps_);
    TRY_VOID(hold(repeated.held, query_.budget, series));
    repeated.series.push_back(std::move(series));
  }
  return repeated;
}

Result<StepVector> Evaluator::vector(const Expr& expr) {
  TRY_VOID(query_.context.check());
  if (steps_ > 1 && is_step_invariant(expr)) return vector_of_one_step(expr);
  if (const Paren* paren = as<Paren>(expr)) return vector(*paren->expr);
  if (const Aggregation* aggregation = as<Aggregation>(expr)) return evaluate_aggregation(*this, expr, *aggregation);
  if (const Binary* binary = as<Binary>(expr); binary && !is_vector_scalar(*binary)) {
    return is_set(binary->op) ? evaluate_set(*this, *binary) : evaluate_binary(*this, expr, *binary);
  }
  Joining joining = Joining::kWhereApart;
  if (const Call* call = as<Call>(expr)) {
    const Function& function = implementation(*call);
    if (function.vector) return function.vector(*this, expr, *call);
    const bool of_ranges = std::any_of(call->arguments.begin(), call->arguments.end(),
                                       [](const ExprPtr& argument) { return argument->type == ValueType::kMatrix; });
    joining = of_ranges && !names_stay() ? Joining::kNever : Joining::kWhereApart;
  }
  if (as<VectorSelector>(expr)) joining = Joining::kNoneEqual;  // the store has each label set once
  return collect_from([&](const SeriesSink& sink) { return stream(expr, sink); }, joining);
}

Result<StepVector> Evaluator::collect_from(const std::function<Result<void>(const SeriesSink&)>& produce,
                                           Joining joining) {
  std::vector<StepVector> parts(workers());
  keeps_ = true;
  const Result<void> produced = produce([&](std::size_t worker, StepSeries series) -> Result<void> {
    TRY_VOID(hold(parts[worker].held, query_.budget, series));
    parts[worker].series.push_back(std::move(series));
    return {};
  });
  keeps_ = false;
  TRY_VOID(produced);
  // In one order whichever worker was first: each part is sorted by itself, then they are merged.
  const auto before = [](const StepSeries& a, const StepSeries& b) { return a.labels < b.labels; };
  TRY_VOID(parallel(parts.size(), [&](std::size_t, std::size_t index) -> Result<void> {
    std::sort(parts[index].series.begin(), parts[index].series.end(), before);
    return {};
  }));
  StepVector all = std::move(parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto middle = static_cast<std::ptrdiff_t>(all.series.size());
    std::move(parts[i].series.begin(), parts[i].series.end(), std::back_inserter(all.series));
    std::inplace_merge(all.series.begin(), all.series.begin() + middle, all.series.end(), before);
    all.held.add(std::move(parts[i].held));
  }
  TRY_VOID(join_equal_labels(all, joining));
  return all;
}

Result<void> Evaluator::stream(const Expr& expr, const SeriesSink& sink) {
  const bool whole = (steps_ > 1 && is_step_invariant(expr)) || !is_streamed(expr);
  if (whole) {
    TRY(result, vector(expr));
    for (StepSeries& series : result.series) TRY_VOID(sink(0, std::move(series)));
    return {};
  }
  if (const VectorSelector* selector = as<VectorSelector>(expr)) {
    return stream_selector(*selector, expr.position, sink);
  }
  if (const Paren* paren = as<Paren>(expr)) return stream(*paren->expr, sink);
  if (const Unary* unary = as<Unary>(expr)) {
    if (!unary->negate) return stream(*unary->expr, sink);
    return stream_mapped(
        *unary->expr, true, [](StepSeries& series) { negate(series); }, sink);
  }
  if (const Binary* binary = as<Binary>(expr)) return stream_with_scalar(*this, expr, *binary, sink);
  const Call* call = as<Call>(expr);
  CHECK(call != nullptr);
  return implementation(*call).stream(*this, expr, *call, sink);
}

Result<void> Evaluator::stream_mapped(const Expr& expr, bool drops_name, const SeriesMap& map, const SeriesSink& sink) {
  const auto change = [&](StepSeries& series) {
    map(series);
    if (drops_name) drop_name(series);
  };
  if (!drops_name || names_stay() || has_one_name(expr)) {
    return stream(expr, [&](std::size_t worker, StepSeries series) {
      change(series);
      return sink(worker, std::move(series));
    });
  }
  TRY(all, vector(expr));
  TRY_VOID(parallel(all.series.size(), [&](std::size_t, std::size_t index) -> Result<void> {
    change(all.series[index]);
    return {};
  }));
  TRY_VOID(join_equal_labels(all));
  for (StepSeries& series : all.series) TRY_VOID(sink(0, std::move(series)));
  return {};
}

Result<ScalarColumn> Evaluator::scalar(const Expr& expr) {
  TRY_VOID(query_.context.check());
  if (steps_ > 1 && is_step_invariant(expr)) {
    Evaluator one(query_, query::TimeGrid::instant(grid_.start));
    return one.scalar(expr);
  }
  if (const NumberLiteral* number = as<NumberLiteral>(expr)) return ScalarColumn{{number->value}};
  if (const Paren* paren = as<Paren>(expr)) return scalar(*paren->expr);
  if (const Unary* unary = as<Unary>(expr)) {
    TRY(column, scalar(*unary->expr));
    if (unary->negate) {
      for (double& value : column.values) value = -value;
    }
    return column;
  }
  if (const Binary* binary = as<Binary>(expr)) {
    TRY(left, scalar(*binary->left));
    TRY(right, scalar(*binary->right));
    ScalarColumn result;
    result.values.resize(std::max(left.values.size(), right.values.size()));
    for (std::size_t i = 0; i < result.values.size(); ++i) {
      result.values[i] = binary_scalars(binary->op, left.at(i), right.at(i));
    }
    return result;
  }
  const Call* call = as<Call>(expr);
  CHECK(call != nullptr);
  const Function& function = implementation(*call);
  CHECK(function.scalar != nullptr);
  return function.scalar(*this, expr, *call);
}

}  // namespace trilobite::metrics
