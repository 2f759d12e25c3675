// Taking hold of a directory: lock, format, manifest, parts, WAL.
#include <fmt/format.h>
#include <pthread.h>
#include <trilobite/log.h>

#include <algorithm>

#include "storage/engine.h"
#include "storage/manifest_rebuild.h"

namespace trilobite::storage {
namespace {

constexpr log::Target kLog{"trilobite::storage"};

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

// A manifest that cannot be read is put aside and made anew from the parts that are there. Rows that come back by it,
// or that the WAL has as well, are equal rows and as such in answers once.
Result<void> Engine::open_manifest() {
  const bool exists = files_.exists(layout_.manifest());
  std::string reason = fmt::format("{}: it is missing, but there are parts or WAL segments", layout_.manifest());
  bool fresh = false;
  if (!exists) {
    TRY(tenants, files_.list(layout_.parts()));
    TRY(segments, files_.list(layout_.wal()));
    fresh = tenants.empty() && segments.empty();
  }
  if (exists || fresh) {
    auto opened = Manifest::open(files_, clock_, layout_);
    if (!opened.ok() && opened.error().code != Code::kCorrupt) return std::move(opened).error();
    if (opened.ok()) {
      manifest_ = std::move(opened).value();
      return {};
    }
    reason = opened.error().message;
  }
  std::string bytes;
  if (exists) {
    const std::string aside = layout_.manifest() + std::string(kDamagedExtension);
    TRY(read, files_.read_all(layout_.manifest()));
    bytes = std::move(read);
    auto kept = write_file_atomically(files_, aside, bytes);
    if (!kept.ok() && kept.error().code != Code::kNoSpace) return kept;
    reason += kept.ok() ? "; it is kept as " + aside : "; there is no room to keep it";
  }
  TRY(rebuilt, rebuild_manifest(files_, layout_, bytes, clock_.now()));
  recovery_messages_.push_back(
      fmt::format("{}. A new manifest was made from the {} parts that are there", reason, rebuilt.state.parts.size()));
  for (std::string& message : rebuilt.messages) recovery_messages_.push_back(std::move(message));
  TRY(manifest, Manifest::create(files_, clock_, layout_, std::move(rebuilt.state)));
  manifest_ = std::move(manifest);
  return {};
}

// Whole parts that the last edit of the manifest may have named, had it not been torn or cut off: parts are synced
// before they are named. Should it never have been committed, the WAL or other parts have the same rows, and equal rows
// are in answers once.
Result<void> Engine::adopt_unknown_parts() {
  TRY(folders, list_part_folders(files_, layout_));
  const std::uint64_t part_next = manifest_->state().part_next;
  ManifestEdit edit;
  for (const PartFolder& folder : folders) {
    for (const std::string& name : folder.files) {
      const auto id = file_number(name, ".part");
      if (!id || manifest_->state().parts.contains(*id) || manifest_->state().damaged.contains(*id)) continue;
      if (*id < part_next && !manifest_->was_torn()) continue;  // the manifest knew it, and dropped it
      manifest_->skip_part_ids(*id);
      auto meta = describe_part(files_, layout_, folder, name, clock_.now());
      if (!meta.ok() && meta.error().code != Code::kCorrupt) return std::move(meta).error();
      if (!meta.ok()) continue;
      edit.add.push_back(std::move(meta).value());
    }
  }
  if (edit.add.empty()) return {};
  auto committed = commit_edit(edit);
  if (committed.ok() || committed.error().code != Code::kNoSpace) return committed;
  orphans_stay_ = true;
  return {};
}

// What the manifest names, without a look at the files: a look at each of thousands, on a disk that is cold, would keep
// writers waiting. Whoever reads a part opens it, and reports what is wrong with it.
void Engine::trust_parts() {
  std::vector<PartRef> parts;
  for (const auto& [id, meta] : manifest_->state().parts) parts.push_back(make_handle(meta));
  publish(std::move(parts), {}, false);
}

// The look at those files, while the store is at work.
void Engine::run_opener() {
  pthread_setname_np(pthread_self(), "storage-open");
  const StoreView opened = view();
  for (const PartRef& part : opened.parts->parts) {
    if (is_stopping()) return;
    if (part->is_dropped()) continue;
    const auto reader = part->noted(open_checked(files_, part->path(), part->meta()));
    if (!reader.ok() && reader.error().code != Code::kCorrupt && !part->is_dropped())
      kLog.warn("a part cannot be opened, and queries of its time fail: {}", reader.error().message);
  }
  if (!reports_->any()) return;
  if (const auto aside = put_damaged_aside(); !aside.ok())
    kLog.error("damaged parts are in no answer, but that could not be noted: {}", aside.error().message);
}

Result<void> Engine::check_parts() {
  std::vector<PartRef> parts;
  ManifestEdit edit;
  for (const auto& [id, meta] : manifest_->state().parts) {
    PartRef part = make_handle(meta);
    auto reader = open_checked(files_, part->path(), meta);
    if (reader.ok()) {
      parts.push_back(std::move(part));
      continue;
    }
    if (reader.error().code != Code::kCorrupt) return std::move(reader).error();
    const bool missing =
        !files_.exists(part->path()) && !files_.exists(part->path() + std::string(kDamagedExtension));
    recovery_messages_.push_back(fmt::format("{}: {}; {}, its {} rows are in no answer", part->path(),
                                             reader.error().message, missing ? "it is missed" : "it is put aside",
                                             meta.info.rows));
    edit.remove.push_back(id);
    edit.damage.push_back({meta, reader.error().message, missing});
  }
  publish(std::move(parts), {}, false);
  if (edit.damage.empty()) return {};
  auto committed = commit_edit(edit);
  if (committed.ok() || committed.error().code != Code::kNoSpace) return committed;
  for (const DamagedPart& damaged : edit.damage) reports_->add(damaged.meta.id, damaged.reason);  // later, then
  return {};
}

Result<void> Engine::load_parts() {
  TRY_VOID(open_manifest());
  if (manifest_->was_torn()) {
    recovery_messages_.push_back(fmt::format(
        "{}: an unfinished edit at its end is dropped; unknown parts stay until the next start", layout_.manifest()));
  }
  TRY_VOID(adopt_unknown_parts());
  if (options_.background) {
    trust_parts();
  } else {
    TRY_VOID(check_parts());
  }
  TRY_VOID(recheck_damaged());
  return remove_orphans();
}

// Parts that were being written, or dropped, when the process ended. Not after an unfinished edit: should damage rather
// than a power cut have made it so, the parts it named are still there to be looked at until the start after this one.
Result<void> Engine::remove_orphans() {
  TRY(folders, list_part_folders(files_, layout_));
  for (const PartFolder& folder : folders) {
    std::size_t kept = 0;
    for (const std::string& name : folder.files) {
      const auto id = file_number(name, ".part");
      const auto aside = file_number(name, ".part" + std::string(kDamagedExtension));
      const bool known =
          id && (manifest_->state().parts.contains(*id) || manifest_->state().damaged.contains(*id));
      const bool orphan = id && !known && !manifest_->was_torn() && !orphans_stay_;
      if (id || aside) manifest_->skip_part_ids(id ? *id : *aside);
      if (orphan) TRY_VOID(files_.remove(folder.path + "/" + name));
      if (!orphan) ++kept;
    }
    if (kept == 0) static_cast<void>(files_.remove(folder.path));  // an empty folder does no harm
  }
  return {};
}

Result<void> Engine::start() {
  const auto open = [this]() -> Result<void> {
    TRY_VOID(claim_directory());
    TRY_VOID(load_parts());
    TRY_VOID(replay());
    keep_reserve();
    return {};
  };
  if (auto opened = open(); !opened.ok())
    return std::move(opened).error().within("cannot open data directory {}", layout_.directory());
  if (!options_.background) return {};
  threads_.emplace_back([this] { run_flusher(); });
  if (!view().parts->parts.empty()) threads_.emplace_back([this] { run_opener(); });
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
