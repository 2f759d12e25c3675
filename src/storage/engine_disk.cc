// A disk that is full, or was: what may still be dropped, and how writes begin again.
#include "base/hash.h"
#include "storage/engine.h"

namespace trilobite::storage {
namespace {

// Bytes that no file system stores in less.
std::string incompressible(std::uint64_t bytes) {
  std::string out;
  out.reserve(static_cast<std::size_t>(bytes) + sizeof(std::uint64_t));
  for (std::uint64_t i = 0; out.size() < bytes; ++i) {
    const std::uint64_t word = hash64({}, i);
    out.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  out.resize(static_cast<std::size_t>(bytes));
  return out;
}

}  // namespace

// An edit may be what makes room, so it must be possible without any: then the reserve is given up for it.
// REQUIRES: manifest_mutex_ is held, or nobody else is there yet.
Result<void> Engine::commit_edit(const ManifestEdit& edit) {
  auto committed = manifest_->commit(edit);
  if (committed.ok() || committed.error().code != Code::kNoSpace || !files_.exists(layout_.reserve())) return committed;
  has_reserve_ = false;
  TRY_VOID(files_.remove(layout_.reserve()));
  return manifest_->commit(edit);
}

// Makes the reserve once there is plenty of room for it. Doing without it is possible.
void Engine::keep_reserve() {
  std::lock_guard lock(manifest_mutex_);
  if (has_reserve_ || options_.reserve_bytes == 0) return;
  has_reserve_ = files_.exists(layout_.reserve());
  if (has_reserve_) return;
  const auto space = files_.disk_space(layout_.directory());
  if (!space.ok() || space->bytes_free < options_.disk_free_bytes_min + 2 * options_.reserve_bytes) return;
  const auto written = [&]() -> Result<void> {
    TRY(file, files_.create(layout_.reserve()));
    TRY_VOID(file->append(incompressible(options_.reserve_bytes)));
    TRY_VOID(file->sync());
    return files_.sync_directory(layout_.directory());
  }();
  has_reserve_ = written.ok();
  if (!has_reserve_) static_cast<void>(files_.remove(layout_.reserve()));
}

void Engine::update_writable() {
  if (writable_) return;
  std::lock_guard lock(commit_mutex_);
  if (closed_ || !check_disk().ok()) return;
  {
    std::lock_guard manifest_lock(manifest_mutex_);
    if (manifest_->broken()) return;
  }
  if (!wal_->make_writable().ok()) return;
  bytes_wal_ = wal_->bytes();
  writable_ = true;
}

Result<void> Engine::look_after_disk() {
  TRY_VOID(check_open());
  if (reports_->any()) TRY_VOID(put_damaged_aside());
  {
    std::lock_guard lock(commit_mutex_);
    if (!closed_) TRY_VOID(write_waiting());
  }
  update_writable();
  if (retention_due_.exchange(false)) TRY_VOID(enforce_retention());
  keep_reserve();
  return {};
}

}  // namespace trilobite::storage
