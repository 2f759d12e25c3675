// Reading the samples of selectors with several workers; of selectors that a query has more than once, only once.
#include <algorithm>
#include <atomic>

#include "metrics/ast_children.h"
#include "metrics/evaluator.h"
#include "metrics/limits.h"

namespace trilobite::metrics {

Result<std::unique_ptr<SeriesScan>> Evaluator::open_scan(const VectorSelector& selector, TimeRange range) const {
  ScanRequest request;
  request.tenant = query_.context.tenant();
  request.signal = Signal::kMetrics;
  request.range = range;
  request.matchers = selector.matchers;
  request.cancel = query_.context.cancel();
  TRY(series, query_.context.store().scan_series(std::move(request)));
  if (keeps_) TRY_VOID(check_estimate(series->series()));
  return series;
}

Result<void> Evaluator::scan(const VectorSelector& selector, TimeRange range,
                             const std::function<Result<void>(std::size_t, SeriesSamples&)>& consume) {
  if (SharedScans::Shared* shared = query_.shared.find(selector, range)) {
    TRY(loaded, load_shared(*shared, selector));
    if (loaded) return scan_shared(*shared, range, consume);
    query_.shared.give_up(*shared);
  }
  TRY(series, open_scan(selector, range));
  return drain(*series, [&](std::size_t worker, SeriesSamples& samples) -> Result<void> {
    query_.budget.add_read(samples.times.size());
    return consume(worker, samples);
  });
}

Result<void> Evaluator::drain(SeriesScan& series,
                              const std::function<Result<void>(std::size_t, SeriesSamples&)>& consume) {
  const std::size_t parts = workers();
  std::vector<SeriesSamples> buffers(parts);
  // One index per worker: each goes on until there are no more series.
  const Result<void> done = parallel(parts, [&](std::size_t worker, std::size_t) -> Result<void> {
    SeriesSamples& samples = buffers[worker];
    for (;;) {
      TRY_VOID(query_.context.check());
      TRY(more, series.next(samples));
      if (!more) return {};
      TRY_VOID(consume(worker, samples));
    }
  });
  const ScanStats stats = series.stats();
  query_.context.add(stats);
  TRY_VOID(done);
  return query_.context.check_bytes(0);
}

// False: there is too much of it.
Result<bool> Evaluator::load_shared(SharedScans::Shared& shared, const VectorSelector& selector) {
  if (shared.loaded) return true;
  TRY(series, open_scan(selector, shared.range));
  constexpr std::size_t kSampleBytes = sizeof(TimeNs) + sizeof(double);
  const std::size_t memory_max = query_.options.memory_max;
  const std::size_t bytes_max = memory_max == 0 ? kSharedBytesMax : std::min(kSharedBytesMax, memory_max / 4);
  const std::uint64_t bytes = series->samples_max() * kSampleBytes + series->series() * sizeof(SeriesSamples);
  if (bytes > bytes_max) return false;
  std::atomic<std::size_t> kept_bytes = 0;
  std::vector<std::vector<SeriesSamples>> parts(workers());
  TRY_VOID(drain(*series, [&](std::size_t worker, SeriesSamples& samples) -> Result<void> {
    kept_bytes += samples.times.size() * kSampleBytes + samples.histograms.bytes.size() + sizeof(SeriesSamples);
    if (kept_bytes > bytes_max) return {};  // histograms are larger than was thought
    parts[worker].push_back(samples);
    return {};
  }));
  if (kept_bytes > bytes_max) return false;
  for (std::vector<SeriesSamples>& part : parts) {
    std::move(part.begin(), part.end(), std::back_inserter(shared.series));
  }
  shared.loaded = shared.held.add(query_.budget, 0, kept_bytes).ok();
  return shared.loaded;
}

Result<void> Evaluator::scan_shared(SharedScans::Shared& shared, TimeRange range,
                                    const std::function<Result<void>(std::size_t, SeriesSamples&)>& consume) {
  if (keeps_) TRY_VOID(check_estimate(shared.series.size()));
  std::vector<SeriesSamples> buffers(workers());
  constexpr std::size_t kSeriesPerPart = 64;
  const std::size_t count = shared.series.size();
  TRY_VOID(parallel(
      (count + kSeriesPerPart - 1) / kSeriesPerPart, [&](std::size_t worker, std::size_t part) -> Result<void> {
        SeriesSamples& samples = buffers[worker];
        for (std::size_t i = part * kSeriesPerPart; i < std::min(count, (part + 1) * kSeriesPerPart); ++i) {
          if (!cut_samples(shared.series[i], range, samples)) continue;
          query_.budget.add_read(samples.times.size());
          TRY_VOID(consume(worker, samples));
        }
        return {};
      }));
  query_.shared.used(shared);
  return {};
}

void Evaluator::plan_scans(const Expr& expr, SharedScans& shared) {
  if (steps_ > 1 && is_step_invariant(expr)) {
    Evaluator(query_, query::TimeGrid::instant(grid_.start)).plan_scans(expr, shared);
    return;
  }
  // What cannot be worked out here is an error when the node is evaluated.
  if (const auto* selector = std::get_if<VectorSelector>(&expr.node)) {
    if (const Result<TimeRange> range = lookback_range(*selector); range.ok()) shared.plan(*selector, *range);
    return;
  }
  const auto* matrix = std::get_if<MatrixSelector>(&expr.node);
  const auto* subquery = std::get_if<Subquery>(&expr.node);
  if (matrix || subquery) {
    const Result<RangeWindows> windows = windows_of(expr);
    if (!windows.ok()) return;
    if (matrix) {
      const Result<TimeRange> range = matrix_range(*matrix, *windows);
      if (range.ok()) shared.plan(std::get<VectorSelector>(unwrapped(*matrix->selector).node), *range);
    } else if (const Result<query::TimeGrid> grid = subquery_grid(*subquery, *windows); grid.ok()) {
      if (grid->start <= grid->end) Evaluator(query_, *grid).plan_scans(*subquery->expr, shared);
    }
    return;
  }
  for (const Expr* child : children_of(expr)) plan_scans(*child, shared);
}

}  // namespace trilobite::metrics
