#include "storage/engine.h"

#include <sys/resource.h>
#include <trilobite/log.h>
#include <unistd.h>

#include "storage/engine_series.h"
#include "storage/index_query.h"
#include "storage/scan.h"

namespace trilobite::storage {
namespace {

constexpr log::Target kLog{"trilobite::storage"};

constexpr std::chrono::milliseconds kFlusherInterval{250};
constexpr std::chrono::seconds kMergerInterval{5};
constexpr std::chrono::nanoseconds kRetentionInterval = std::chrono::seconds(30);
constexpr std::chrono::seconds kRetryInterval{2};  // after a failed flush
constexpr int kMergerNice = 10;

}  // namespace

Engine::Engine(World world, StorageOptions options)
    : files_(world.files), clock_(world.clock), options_(std::move(options)), layout_(options_.directory) {}

Engine::~Engine() { stop_threads(); }

Result<void> Engine::check_open() const {
  if (closed_) return error(Code::kUnavailable, "the store is closed");
  return {};
}

StoreView Engine::view() const {
  std::lock_guard lock(view_mutex_);
  return {parts_, frozen_, active_};
}

StoreView Engine::view_to_read() {
  if (reports_->any()) {
    if (const auto aside = put_damaged_aside(); !aside.ok())
      kLog.error("damaged parts are in no answer, but that could not be noted: {}", aside.error().message);
  }
  return view();
}

PartMeta Engine::new_part(const TableKey& key) {
  std::lock_guard lock(manifest_mutex_);
  PartMeta out;
  out.id = manifest_->new_part_id();
  out.tenant = key.tenant;
  out.signal = key.signal;
  out.window = key.window;
  out.created = clock_.now();
  return out;
}

PartRef Engine::make_handle(PartMeta meta) const {
  std::string path = layout_.part(meta.tenant, meta.signal, meta.window, meta.id);
  return std::make_shared<PartHandle>(files_, cache_, reports_, std::move(meta), std::move(path));
}

Result<std::unique_ptr<Scan>> Engine::scan(ScanRequest request) {
  TRY_VOID(check_open());
  const StoreView now = view_to_read();
  std::vector<std::string> missing = warnings(request.tenant, request.signal, request.range);
  TRY(hidden, HiddenRows::compile(*hidden_filters(), request.tenant, request.signal, request.range));
  return open_scan(now, std::move(request), std::move(hidden), std::move(missing));
}

Result<std::unique_ptr<SeriesScan>> Engine::scan_series(ScanRequest request) {
  TRY_VOID(check_open());
  request.signal = Signal::kMetrics;
  const StoreView now = view_to_read();
  std::vector<std::string> missing = warnings(request.tenant, request.signal, request.range);
  TRY(hidden, HiddenRows::compile(*hidden_filters(), request.tenant, request.signal, request.range));
  return open_series_scan(now, request, std::move(hidden), std::move(missing));
}

Result<std::vector<std::string>> Engine::label_names(const IndexRequest& request) {
  TRY_VOID(check_open());
  return query_label_names(view_to_read(), request);
}

Result<std::vector<std::string>> Engine::label_values(const IndexRequest& request, std::string_view name) {
  TRY_VOID(check_open());
  return query_label_values(view_to_read(), request, name);
}

Result<std::vector<SeriesInfo>> Engine::series(const IndexRequest& request) {
  TRY_VOID(check_open());
  return query_series(view_to_read(), request);
}

StoreStatistics Engine::statistics() const {
  const StoreView now = view();
  StoreStatistics out;
  for (const PartRef& part : now.parts->parts) {
    out.bytes_disk += part->meta().info.file_bytes;
    out.rows_stored += part->meta().info.rows;
  }
  out.parts = now.parts->parts.size();
  out.bytes_wal = bytes_wal_;
  out.bytes_disk += out.bytes_wal;
  for (const Head* head : {now.frozen.get(), now.active.get()}) {
    if (head == nullptr) continue;
    out.bytes_head += head->bytes();
    out.rows_stored += head->rows();
    out.series_head += head->series();
  }
  out.rows_appended = rows_appended_;
  out.bytes_appended = bytes_appended_;
  out.flushes = flushes_;
  out.merges = merges_;
  out.parts_dropped = parts_dropped_;
  out.parts_damaged = parts_damaged_;
  out.writable = writable_;
  return out;
}

bool Engine::flush_is_due() {
  const StoreView now = view();
  if (now.frozen) return true;  // a flush that failed before
  if (now.active->empty()) return false;
  const std::chrono::nanoseconds time = clock_.steady();
  // Samples come every few seconds for ever, and a part of one or two for each series is of no use.
  const std::chrono::nanoseconds idle_max = now.active->has_samples() ? options_.head_age_max : options_.head_idle_max;
  return now.active->bytes() >= now.active->bytes_max(options_.head_bytes_max) ||
         time - head_first_append_.load() >= options_.head_age_max ||
         time - head_last_append_.load() >= idle_max;
}

void Engine::run_flusher() {
  pthread_setname_np(pthread_self(), "storage-flush");
  std::chrono::nanoseconds retention_last = clock_.steady();
  for (;;) {
    {
      std::unique_lock lock(wake_mutex_);
      if (stopping_) return;
      wake_flusher_.wait_for(lock, kFlusherInterval);
      if (stopping_) return;
    }
    if (flush_is_due()) {
      if (const auto flushed = flush(); !flushed.ok()) {
        // The rows are safe in the WAL; the disk may have room again soon.
        kLog.error("cannot write the head to the disk, will try again: {}", flushed.error().message);
        std::unique_lock lock(wake_mutex_);
        wake_flusher_.wait_for(lock, kRetryInterval, [this] { return stopping_; });
      }
    }
    if (const auto looked = look_after_disk(); !looked.ok())
      kLog.warn("cannot look after the disk, will try again: {}", looked.error().message);
    if (clock_.steady() - retention_last >= kRetentionInterval) {
      retention_last = clock_.steady();
      if (const auto enforced = enforce_retention(); !enforced.ok()) {
        kLog.warn("cannot enforce retention, will try again: {}", enforced.error().message);
      }
    }
  }
}

void Engine::run_merger() {
  pthread_setname_np(pthread_self(), "storage-merge");
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kMergerNice);
  for (;;) {
    bool more = false;
    if (const auto merged = merge_once(); merged.ok()) {
      more = *merged;
    } else if (merged.error().code != Code::kCancelled && merged.error().code != Code::kUnavailable) {
      kLog.warn("cannot merge parts, will try again: {}", merged.error().message);
    }
    std::unique_lock lock(wake_mutex_);
    if (stopping_) return;
    if (!more) wake_mergers_.wait_for(lock, kMergerInterval);
    if (stopping_) return;
  }
}

bool Engine::is_stopping() {
  std::lock_guard lock(wake_mutex_);
  return stopping_;
}

void Engine::stop_threads() {
  {
    std::lock_guard lock(wake_mutex_);
    stopping_ = true;
    stop_merging_ = true;
  }
  wake_flusher_.notify_all();
  wake_mergers_.notify_all();
  head_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Result<void> Engine::close() {
  if (closed_) return {};
  stop_threads();
  auto flushed = flush();
  {
    // Whoever holds the lock now is the last to write.
    std::lock_guard lock(commit_mutex_);
    closed_ = true;
  }
  std::lock_guard lock(flush_mutex_);
  lock_.reset();
  return flushed;
}

}  // namespace trilobite::storage
