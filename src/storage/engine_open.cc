// Taking hold of a directory: lock, format, manifest, parts, WAL.
#include <fmt/format.h>

#include <algorithm>

#include "storage/engine.h"
#include "storage/wal_record.h"

namespace trilobite::storage {
namespace {

// A folder of somebody else's must not be written into by mistake. "lost+found" is what a fresh file system has.
bool belongs_to_new_directory(const std::string& name) {
  return name == "LOCK" || name == "FORMAT.tmp" || name == "lost+found";
}

}  // namespace

Result<void> Engine::claim_directory() {
  TRY_VOID(files_.make_directories(layout_.directory()));
  TRY(entries, files_.list(layout_.directory()));
  const bool has_format =
      std::any_of(entries.begin(), entries.end(), [](const FileInfo& entry) { return entry.name == "FORMAT"; });
  if (!has_format) {
    for (const FileInfo& entry : entries) {
      if (!belongs_to_new_directory(entry.name)) {
        return error(Code::kInvalid, "it is not empty and not a trilobite directory (it has {}, but no FORMAT)",
                     entry.name);
      }
    }
  }
  TRY(lock, files_.lock(layout_.lock()));
  lock_ = std::move(lock);
  if (!has_format)
    TRY_VOID(write_file_atomically(files_, layout_.format(), fmt::format("trilobite {}\n", kFormatVersion)));
  TRY_VOID(check_format(files_, layout_));
  TRY_VOID(files_.make_directories(layout_.wal()));
  return files_.make_directories(layout_.parts());
}

Result<void> Engine::load_parts() {
  if (!files_.exists(layout_.manifest())) {
    // Only right after the directory was made; a manifest that got lost must not be taken for an empty one.
    TRY(tenants, files_.list(layout_.parts()));
    TRY(segments, files_.list(layout_.wal()));
    if (!tenants.empty() || !segments.empty())
      return error(Code::kCorrupt, "the manifest is missing, but there are parts or WAL segments");
  }
  TRY(manifest, Manifest::open(files_, clock_, layout_));
  manifest_ = std::move(manifest);
  std::vector<PartRef> parts;
  for (const auto& [id, meta] : manifest_->state().parts) {
    PartRef part = make_handle(meta);
    TRY(reader, open_checked(files_, part->path(), meta));
    parts.push_back(std::move(part));
  }
  publish(std::move(parts), {}, false);
  if (manifest_->was_torn()) {
    recovery_messages_.push_back(fmt::format(
        "{}: an unfinished edit at its end is dropped; unknown parts stay until the next start", layout_.manifest()));
  }
  return remove_orphans();
}

// Parts that were being written, or dropped, when the process ended. Not after an unfinished edit: should damage rather
// than a power cut have made it so, the parts it named are still there to be looked at until the start after this one.
Result<void> Engine::remove_orphans() {
  TRY(tenants, files_.list(layout_.parts()));
  for (const FileInfo& tenant : tenants) {
    const std::string tenant_path = layout_.parts() + "/" + tenant.name;
    if (!tenant.directory) continue;
    TRY(signals, files_.list(tenant_path));
    for (const FileInfo& signal : signals) {
      const std::string signal_path = tenant_path + "/" + signal.name;
      if (!signal.directory) continue;
      TRY(days, files_.list(signal_path));
      for (const FileInfo& day : days) {
        const std::string day_path = signal_path + "/" + day.name;
        if (!day.directory) continue;
        TRY(entries, files_.list(day_path));
        std::size_t kept = 0;
        for (const FileInfo& entry : entries) {
          const auto id = file_number(entry.name, ".part");
          const bool orphan = id && !manifest_->state().parts.contains(*id) && !manifest_->was_torn();
          if (id) manifest_->skip_part_ids(*id);
          if (orphan) TRY_VOID(files_.remove(day_path + "/" + entry.name));
          if (!orphan) ++kept;
        }
        if (kept == 0) static_cast<void>(files_.remove(day_path));  // an empty folder does no harm
      }
    }
  }
  return {};
}

Result<void> Engine::replay() {
  for (const AcceptedRequest& request : manifest_->state().requests)
    recent_.add(request.hash, request.accepted, request.accepted);
  const auto apply = [this](std::string_view frame) -> Result<void> {
    TRY(records, decode_frame(frame));
    for (const WalRecord& record : records) {
      TRY_VOID(check_batch(record.signal, record.batch));
      if (record.request && !recent_.add(*record.request, record.accepted, record.accepted)) continue;
      active_->append(record.tenant, record.signal, record.batch);
    }
    return {};
  };
  TRY(found, replay_wal(files_, layout_, manifest_->state().wal_floor, apply));
  recovery_messages_.insert(recovery_messages_.end(), found.messages.begin(), found.messages.end());
  TRY(wal, Wal::create(files_, clock_, layout_, found));
  wal_ = std::move(wal);
  bytes_wal_ = wal_->bytes();
  if (!active_->empty()) head_first_append_ = head_last_append_ = clock_.steady();
  if (found.damaged.empty()) return {};
  // What could be read of a damaged segment is safe in parts before the segment gets out of the way.
  {
    std::lock_guard lock(flush_mutex_);
    TRY_VOID(flush_locked());
  }
  return quarantine_segments(files_, layout_, found.damaged);
}

Result<void> Engine::start() {
  const auto open = [this]() -> Result<void> {
    TRY_VOID(claim_directory());
    TRY_VOID(load_parts());
    return replay();
  };
  if (auto opened = open(); !opened.ok())
    return std::move(opened).error().within("cannot open data directory {}", layout_.directory());
  if (!options_.background) return {};
  threads_.emplace_back([this] { run_flusher(); });
  for (std::size_t i = 0; i < options_.merge_threads; ++i) threads_.emplace_back([this] { run_merger(); });
  return {};
}

}  // namespace trilobite::storage

namespace trilobite {

Result<std::unique_ptr<EmbeddedStore>> EmbeddedStore::open(World world, StorageOptions options) {
  auto engine = std::make_unique<storage::Engine>(world, std::move(options));
  TRY_VOID(engine->start());
  return std::unique_ptr<EmbeddedStore>(std::move(engine));
}

}  // namespace trilobite
