#include "logs/log_query.h"

#include <algorithm>
#include <numeric>

#include "logs/best_rows.h"
#include "query/parallel_scan.h"

namespace trilobite::logql {
namespace {

// One thread's part of the scan.
class LogWorker {
 public:
  LogWorker(const Pipeline& pipeline, Scan& scan, Direction direction, BestRows& best)
      : worker_(pipeline, scan.applied()), scan_(scan), forward_(direction == Direction::kForward), best_(best) {}

  // Rows are taken best time first, straight from a heap of row numbers: most blocks are left after a few rows.
  void consume(const Batch& batch) {
    collect_rows(batch);
    const auto later = [&](std::uint32_t a, std::uint32_t b) {
      return forward_ ? batch.times[a] > batch.times[b] : batch.times[a] < batch.times[b];
    };
    std::make_heap(rows_.begin(), rows_.end(), later);
    const Column* lines = batch.find(kLineColumn);
    const Column* metadata = batch.find(kMetadataColumn);
    const LabelSet* stream = nullptr;
    while (!rows_.empty()) {
      std::pop_heap(rows_.begin(), rows_.end(), later);
      const std::uint32_t row = rows_.back();
      rows_.pop_back();
      if (!best_.may_enter(batch.times[row])) break;
      const LabelSetRef& labels = batch.label_sets[batch.label_set_of_row[row]];
      if (labels.get() != stream) {
        stream = labels.get();
        worker_.begin_stream(*stream);
      }
      const std::string_view line = lines == nullptr ? std::string_view() : lines->text(row);
      const std::string_view extra = metadata == nullptr ? std::string_view() : metadata->text(row);
      if (!worker_.process(batch.times[row], line, extra)) continue;
      ++rows_passed_;
      best_.add(keep(batch.times[row], labels));
    }
    if (best_.full()) scan_.tighten(best_.scan_bound());
  }

  std::uint64_t rows_passed() const { return rows_passed_; }

 private:
  void collect_rows(const Batch& batch) {
    rows_.clear();
    for (std::uint32_t row = 0; row < batch.rows(); ++row) {
      if (best_.may_enter(batch.times[row])) rows_.push_back(row);
    }
  }

  LogRow keep(TimeNs time, const LabelSetRef& stream) {
    LogRow row{time, stream, std::string(worker_.line()), {}};
    const auto labels = worker_.labels();
    row.labels.reserve(labels.size());
    for (const RowLabel& label : labels) {
      row.labels.push_back({std::string(label.name), std::string(label.value), label.category});
    }
    return row;
  }

  PipelineWorker worker_;
  Scan& scan_;
  const bool forward_;
  BestRows& best_;
  std::vector<std::uint32_t> rows_;
  std::uint64_t rows_passed_ = 0;
};

Result<std::vector<LogRow>> best_rows(query::QueryContext& context, const LogExpr& log, const Pipeline& pipeline,
                                      const LogQuery& request) {
  ScanRequest scan_request;
  scan_request.tenant = context.tenant();
  scan_request.range = request.range;
  scan_request.matchers = log.matchers;
  scan_request.predicates = pipeline.predicates();
  scan_request.columns = {std::string(kLineColumn), std::string(kMetadataColumn)};
  scan_request.direction = request.direction;
  scan_request.cancel = context.cancel();
  TRY(scan, context.store().scan(std::move(scan_request)));

  BestRows best(request.direction, request.limit);
  std::vector<LogWorker> workers;
  for (std::size_t i = 0; i < query::scan_workers(context); ++i) {
    workers.emplace_back(pipeline, *scan, request.direction, best);
  }
  TRY_VOID(query::scan_parallel(context, *scan, workers.size(), [&](std::size_t i, const Batch& batch) -> Result<bool> {
    workers[i].consume(batch);
    return true;
  }));
  for (const LogWorker& worker : workers) context.add_rows_passed(worker.rows_passed());
  return best.take();
}

// Lines at least `interval` apart, counted from the first: pages are read until enough of them are found.
Result<std::vector<LogRow>> thinned_rows(query::QueryContext& context, const LogExpr& log, const Pipeline& pipeline,
                                         LogQuery request) {
  const bool forward = request.direction == Direction::kForward;
  const std::size_t wanted = request.limit;
  request.limit = std::max<std::size_t>(wanted, context.limits().entries_max);
  std::vector<LogRow> kept;
  while (kept.size() < wanted && request.range.start < request.range.end) {
    TRY(page, best_rows(context, log, pipeline, request));
    const bool last_page = page.size() < request.limit;
    for (LogRow& row : page) {
      const bool far =
          kept.empty() || (forward ? row.time - kept.back().time : kept.back().time - row.time) >= request.interval;
      if (far && kept.size() < wanted) kept.push_back(std::move(row));
    }
    if (last_page || kept.empty()) break;
    if (forward) {
      request.range.start = kept.back().time + request.interval;
    } else {
      request.range.end = kept.back().time - request.interval + 1;
    }
  }
  return kept;
}

}  // namespace

Result<std::vector<LogRow>> run_log_query(query::QueryContext& context, const LogExpr& log, const LogQuery& request) {
  TRY(pipeline, Pipeline::compile(log, {.now = context.clock().now()}));
  if (request.limit == 0 || request.range.start >= request.range.end) return std::vector<LogRow>();
  return request.interval > 0 ? thinned_rows(context, log, pipeline, request)
                              : best_rows(context, log, pipeline, request);
}

}  // namespace trilobite::logql
