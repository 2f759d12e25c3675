#include "storage/manifest.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "storage/limits.h"

namespace trilobite::storage {
namespace {

void put_part(ByteWriter& out, const PartMeta& part) {
  out.varint(part.id);
  out.varint(part.order);
  out.text(part.tenant);
  out.fixed(static_cast<std::uint8_t>(part.signal));
  out.varint(zigzag(part.window));
  out.varint(zigzag(part.created));
  out.varint(part.info.rows);
  out.varint(zigzag(part.info.time_min));
  out.varint(zigzag(part.info.time_max));
  out.varint(part.info.file_bytes);
  out.varint(part.info.bytes_raw);
  out.fixed(part.info.footer_hash);
}

Result<PartMeta> get_part(ByteReader& in) {
  PartMeta out;
  TRY(id, in.varint());
  TRY(order, in.varint());
  TRY(tenant, in.text());
  TRY(signal, in.fixed<std::uint8_t>());
  TRY(window, in.varint());
  TRY(created, in.varint());
  TRY(rows, in.varint());
  TRY(time_min, in.varint());
  TRY(time_max, in.varint());
  TRY(file_bytes, in.varint());
  TRY(bytes_raw, in.varint());
  TRY(footer_hash, in.fixed<std::uint64_t>());
  out.id = id;
  out.order = order;
  out.tenant = std::string(tenant);
  out.signal = static_cast<Signal>(signal);
  out.window = unzigzag(window);
  out.created = unzigzag(created);
  out.info.rows = rows;
  out.info.time_min = unzigzag(time_min);
  out.info.time_max = unzigzag(time_max);
  out.info.file_bytes = file_bytes;
  out.info.bytes_raw = bytes_raw;
  out.info.footer_hash = footer_hash;
  if (signal < 1 || signal > 3) return error(Code::kCorrupt, "part {} has signal {}", id, signal);
  return out;
}

Result<std::vector<AcceptedRequest>> get_requests(ByteReader& in) {
  TRY(count, in.varint());
  if (count > in.left() / 24) return error(Code::kCorrupt, "data ends too early");
  std::vector<AcceptedRequest> out;
  out.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(low, in.fixed<std::uint64_t>());
    TRY(high, in.fixed<std::uint64_t>());
    TRY(accepted, in.fixed<TimeNs>());
    out.push_back({{low, high}, accepted});
  }
  return out;
}

void put_damage(ByteWriter& out, const ManifestEdit& edit) {
  out.varint(edit.damage.size());
  for (const DamagedPart& damaged : edit.damage) {
    put_part(out, damaged.meta);
    out.text(damaged.reason);
    out.fixed(static_cast<std::uint8_t>(damaged.missing ? 1 : 0));
  }
  out.varint(edit.repair.size());
  for (const std::uint64_t id : edit.repair) out.varint(id);
}

Result<void> get_damage(ByteReader& in, ManifestEdit& out) {
  TRY(damaged, in.varint());
  for (std::uint64_t i = 0; i < damaged; ++i) {
    TRY(meta, get_part(in));
    TRY(reason, in.text());
    TRY(missing, in.fixed<std::uint8_t>());
    out.damage.push_back({std::move(meta), std::string(reason), missing != 0});
  }
  TRY(repaired, in.varint());
  for (std::uint64_t i = 0; i < repaired; ++i) {
    TRY(id, in.varint());
    out.repair.push_back(id);
  }
  return {};
}

// What does not fit the state is damage: an edit names parts exactly once.
Result<void> apply(ManifestState& state, ManifestEdit edit) {
  for (const std::uint64_t id : edit.repair) {
    if (state.damaged.erase(id) == 0) return error(Code::kCorrupt, "part {} is repaired but was never damaged", id);
  }
  for (const std::uint64_t id : edit.remove) {
    if (state.parts.erase(id) == 0) return error(Code::kCorrupt, "part {} is removed but was never added", id);
  }
  for (PartMeta& part : edit.add) {
    const std::uint64_t id = part.id;
    if (!state.parts.emplace(id, std::move(part)).second) return error(Code::kCorrupt, "part {} is added twice", id);
  }
  for (DamagedPart& damaged : edit.damage) {
    const std::uint64_t id = damaged.meta.id;
    if (!state.damaged.emplace(id, std::move(damaged)).second)
      return error(Code::kCorrupt, "part {} is damaged twice", id);
  }
  if (edit.part_next != 0) state.part_next = edit.part_next;
  if (edit.wal_floor != 0) state.wal_floor = edit.wal_floor;
  if (edit.requests) state.requests = std::move(*edit.requests);
  return {};
}

ManifestEdit whole_state(const ManifestState& state) {
  ManifestEdit out;
  for (const auto& [id, part] : state.parts) out.add.push_back(part);
  for (const auto& [id, damaged] : state.damaged) out.damage.push_back(damaged);
  out.part_next = state.part_next;
  out.wal_floor = state.wal_floor;
  out.requests = state.requests;
  return out;
}

}  // namespace

std::string encode_edit(const ManifestEdit& edit) {
  std::string out;
  ByteWriter writer(out);
  writer.varint(edit.add.size());
  for (const PartMeta& part : edit.add) put_part(writer, part);
  writer.varint(edit.remove.size());
  for (const std::uint64_t id : edit.remove) writer.varint(id);
  writer.varint(edit.part_next);
  writer.varint(edit.wal_floor);
  writer.fixed(static_cast<std::uint8_t>(edit.requests ? 1 : 0));
  if (edit.requests) {
    writer.varint(edit.requests->size());
    for (const AcceptedRequest& request : *edit.requests) {
      writer.fixed(request.hash.low);
      writer.fixed(request.hash.high);
      writer.fixed(request.accepted);
    }
  }
  if (!edit.damage.empty() || !edit.repair.empty()) put_damage(writer, edit);
  return out;
}

