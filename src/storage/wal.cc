#include "storage/wal.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/hash.h"

namespace trilobite::storage {
namespace {

constexpr std::string_view kSegmentExtension = ".wal";

Result<std::vector<std::uint64_t>> list_segments(FileSystem& files, const Layout& layout) {
  TRY(entries, files.list(layout.wal()));
  std::vector<std::uint64_t> out;
  for (const FileInfo& entry : entries) {
    if (const auto id = file_number(entry.name, kSegmentExtension)) out.push_back(*id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void report_damage(WalReplay& replay, const std::string& path, const FrameLogContent& content) {
  for (const FrameLogContent::Damage& damage : content.damage) {
    replay.messages.push_back(fmt::format("{}: {} damaged bytes at {}; {}, the segment is kept as {}.damaged", path,
                                          damage.bytes, damage.offset,
                                          damage.repaired ? "only the header of a record is wrong and no row is lost"
                                                          : "acknowledged rows are lost",
                                          path));
  }
}

// What was found of a segment.
struct Found {
  std::uint64_t id = 0;
  std::uint64_t bytes_valid = 0;
  bool damaged = false;  // and reported
  bool removed = false;  // it held nothing
};

// A segment says how long the one in front of it was: that is how whole records missing at its end are noticed.
void check_previous(WalReplay& replay, const Layout& layout, std::uint64_t id, std::uint64_t previous_bytes,
                    const Found& previous) {
  if (previous_bytes <= kFrameLogHeaderBytes) return;
  const std::string path = layout.segment(id - 1);
  if (previous.id != id - 1 || previous.removed) {
    replay.messages.push_back(
        fmt::format("{}: it is missing or empty, but had {} bytes when {} was begun; acknowledged rows are lost", path,
                    previous_bytes, layout.segment(id)));
    replay.lost = true;
  } else if (previous.bytes_valid < previous_bytes && !previous.damaged) {
    replay.messages.push_back(
        fmt::format("{}: it ends at {}, not at {}; acknowledged rows are lost, the segment is kept as {}.damaged", path,
                    previous.bytes_valid, previous_bytes, path));
    replay.damaged.push_back(id - 1);
    std::erase_if(replay.segments, [&](const WalReplay::Segment& segment) { return segment.id == id - 1; });
  }
}

// Of one segment. `last`: nothing was written behind it, so bad bytes at its end were never acknowledged.
Result<Found> replay_segment(FileSystem& files, const Layout& layout, std::uint64_t id, bool last,
                             const Found& previous, WalReplay& replay,
                             const std::function<Result<void>(std::string_view)>& frame) {
  const std::string path = layout.segment(id);
  TRY(file, files.open(path));
  auto opened = FrameLogReader::open(FrameLogKind::kSegment, *file);
  if (!opened.ok() && opened.error().code != Code::kCorrupt)
    return std::move(opened).error().within("cannot read {}", path);
  if (!opened.ok()) {
    replay.messages.push_back(fmt::format("{}: {}; its rows are lost, the segment is kept as {}.damaged", path,
                                          opened.error().message, path));
    replay.damaged.push_back(id);
    return Found{.id = id, .damaged = true};
  }
  FrameLogReader& reader = **opened;
  const FrameLogContent& content = reader.found();
  check_previous(replay, layout, id, content.previous_bytes, previous);
  bool damaged = false, any_frame = false;
  for (;;) {
    auto payload = reader.next();
    if (!payload.ok()) return std::move(payload).error().within("cannot read {}", path);
    if (!*payload) break;
    any_frame = true;
    auto applied = frame(**payload);
    if (applied.ok()) continue;
    if (applied.error().code != Code::kCorrupt) return std::move(applied).error().within("cannot replay {}", path);
    replay.messages.push_back(fmt::format("{}: {}; acknowledged rows are lost, the segment is kept as {}.damaged", path,
                                          applied.error().message, path));
    damaged = true;
  }
  damaged = damaged || !content.damage.empty();
  report_damage(replay, path, content);
  if (content.torn && (last || damaged)) {
    replay.messages.push_back(fmt::format("{}: {} bytes of an unfinished write at its end are dropped", path,
                                          file->size() - content.bytes_valid));
    if (!damaged) TRY_VOID(files.truncate(path, content.bytes_valid));
  } else if (content.torn) {
    replay.messages.push_back(
        fmt::format("{}: damaged from {} on, and later segments exist; acknowledged rows are lost, the segment is kept "
                    "as {}.damaged",
                    path, content.bytes_valid, path));
    damaged = true;
  }
  if (damaged) replay.damaged.push_back(id);
  const bool empty = content.unused || (!any_frame && !damaged);
  if (empty) TRY_VOID(files.remove(path));
  if (!empty && !damaged) replay.segments.push_back({id, content.bytes_valid});
  return Found{id, content.bytes_valid, damaged, empty};
}

}  // namespace

Result<WalReplay> replay_wal(FileSystem& files, const Layout& layout, std::uint64_t floor,
                             const std::function<Result<void>(std::string_view frame)>& frame) {
  WalReplay out;
  TRY(ids, list_segments(files, layout));
  out.segment_next = std::max<std::uint64_t>(floor, ids.empty() ? 1 : ids.back() + 1);
  Found previous{.id = floor - 1, .damaged = true};  // those in front of the floor are of no interest
  for (const std::uint64_t id : ids) {
    if (id < floor) {
      TRY_VOID(files.remove(layout.segment(id)));
      continue;
    }
    TRY(found, replay_segment(files, layout, id, id == ids.back(), previous, out, frame));
    previous = found;
  }
  return out;
}

Result<void> quarantine_segments(FileSystem& files, const Layout& layout, const std::vector<std::uint64_t>& segments) {
  for (const std::uint64_t id : segments) TRY_VOID(files.rename(layout.segment(id), layout.segment(id) + ".damaged"));
  return segments.empty() ? Result<void>() : files.sync_directory(layout.wal());
}

Result<std::unique_ptr<Wal>> Wal::create(FileSystem& files, const Clock& clock, Layout layout,
                                         const WalReplay& replay) {
  std::unique_ptr<Wal> out(new Wal(files, clock, std::move(layout)));
  out->finished_ = replay.segments;
  out->segment_ = replay.segment_next - 1;
  // Without room for a segment everything can still be read.
  if (auto begun = out->make_writable(); !begun.ok() && begun.error().code != Code::kNoSpace)
    return std::move(begun).error();
  return out;
}

Result<void> Wal::make_writable() {
  if (broken_)
    return error(Code::kUnavailable, "the WAL failed before; writes are refused until the store is opened again");
  return writer_ ? Result<void>() : recover_space();
}

Result<std::unique_ptr<FrameLogWriter>> Wal::begin_segment(std::uint64_t id, std::uint64_t previous_bytes) {
  const std::string path = layout_.segment(id);
  const std::uint64_t salt =
      hash64(fmt::format("{} {} {} {}", path, clock_.now(), clock_.steady().count(), ++attempts_));
  const bool fits = previous_bytes <= std::numeric_limits<std::uint32_t>::max();
  auto writer = FrameLogWriter::create(files_, path, FrameLogKind::kSegment, salt,
                                       fits ? static_cast<std::uint32_t>(previous_bytes) : 0);
  if (writer.ok()) {
    auto synced = files_.sync_directory(layout_.wal());
    if (synced.ok()) return writer;
    static_cast<void>(files_.remove(path));
    return std::move(synced).error().within("cannot begin {}", path);
  }
  static_cast<void>(files_.remove(path));  // an empty file does no harm either
  return std::move(writer).error().within("cannot begin {}", path);
}

Result<void> Wal::recover_space() {
  if (needs_cut_) {
    if (auto cut = files_.truncate(layout_.segment(segment_), cut_bytes_); !cut.ok()) {
      if (cut.error().code != Code::kNoSpace) broken_ = true;
      return std::move(cut).error().within("cannot cut off an unfinished write");
    }
    needs_cut_ = false;
    finished_.push_back({segment_, cut_bytes_});
  }
  const bool follows = !finished_.empty() && finished_.back().id == segment_;
  auto writer = begin_segment(segment_ + 1, follows ? finished_.back().bytes : 0);
  if (!writer.ok()) return std::move(writer).error();
  writer_ = std::move(writer).value();
  ++segment_;
  return {};
}

Result<void> Wal::append(std::string_view frame) {
  if (broken_)
    return error(Code::kUnavailable, "the WAL failed before; writes are refused until the store is opened again");
  if (!writer_) {
    if (auto recovered = recover_space(); !recovered.ok()) {
      if (broken_) return append(frame);
      return Error{Code::kNoSpace, recovered.error().message};
    }
  }
  auto appended = writer_->append(frame);
  if (appended.ok()) return {};
  if (writer_->failure() == FrameLogWriter::Failure::kWrite && appended.error().code == Code::kNoSpace) {
    needs_cut_ = true;
    cut_bytes_ = writer_->bytes();
    writer_.reset();
    // At once, so that what was refused does not come back after a crash; when it fails, before the next append.
    if (files_.truncate(layout_.segment(segment_), cut_bytes_).ok()) {
      needs_cut_ = false;
      finished_.push_back({segment_, cut_bytes_});
    }
    return std::move(appended).error();
  }
  broken_ = true;
  return Error{Code::kUnavailable, appended.error().message + "; writes are refused until the store is opened again"};
}

Result<std::uint64_t> Wal::rotate() {
  if (broken_)
    return error(Code::kUnavailable, "the WAL failed before; writes are refused until the store is opened again");
  if (!writer_) {
    TRY_VOID(recover_space());
    return segment_;
  }
  TRY(writer, begin_segment(segment_ + 1, writer_->bytes()));
  finished_.push_back({segment_, writer_->bytes()});
  writer_ = std::move(writer);
  return ++segment_;
}

void Wal::remove_below(std::uint64_t floor) {
  for (const auto& [id, bytes] : finished_) {
    if (id < floor) static_cast<void>(files_.remove(layout_.segment(id)));
  }
  std::erase_if(finished_, [&](const auto& segment) { return segment.id < floor; });
}

std::uint64_t Wal::bytes() const {
  std::uint64_t total = writer_ ? writer_->bytes() : 0;
  for (const auto& [id, bytes] : finished_) total += bytes;
  return total;
}

}  // namespace trilobite::storage
