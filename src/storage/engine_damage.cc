// Parts that do not pass their checks: out of every answer at once, out of the manifest with one edit, then renamed.
// The manifest keeps a list of them, so that answers can say what they lack and a part that comes back whole counts
// again.
#include <fmt/format.h>
#include <trilobite/log.h>

#include "storage/engine.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

constexpr log::Target kLog{"trilobite::storage"};

std::string aside_path(const std::string& path) { return path + std::string(kDamagedExtension); }

}  // namespace

// Should it fail, the next start does it.
void Engine::move_aside(const PartMeta& meta) {
  cache_->forget(meta.id);
  const std::string path = layout_.part(meta.tenant, meta.signal, meta.window, meta.id);
  if (!files_.rename(path, aside_path(path)).ok()) return;
  static_cast<void>(files_.sync_directory(layout_.part_folder(meta.tenant, meta.signal, meta.window)));
}

Result<void> Engine::put_damaged_aside() {
  const std::map<std::uint64_t, std::string> reports = reports_->take();
  ManifestEdit edit;
  {
    std::lock_guard lock(manifest_mutex_);
    std::set<std::uint64_t> removed;
    for (const auto& [id, reason] : reports) {
      const auto found = manifest_->state().parts.find(id);
      if (found == manifest_->state().parts.end()) continue;  // merged away, dropped or put aside meanwhile
      const PartMeta& meta = found->second;
      const bool missing = !files_.exists(layout_.part(meta.tenant, meta.signal, meta.window, id));
      edit.remove.push_back(id);
      edit.damage.push_back({meta, reason, missing});
      removed.insert(id);
    }
    if (removed.empty()) return {};
    publish({}, removed, false);
    if (auto committed = commit_edit(edit); !committed.ok()) {
      for (const DamagedPart& damaged : edit.damage) reports_->add(damaged.meta.id, damaged.reason);
      return std::move(committed).error().within("cannot put {} damaged parts aside", removed.size());
    }
    parts_damaged_ = manifest_->state().damaged.size();
  }
  for (const DamagedPart& damaged : edit.damage) {
    const PartInfo& info = damaged.meta.info;
    changes_.add(damaged.meta.tenant, damaged.meta.signal, TimeRange{info.time_min, info.time_max + 1});
    kLog.error("a part is damaged and put aside, its {} rows are in no answer: {}", damaged.meta.info.rows,
               damaged.reason);
    move_aside(damaged.meta);
  }
  return {};
}

// At a start: those that came back whole count again, those whose file was taken away for good are forgotten.
Result<void> Engine::recheck_damaged() {
  ManifestEdit edit;
  std::vector<PartRef> restored;
  for (const auto& [id, damaged] : manifest_->state().damaged) {
    PartRef part = make_handle(damaged.meta);
    if (!files_.exists(part->path())) {
      if (!damaged.missing && !files_.exists(aside_path(part->path()))) edit.repair.push_back(id);
      continue;
    }
    auto reader = open_checked(files_, part->path(), damaged.meta);
    Result<void> verified = reader.ok() ? (*reader)->verify() : Result<void>(std::move(reader).error());
    if (!verified.ok() && verified.error().code != Code::kCorrupt) return verified;
    if (!verified.ok()) {
      move_aside(damaged.meta);
      continue;
    }
    recovery_messages_.push_back(fmt::format("{}: it is whole again and counts again", part->path()));
    edit.repair.push_back(id);
    edit.add.push_back(damaged.meta);
    restored.push_back(std::move(part));
  }
  if (!edit.repair.empty()) {
    auto committed = commit_edit(edit);
    if (!committed.ok() && committed.error().code != Code::kNoSpace) return committed;
    if (committed.ok()) publish(std::move(restored), {}, false);
  }
  parts_damaged_ = manifest_->state().damaged.size();
  return {};
}

// REQUIRES: flush_mutex_ is held, and the rows that could be read of them are in parts.
Result<void> Engine::quarantine_damaged_segments() {
  if (damaged_segments_.empty()) return {};
  TRY_VOID(quarantine_segments(files_, layout_, damaged_segments_));
  damaged_segments_.clear();
  return {};
}

std::vector<std::string> Engine::warnings(const std::string& tenant, Signal signal, TimeRange range) const {
  std::vector<std::string> out;
  if (parts_damaged_ == 0) return out;
  std::lock_guard lock(manifest_mutex_);
  for (const auto& [id, damaged] : manifest_->state().damaged) {
    const PartMeta& meta = damaged.meta;
    if (meta.tenant != tenant || meta.signal != signal || !overlaps(meta.info.time_min, meta.info.time_max, range))
      continue;
    out.push_back(fmt::format("up to {} rows are missing from this answer, because {} is {}", meta.info.rows,
                              layout_.part(meta.tenant, meta.signal, meta.window, id),
                              damaged.missing ? "missing" : "damaged and was put aside"));
  }
  return out;
}

}  // namespace trilobite::storage
