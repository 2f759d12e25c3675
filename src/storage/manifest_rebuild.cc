#include "storage/manifest_rebuild.h"

#include <fmt/format.h>

#include <set>

#include "storage/part_handle.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

// What the readable edits of a damaged manifest tell.
struct Hints {
  std::map<std::uint64_t, PartMeta> added;
  std::map<std::uint64_t, DamagedPart> damaged;
  std::set<std::uint64_t> removed;
};

Hints read_hints(std::string_view bytes) {
  Hints out;
  const auto log = read_frame_log(FrameLogKind::kManifest, bytes);
  if (!log.ok()) return out;
  for (const std::string_view frame : log->frames) {
    auto edit = decode_edit(frame);
    if (!edit.ok()) continue;
    for (const std::uint64_t id : edit->repair) out.damaged.erase(id);
    for (const std::uint64_t id : edit->remove) out.removed.insert(id);
    for (DamagedPart& part : edit->damage) out.damaged.insert_or_assign(part.meta.id, std::move(part));
    for (PartMeta& part : edit->add) {
      out.removed.erase(part.id);
      out.added.insert_or_assign(part.id, std::move(part));
    }
  }
  return out;
}

class Rebuilding {
 public:
  Rebuilding(FileSystem& files, const Layout& layout, std::string_view damaged, TimeNs now)
      : files_(files), layout_(layout), now_(now), hints_(read_hints(damaged)) {
    out_.state.damaged = hints_.damaged;
  }

  Result<RebuiltManifest> run() {
    TRY(floor, first_segment());
    out_.state.wal_floor = floor;
    TRY(folders, list_part_folders(files_, layout_));
    for (const PartFolder& folder : folders) {
      for (const std::string& name : folder.files) TRY_VOID(take(folder, name));
    }
    for (const auto& [id, meta] : hints_.added) {
      see(id);
      if (hints_.removed.contains(id) || out_.state.parts.contains(id) || out_.state.damaged.contains(id)) continue;
      const std::string path = layout_.part(meta.tenant, meta.signal, meta.window, id);
      const bool missing = !files_.exists(path + std::string(kDamagedExtension));
      out_.messages.push_back(fmt::format(
          "{}: it is missing; its {} rows are in no answer, unless it was merged or dropped on purpose just before",
          path, meta.info.rows));
      out_.state.damaged.emplace(id, DamagedPart{meta, "the file is missing", missing});
    }
    return std::move(out_);
  }

 private:
  Result<std::uint64_t> first_segment() {
    TRY(entries, files_.list(layout_.wal()));
    for (const FileInfo& entry : entries) {
      if (const auto id = file_number(entry.name, ".wal")) return *id;  // they are sorted by name
    }
    return std::uint64_t{1};
  }

  void see(std::uint64_t id) { out_.state.part_next = std::max(out_.state.part_next, id + 1); }

  Result<void> take(const PartFolder& folder, const std::string& name) {
    if (const auto aside = file_number(name, ".part" + std::string(kDamagedExtension))) see(*aside);
    const auto id = file_number(name, ".part");
    if (!id) return {};
    see(*id);
    if (hints_.removed.contains(*id) || out_.state.damaged.contains(*id)) return {};
    const std::string path = folder.path + "/" + name;
    const auto hint = hints_.added.find(*id);
    if (hint != hints_.added.end()) {
      // Should the file not be the one that is meant, it is put aside like any other.
      out_.state.parts.emplace(*id, hint->second);
      return {};
    }
    auto meta = describe_part(files_, layout_, folder, name, now_);
    if (meta.ok()) {
      out_.state.parts.emplace(*id, std::move(meta).value());
      return {};
    }
    if (meta.error().code != Code::kCorrupt) return std::move(meta).error();
    out_.messages.push_back(fmt::format("{}: {}; it is put aside", path, meta.error().message));
    return files_.rename(path, path + std::string(kDamagedExtension));
  }

  FileSystem& files_;
  const Layout& layout_;
  const TimeNs now_;
  const Hints hints_;
  RebuiltManifest out_;
};

}  // namespace

Result<PartMeta> describe_part(FileSystem& files, const Layout& layout, const PartFolder& folder,
                               const std::string& name, TimeNs now) {
  const auto id = file_number(name, ".part");
  const auto tenant = tenant_of_folder(folder.tenant);
  const auto signal = signal_of_name(folder.signal);
  if (!id || !tenant || !signal) return error(Code::kCorrupt, "whose part it is cannot be told from its folder");
  const std::string path = folder.path + "/" + name;
  TRY(reader, PartReader::open(files, path));
  TRY_VOID(reader->verify());
  PartMeta out;
  out.id = *id;
  out.order = *id;
  out.tenant = *tenant;
  out.signal = *signal;
  out.info = reader->info();
  out.window = window_of(*signal, out.info.time_min);
  out.created = now;
  if (window_of(*signal, out.info.time_max) != out.window ||
      layout.part(out.tenant, out.signal, out.window, out.id) != path) {
    return error(Code::kCorrupt, "its rows do not belong into this folder");
  }
  return out;
}

Result<RebuiltManifest> rebuild_manifest(FileSystem& files, const Layout& layout, std::string_view damaged,
                                         TimeNs now) {
  return Rebuilding(files, layout, damaged, now).run();
}

}  // namespace trilobite::storage
