// Head to parts. Freeze: later appends go to a new head and a new WAL segment. Write one part per table. Commit: one
// edit of the manifest adds the parts and lifts the WAL's floor. Only then readers change over and segments are
// removed.
#include <trilobite/trace.h>

#include <algorithm>

#include "storage/engine.h"

namespace trilobite::storage {
namespace {

constexpr int kFlushZstdLevel = 1;  // a merge compresses again, and better
constexpr trace::SpanType kFlushSpan{"trilobite::storage", "storage.flush"};

}  // namespace

// False when there is nothing to write.
Result<bool> Engine::freeze() {
  std::lock_guard commit_lock(commit_mutex_);
  if (active_->empty()) return false;
  static_cast<void>(write_waiting());  // their numbers are of this segment; should it fail, so does what follows
  TRY(segment, wal_->rotate());
  bytes_wal_ = wal_->bytes();
  frozen_floor_ = segment;
  frozen_requests_ = recent_.list(clock_.now());
  std::lock_guard view_lock(view_mutex_);
  frozen_ = active_;
  active_ = std::make_shared<Head>();
  return true;
}

Result<PartMeta> Engine::write_table(const Head::Table& table) {
  PartMeta meta = new_part(table.key);
  meta.order = meta.id;
  return write_part(files_, layout_, std::move(meta), table.table->sorted_rows(), {.zstd_level = kFlushZstdLevel},
                    [] { return Result<void>(); });
}

void Engine::publish(std::vector<PartRef> added, const std::set<std::uint64_t>& removed, bool drop_frozen) {
  std::lock_guard lock(view_mutex_);
  auto next = std::make_shared<PartSet>();
  for (const PartRef& part : parts_->parts) {
    if (!removed.contains(part->meta().id)) next->parts.push_back(part);
  }
  for (PartRef& part : added) next->parts.push_back(std::move(part));
  std::stable_sort(next->parts.begin(), next->parts.end(),
                   [](const PartRef& a, const PartRef& b) { return a->meta().order < b->meta().order; });
  parts_ = std::move(next);
  if (drop_frozen) frozen_ = nullptr;
}

// Of parts that did not make it into the manifest; what stays behind is removed at the next start.
void Engine::remove_files(const std::vector<PartRef>& parts) {
  for (const PartRef& part : parts) static_cast<void>(files_.remove(part->path()));
}

Result<void> Engine::write_frozen() {
  const trace::Span span = kFlushSpan.start();
  ManifestEdit edit;
  std::vector<PartRef> added;
  for (const Head::Table& table : view().frozen->tables()) {
    if (table.table->rows() == 0) continue;
    auto part = write_table(table);
    if (!part.ok()) {
      remove_files(added);
      return std::move(part).error();
    }
    added.push_back(make_handle(*part));
    edit.add.push_back(std::move(part).value());
  }
  edit.wal_floor = frozen_floor_;
  edit.requests = frozen_requests_;
  {
    std::lock_guard lock(manifest_mutex_);
    if (auto committed = commit_edit(edit); !committed.ok()) {
      if (!manifest_->broken()) remove_files(added);
      return std::move(committed).error();
    }
    publish(std::move(added), {}, true);
  }
  ++flushes_;
  {
    std::lock_guard lock(wake_mutex_);  // or a waiter could miss it
    head_changed_.notify_all();
    wake_mergers_.notify_all();
  }
  std::lock_guard lock(commit_mutex_);
  wal_->remove_below(frozen_floor_);
  bytes_wal_ = wal_->bytes();
  return {};
}

// REQUIRES: flush_mutex_ is held.
Result<void> Engine::flush_locked() {
  const bool left_over = view().frozen != nullptr;  // by a flush that failed
  if (left_over) TRY_VOID(write_frozen());
  TRY(frozen, freeze());
  if (frozen) TRY_VOID(write_frozen());
  return quarantine_damaged_segments();
}

Result<void> Engine::flush() {
  TRY_VOID(check_open());
  std::lock_guard lock(flush_mutex_);
  auto flushed = flush_locked();
  if (!flushed.ok()) {
    if (flushed.error().code == Code::kUnavailable) writable_ = false;
    return std::move(flushed).error().within("cannot flush");
  }
  return {};
}

}  // namespace trilobite::storage
