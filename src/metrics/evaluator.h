// Walks the tree of a query once. Every node is evaluated for the whole grid: series come as columns of steps, from the
// scans of selectors upwards; what works on one series at a time is done in the worker that read the series.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "metrics/annotations.h"
#include "metrics/ast.h"
#include "metrics/promql.h"
#include "metrics/query_budget.h"
#include "metrics/shared_scans.h"
#include "metrics/step_values.h"
#include "query/context.h"

namespace trilobite::metrics {

// What all nodes of one query share.
struct Evaluation {
  query::QueryContext& context;
  const PromqlOptions& options;
  Annotations& annotations;
  Budget& budget;
  query::TimeGrid grid;                     // of the query: start(), end(), step(); subqueries have grids of their own
  std::set<const VectorSelector*> counted;  // see selectors_counted()
  SharedScans shared;
};

// Takes one series; called by several workers at once, each with its own number below Evaluator::workers().
using SeriesSink = std::function<Result<void>(std::size_t worker, StepSeries series)>;
// Changes one series in place; any thread. Steps it clears are gone; a series without steps is dropped.
using SeriesMap = std::function<void(StepSeries& series)>;

// The samples of one series, for functions of ranges: without stale markers, floats and histograms apart.
struct RangeSeries {
  const LabelSet* labels = nullptr;
  bool drop_name = false;  // as StepSeries has it: of a subquery
  std::vector<TimeNs> times;
  std::vector<double> values;
  std::vector<TimeNs> histogram_times;
  std::vector<HistogramRef> histograms;
  // Since when they count, 0: not known. Empty where none of the series is known.
  std::vector<TimeNs> starts, histogram_starts;
  bool has_starts() const { return !starts.empty() || !histogram_starts.empty(); }
};
// What histograms of a selector say about resets: what was stored, or, where that says nothing, what comparing each
// with the one before it gives.
enum class Hints : std::uint8_t { kStored, kCompared };
Result<RangeSeries> split_samples(SeriesSamples& samples, Hints hints);  // takes the buffers of `samples`
using RangeSink = std::function<Result<void>(std::size_t worker, const RangeSeries& series)>;

// The windows of a range at each step: (end - range, end], the ends `step` apart.
struct RangeWindows {
  TimeNs end = 0;   // of the first one
  TimeNs step = 0;  // 0: all the same
  TimeNs range = 0;
  std::size_t count = 0;
  TimeNs end_of(std::size_t index) const { return end + static_cast<TimeNs>(index) * step; }
  TimeNs last_end() const { return end_of(count - 1); }
};

class Evaluator {
 public:
  Evaluator(Evaluation& query, const query::TimeGrid& grid) : query_(query), grid_(grid), steps_(grid.steps()) {}

  Result<StepVector> vector(const Expr& expr);
  Result<ScalarColumn> scalar(const Expr& expr);
  // The same series as vector(), but handed over as they come and not kept. Series with equal labels may come, each
  // with different steps; a name that was dropped never made two series equal where it must not.
  Result<void> stream(const Expr& expr, const SeriesSink& sink);

  // stream() of `expr` through `map`; with `drops_name` the metric name goes as well.
  Result<void> stream_mapped(const Expr& expr, bool drops_name, const SeriesMap& map, const SeriesSink& sink);
  // What `produce` hands over to the sink it is given, kept; sorted, equal labels joined.
  Result<StepVector> collect_from(const std::function<Result<void>(const SeriesSink& sink)>& produce, Joining joining);

  // When the samples were taken that an instant selector finds, or since when they count, in seconds.
  enum class TimeOf : std::uint8_t { kSample, kStart };
  Result<void> stream_sample_times(const VectorSelector& selector, TimeOf what, const SeriesSink& sink);

  // The argument of a function of ranges: a range selector or a subquery.
  Result<RangeWindows> windows_of(const Expr& range);
  Result<void> for_each_range(const Expr& range, const RangeSink& sink);

  // Tells `shared` what the selectors under `expr` are going to read.
  void plan_scans(const Expr& expr, SharedScans& shared);

