#include "query/parallel_scan.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

namespace trilobite::query {
namespace {

struct Outcome {
  std::atomic<bool> stop{false};
  std::mutex mutex;  // guards error
  std::optional<Error> error;

  void fail(Error failure) {
    std::lock_guard lock(mutex);
    if (!error) error = std::move(failure);
    stop = true;
  }
};

Result<bool> step(QueryContext& context, Scan& scan, std::size_t worker,
                  const std::function<Result<bool>(std::size_t, const Batch&)>& consume) {
  TRY(batch, scan.next());
  if (!batch) return false;
  if (context.limits().bytes_read_max > 0) TRY_VOID(context.check_bytes(scan.stats().bytes));
  return consume(worker, *batch);
}

Result<bool> step(QueryContext& context, Scan& scan, std::size_t worker,
                  const std::function<Result<bool>(std::size_t, ScanBlock&)>& consume) {
  TRY(block, scan.next_block());
  if (!block) return false;
  TRY(more, consume(worker, *block));
  // Columns are read on demand: what the block cost is known now.
  if (context.limits().bytes_read_max > 0) TRY_VOID(context.check_bytes(scan.stats().bytes));
  return more;
}

template <class Consume>
Result<void> run_workers(QueryContext& context, Scan& scan, std::size_t workers, const Consume& consume) {
  Outcome outcome;
  context.pool().parallel(workers, [&](std::size_t worker) {
    while (!outcome.stop.load(std::memory_order_relaxed)) {
      if (Result<void> allowed = context.check(); !allowed.ok()) return outcome.fail(std::move(allowed).error());
      Result<bool> more = step(context, scan, worker, consume);
      if (!more.ok()) return outcome.fail(std::move(more).error());
      if (!*more) return;
    }
  });
  context.add(scan.stats());
  if (outcome.error) return *outcome.error;
  return {};
}

}  // namespace

std::size_t scan_workers(const QueryContext& context) { return std::max<std::size_t>(1, context.pool().threads()); }

Result<void> scan_parallel(QueryContext& context, Scan& scan, std::size_t workers,
                           const std::function<Result<bool>(std::size_t, const Batch&)>& consume) {
  return run_workers(context, scan, workers, consume);
}

Result<void> scan_blocks(QueryContext& context, Scan& scan, std::size_t workers,
                         const std::function<Result<bool>(std::size_t, ScanBlock&)>& consume) {
  return run_workers(context, scan, workers, consume);
}

}  // namespace trilobite::query
