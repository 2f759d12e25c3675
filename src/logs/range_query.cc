#include "logs/range_query.h"

#include <algorithm>
#include <map>

#include "logs/pipeline.h"
#include "logs/range_worker.h"
#include "logs/rate_counter.h"
#include "query/parallel_scan.h"

namespace trilobite::logql {
namespace {

using Op = query::RangeFunction::Op;

query::RangeFunction function_of(const RangeAggregation& range) {
  switch (range.op) {
    case RangeOp::kCount:
    case RangeOp::kAbsent:
      return {Op::kCount};
    case RangeOp::kRate:
      return {range.unwrap ? Op::kSum : Op::kCount};
    case RangeOp::kBytes:
    case RangeOp::kBytesRate:
    case RangeOp::kSum:
      return {Op::kSum};
    case RangeOp::kRateCounter:
      return {Op::kKernel, 0, rate_counter};
    case RangeOp::kAvg:
      return {Op::kAverage};
    case RangeOp::kMin:
      return {Op::kMin};
    case RangeOp::kMax:
      return {Op::kMax};
    case RangeOp::kStddev:
      return {Op::kStddev};
    case RangeOp::kStdvar:
      return {Op::kStdvar};
    case RangeOp::kQuantile:
      return {Op::kQuantile, range.parameter};
    case RangeOp::kFirst:
      return {Op::kFirst};
    case RangeOp::kLast:
      return {Op::kLast};
  }
  CHECK(false);
  return {};
}

bool is_per_second(RangeOp op) { return op == RangeOp::kRate || op == RangeOp::kBytesRate; }

// Filters by plain text (which a store can apply) and stages that look at labels only.
bool follows_from_labels(const RangeAggregation& range) {
  if (range.unwrap) return false;
  return std::all_of(range.log.stages.begin(), range.log.stages.end(), [](const Stage& stage) {
    if (const auto* filter = std::get_if<LineFilter>(&stage)) {
      const bool plain = filter->op == LineFilter::Op::kContains || filter->op == LineFilter::Op::kNotContains;
      return plain && std::none_of(filter->operands.begin(), filter->operands.end(),
                                   [](const auto& operand) { return operand.ip; });
    }
    return std::holds_alternative<LabelFilter>(stage) || std::holds_alternative<DropStage>(stage) ||
           std::holds_alternative<KeepStage>(stage);
  });
}

// The line column is left out where the store can settle all that is asked of it.
Result<std::unique_ptr<Scan>> open_scan(query::QueryContext& context, const RangeAggregation& range,
                                        const Pipeline& pipeline, const query::Windows& windows) {
  ScanRequest request;
  request.tenant = context.tenant();
  request.range = windows.scan_range();
  request.matchers = range.log.matchers;
  request.predicates = pipeline.predicates();
  request.cancel = context.cancel();
  if (pipeline.needs_metadata()) request.columns.emplace_back(kMetadataColumn);
  const bool line_free = follows_from_labels(range) && pipeline.sample_kind() == SampleKind::kOne;
  if (!line_free && pipeline.needs_line()) request.columns.emplace_back(kLineColumn);
  TRY(scan, context.store().scan(request));
  const std::vector<bool>& applied = scan->applied();
  if (!line_free || std::find(applied.begin(), applied.end(), false) == applied.end()) return scan;
  request.columns.emplace_back(kLineColumn);
  return context.store().scan(std::move(request));
}

// Scans with all workers; the first worker has everything in the end.
Result<std::vector<RangeWorker>> scan_windows(query::QueryContext& context, const RangeAggregation& range,
                                              const RangePlan& plan) {
  TRY(scan, open_scan(context, range, plan.pipeline, plan.windows));
  std::vector<RangeWorker> workers;
  for (std::size_t i = 0; i < query::scan_workers(context); ++i) workers.emplace_back(plan, scan->applied());
  TRY_VOID(query::scan_blocks(context, *scan, workers.size(), [&](std::size_t i, ScanBlock& block) -> Result<bool> {
    TRY_VOID(workers[i].consume(block));
    return true;
  }));
  for (std::size_t i = 1; i < workers.size(); ++i) workers[0].merge(workers[i]);
  context.add_rows_passed(workers[0].rows_passed());
  return workers;
}

Result<query::Matrix> finish(query::QueryContext& context, RangeWorker& worker, const RangeAggregation& range,
                             const query::TimeGrid& grid) {
  const double seconds = static_cast<double>(range.range_ns) / 1e9;
  query::Matrix matrix{grid, std::vector<query::Series>(worker.groups().size()), false};
  for (std::uint32_t group = 0; group < matrix.series.size(); ++group) {
    TRY(labels, LabelSet::from_bytes(std::string(worker.groups().key(group))));
    matrix.series[group].labels = std::move(labels);
  }
  const auto finish_group = [&](std::size_t group) {
    std::vector<double>& values = matrix.series[group].values;
    values = worker.accumulator().finish(static_cast<std::uint32_t>(group));
    if (!is_per_second(range.op)) return;
    for (double& value : values) {
      if (query::is_present(value)) value /= seconds;
    }
  };
  constexpr std::size_t kGroupsAtOnce = 256;
  const std::size_t groups = matrix.series.size();
  context.pool().parallel((groups + kGroupsAtOnce - 1) / kGroupsAtOnce, [&](std::size_t piece) {
    const std::size_t end = std::min(groups, (piece + 1) * kGroupsAtOnce);
    for (std::size_t group = piece * kGroupsAtOnce; group < end; ++group) finish_group(group);
  });
  query::drop_empty(matrix);
  return matrix;
}

// The labels that a selector fixes by equality; a label with two conditions is not fixed.
LabelSet absent_labels(const std::vector<Matcher>& matchers) {
  std::map<std::string, int> seen;
  for (const Matcher& matcher : matchers) ++seen[matcher.name];
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Matcher& matcher : matchers) {
    if (matcher.op == MatchOp::kEqual && seen[matcher.name] == 1) pairs.emplace_back(matcher.name, matcher.value);
  }
  return LabelSet::from_pairs(std::move(pairs));
}

// 1 at the steps where no group has a sample.
query::Matrix absent_from(const query::Matrix& counts, const RangeAggregation& range) {
  query::Series series{absent_labels(range.log.matchers), std::vector<double>(counts.grid.steps(), 1)};
  for (const query::Series& count : counts.series) {
    for (std::size_t step = 0; step < count.values.size(); ++step) {
      if (query::is_present(count.values[step])) series.values[step] = query::kAbsent;
    }
  }
  query::Matrix matrix{counts.grid, {std::move(series)}, false};
  query::drop_empty(matrix);
  return matrix;
}

}  // namespace

Result<query::Matrix> run_range_query(query::QueryContext& context, const RangeAggregation& range,
                                      const VectorAggregation* outer, const query::TimeGrid& grid) {
  std::optional<Grouping> grouping = sample_grouping(range, outer);
  TRY(pipeline, Pipeline::compile(range, grouping, {.now = context.clock().now()}));
  const query::Windows windows(grid, range.range_ns, range.offset_ns);
  std::atomic<std::size_t> bytes{0};
  const query::RunningQuery running(context.running(), bytes);
  const RangePlan plan{pipeline, windows, function_of(range), follows_from_labels(range),
                       context.limits().memory_max / query::scan_workers(context), bytes};
  TRY(workers, scan_windows(context, range, plan));
  TRY(matrix, finish(context, workers[0], range, grid));
  // Where the groups are those of `outer`, it adds nothing up, and sorts once it has chosen.
  const bool grouped_by_outer = outer != nullptr && !range.grouping && grouping && !grouping->without;
  if (!grouped_by_outer) query::sort_by_labels(matrix);
  return range.op == RangeOp::kAbsent ? absent_from(matrix, range) : std::move(matrix);
}

}  // namespace trilobite::logql