  // Samples of a selector, whole series, in [range.start, range.end), to several workers.
  Result<void> scan(const VectorSelector& selector, TimeRange range,
                    const std::function<Result<void>(std::size_t worker, SeriesSamples& samples)>& consume);

  // The name goes now, or is marked to go at the end of the query.
  void drop_name(StepSeries& series) const;
  LabelSet dropped(const LabelSet& labels) const;
  bool names_stay() const { return query_.options.delayed_name_removal; }

  // When the values of step 0 were sampled: `@` and offset applied. Later steps are `*step` later each.
  Result<TimeNs> first_time(const Modifiers& modifiers, TimeNs* step) const;

  const query::TimeGrid& grid() const { return grid_; }
  std::size_t steps() const { return steps_; }
  std::size_t workers() const;
  bool range_query() const { return query_.grid.steps() > 1; }
  Evaluation& query() const { return query_; }
  Annotations& annotations() const { return query_.annotations; }

  // Runs work(worker, index) for index below `count` on the workers; stops at the first error or when the query is
  // over.
  Result<void> parallel(std::size_t count,
                        const std::function<Result<void>(std::size_t worker, std::size_t index)>& work);

 private:
  Result<StepVector> vector_of_one_step(const Expr& expr);
  Hints hints_of(const VectorSelector& selector) const;
  Result<RangeWindows> lookback_windows(const VectorSelector& selector) const;
  Result<TimeRange> lookback_range(const VectorSelector& selector) const;
  Result<TimeRange> matrix_range(const MatrixSelector& matrix, const RangeWindows& windows) const;
  Result<query::TimeGrid> subquery_grid(const Subquery& subquery, const RangeWindows& windows) const;
  Result<void> scan_shared(SharedScans::Shared& shared, TimeRange range,
                           const std::function<Result<void>(std::size_t worker, SeriesSamples& samples)>& consume);
  Result<bool> load_shared(SharedScans::Shared& shared, const VectorSelector& selector);
  Result<std::unique_ptr<SeriesScan>> open_scan(const VectorSelector& selector, TimeRange range) const;
  // Hands over all series of a scan, to several workers.
  Result<void> drain(SeriesScan& series,
                     const std::function<Result<void>(std::size_t worker, SeriesSamples& samples)>& consume);
  Result<void> stream_selector(const VectorSelector& selector, Position position, const SeriesSink& sink);

  // An error if what the series of a scan come to, all of them kept, is more than the query may hold.
  Result<void> check_estimate(std::size_t series) const;

  Evaluation& query_;
  query::TimeGrid grid_;
  std::size_t steps_;
  bool keeps_ = false;  // series handed to a sink are kept, see collect_from
};

// Where nodes are evaluated: one file each.
Result<StepVector> evaluate_aggregation(Evaluator& evaluator, const Expr& expr, const Aggregation& aggregation);
Result<StepVector> evaluate_binary(Evaluator& evaluator, const Expr& expr, const Binary& binary);  // vector and vector
Result<StepVector> evaluate_set(Evaluator& evaluator, const Binary& binary);
Result<void> stream_with_scalar(Evaluator& evaluator, const Expr& expr, const Binary& binary, const SeriesSink& sink);
double binary_scalars(BinaryOp op, double left, double right);

// Selectors of whose histograms only counts and sums are asked for. Prometheus reads them without buckets, and finds
// resets while it reads: visible in annotations about conflicting resets.
std::set<const VectorSelector*> selectors_counted(const Expr& expr);

// Nothing under `expr` depends on the step.
bool is_step_invariant(const Expr& expr);
// All series under `expr` have one name, so that dropping it cannot make two of them equal.
bool has_one_name(const Expr& expr);
// Without parentheses around it.
const Expr& unwrapped(const Expr& expr);
const std::string& string_of(const Expr& expr);  // REQUIRES: a string literal, perhaps in parentheses

inline double seconds_of(TimeNs time) {
  return time % 1'000'000 == 0 ? static_cast<double>(time / 1'000'000) / 1000.0 : static_cast<double>(time) / 1e9;
}

}  // namespace trilobite::metrics