Result<ManifestEdit> decode_edit(std::string_view bytes) {
  ManifestEdit out;
  ByteReader in(bytes);
  TRY(added, in.varint());
  for (std::uint64_t i = 0; i < added; ++i) {
    TRY(part, get_part(in));
    out.add.push_back(std::move(part));
  }
  TRY(removed, in.varint());
  for (std::uint64_t i = 0; i < removed; ++i) {
    TRY(id, in.varint());
    out.remove.push_back(id);
  }
  TRY(part_next, in.varint());
  TRY(wal_floor, in.varint());
  TRY(has_requests, in.fixed<std::uint8_t>());
  out.part_next = part_next;
  out.wal_floor = wal_floor;
  if (has_requests != 0) {
    TRY(requests, get_requests(in));
    out.requests = std::move(requests);
  }
  if (!in.done()) TRY_VOID(get_damage(in, out));
  if (!in.done()) return error(Code::kCorrupt, "{} bytes behind an edit", in.left());
  return out;
}

Result<ManifestContent> read_manifest(std::string_view bytes) {
  TRY(log, read_frame_log(FrameLogKind::kManifest, bytes));
  if (log.unused) return error(Code::kCorrupt, "the header is missing");
  if (log.frames.empty()) return error(Code::kCorrupt, "there is no whole edit in it");  // it begins with one
  if (!log.damage.empty()) {
    return error(Code::kCorrupt, "{} damaged bytes at {}", log.damage[0].bytes, log.damage[0].offset);
  }
  ManifestContent out;
  out.torn = log.torn;
  for (std::size_t i = 0; i < log.frames.size(); ++i) {
    auto edit = decode_edit(log.frames[i]);
    if (!edit.ok()) return std::move(edit).error().within("edit {}", i);
    if (auto applied = apply(out.state, std::move(edit).value()); !applied.ok())
      return std::move(applied).error().within("edit {}", i);
  }
  return out;
}

Result<std::unique_ptr<Manifest>> Manifest::open(FileSystem& files, const Clock& clock, Layout layout) {
  std::unique_ptr<Manifest> out(new Manifest(files, clock, std::move(layout)));
  const std::string path = out->layout_.manifest();
  auto bytes = files.read_all(path);
  if (bytes.ok()) {
    auto content = read_manifest(*bytes);
    if (!content.ok()) return std::move(content).error().within("cannot read {}", path);
    out->state_ = std::move(content->state);
    out->was_torn_ = content->torn;
  } else if (bytes.error().code != Code::kNotFound) {
    return std::move(bytes).error();
  }
  TRY_VOID(out->begin());
  return out;
}

Result<std::unique_ptr<Manifest>> Manifest::create(FileSystem& files, const Clock& clock, Layout layout,
                                                   ManifestState state) {
  std::unique_ptr<Manifest> out(new Manifest(files, clock, std::move(layout)));
  out->state_ = std::move(state);
  TRY_VOID(out->begin());
  return out;
}

// Without room for a new file the old one still says what there is.
Result<void> Manifest::begin() {
  auto rewritten = rewrite();
  if (!rewritten.ok() && !broken_ && rewritten.error().code == Code::kNoSpace) return {};
  return rewritten;
}

Error Manifest::fail(Error error) {
  broken_ = true;
  return Error{Code::kUnavailable, "cannot commit to the manifest: " + error.message +
                                       "; writes are refused until the store is opened again"};
}

// A new file in place of the old: what an unfinished edit left there is gone with it.
Result<void> Manifest::rewrite() {
  const std::string path = layout_.manifest();
  const std::string temporary = path + ".tmp";
  const std::uint64_t salt =
      hash64(fmt::format("{} {} {} {}", path, clock_.now(), clock_.steady().count(), ++attempts_));
  TRY(writer, FrameLogWriter::create(files_, temporary, FrameLogKind::kManifest, salt));
  TRY_VOID(writer->append(encode_edit(whole_state(state_))));
  // From here on the new file may be the one that counts, so an error leaves it open which of them does.
  if (auto renamed = files_.rename(temporary, path); !renamed.ok()) return fail(std::move(renamed).error());
  if (auto synced = files_.sync_directory(layout_.directory()); !synced.ok()) return fail(std::move(synced).error());
  writer_ = std::move(writer);
  bytes_short_ = writer_->bytes();
  return {};
}

Result<void> Manifest::append(const std::string& edit) {
  auto appended = writer_->append(edit);
  if (appended.ok()) return {};
  const bool synced = writer_->failure() == FrameLogWriter::Failure::kWrite;
  writer_.reset();  // ends in a part of an edit
  if (!synced) return fail(std::move(appended).error());
  return std::move(appended).error().within("cannot commit to the manifest");
}

Result<void> Manifest::commit(ManifestEdit edit) {
  if (broken_)
    return error(Code::kUnavailable, "the manifest failed before; writes are refused until the store is opened again");
  edit.part_next = state_.part_next;
  const bool grown =
      writer_ && writer_->bytes() > kManifestRewriteBytes && writer_->bytes() > kManifestRewriteFactor * bytes_short_;
  if (!writer_ || grown) {
    // A long manifest does for now where there is no room for a second one: the edit may be what makes room.
    auto rewritten = rewrite();
    if (!rewritten.ok() && (broken_ || !writer_)) return std::move(rewritten).error();
  }
  TRY_VOID(append(encode_edit(edit)));
  const auto applied = apply(state_, std::move(edit));
  CHECK(applied.ok());  // the engine names parts that are there
  return {};
}

}  // namespace trilobite::storage
