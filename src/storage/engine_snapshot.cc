// A snapshot: the parts of one moment under a second name, and a manifest of their own. It costs no bytes until parts
// are merged away here.
#include <algorithm>
#include <set>

#include "base/file_links.h"
#include "storage/engine.h"

namespace trilobite::storage {

namespace {

constexpr std::uint64_t kCopyBytes = 1u << 20;

Result<void> copy_file(FileSystem& files, const std::string& from, const std::string& to) {
  TRY(in, files.open(from));
  TRY(out, files.create(to));
  for (std::uint64_t at = 0; at < in->size(); at += kCopyBytes) {
    TRY(piece, in->read(at, static_cast<std::size_t>(std::min(kCopyBytes, in->size() - at))));
    TRY_VOID(out->append(piece));
  }
  return out->sync();
}

// A second name where the file system has such, else a copy.
Result<void> link_or_copy(FileSystem& files, const std::string& from, const std::string& to) {
  if (auto* links = dynamic_cast<FileLinks*>(&files)) {
    auto linked = links->link(from, to);
    if (linked.ok() || linked.error().code != Code::kUnsupported) return linked;
  }
  return copy_file(files, from, to);
}

}  // namespace

Result<void> Engine::snapshot(const std::string& directory, SnapshotHead head) {
  TRY_VOID(check_open());
  if (files_.exists(directory)) return error(Code::kExists, "{} is there already", directory);
  if (head == SnapshotHead::kFlush) TRY_VOID(flush());
  const Layout there(directory);
  ManifestState state;
  StoreView parts;  // as long as it lives, so do their files
  {
    std::lock_guard lock(manifest_mutex_);
    state.parts = manifest_->state().parts;
    state.part_next = manifest_->state().part_next;
    parts = view();
  }
  const auto make = [&]() -> Result<void> {
    for (const std::string& folder : {there.directory(), there.wal(), there.parts()})
      TRY_VOID(files_.make_directories(folder));
    std::set<std::string> folders;
    for (const PartRef& part : parts.parts->parts) {
      const PartMeta& meta = part->meta();
      if (!state.parts.contains(meta.id)) continue;
      const std::string folder = there.part_folder(meta.tenant, meta.signal, meta.window);
      if (folders.insert(folder).second) TRY_VOID(files_.make_directories(folder));
      TRY_VOID(link_or_copy(files_, part->path(), there.part(meta.tenant, meta.signal, meta.window, meta.id)));
    }
    for (const std::string& folder : folders) TRY_VOID(files_.sync_directory(folder));
    TRY_VOID(Manifest::create(files_, clock_, there, std::move(state)));
    // Last: without it the directory is none of ours.
    TRY(format, files_.read_all(layout_.format()));
    return write_file_atomically(files_, there.format(), format);
  };
  if (auto made = make(); !made.ok()) return std::move(made).error().within("cannot make snapshot {}", directory);
  return {};
}

}  // namespace trilobite::storage
