#include "logs/log_query.h"

#include <algorithm>

#include "logs/log_worker.h"
#include "query/parallel_scan.h"

namespace trilobite::logql {
namespace {

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

  BestRows best(RowOrder(request.direction, log.sort), request.limit, log.distinct);
  std::vector<LogWorker> workers;
  for (std::size_t i = 0; i < query::scan_workers(context); ++i) {
    workers.emplace_back(pipeline, *scan, request.direction, best);
  }
  TRY_VOID(query::scan_blocks(context, *scan, workers.size(), [&](std::size_t i, ScanBlock& block) -> Result<bool> {
    TRY_VOID(workers[i].consume(block));
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
  if (request.interval > 0 && (log.sort || !log.distinct.empty())) {
    return error(Code::kInvalid, "an interval cannot be combined with distinct or sort");
  }
  if (request.limit == 0 || request.range.start >= request.range.end) return std::vector<LogRow>();
  return request.interval > 0 ? thinned_rows(context, log, pipeline, request)
                              : best_rows(context, log, pipeline, request);
}

}  // namespace trilobite::logql
