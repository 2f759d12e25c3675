#include "storage/frame_log.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"

namespace trilobite::storage {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kSectorBytes = 512;  // what a disk writes as a whole, at least

struct FrameHeader {
  std::uint32_t marker;  // lets a reader find the next frame behind a bad one
  std::uint32_t length;
  std::uint64_t hash;
};
static_assert(sizeof(FrameHeader) == kFrameHeaderBytes);

std::uint32_t marker_of(std::uint64_t salt) {
  return static_cast<std::uint32_t>(salt) | 1u;
}  // never zero: holes are zeros

// The place and the length are part of the hash: a frame that was moved or cut does not pass.
std::uint64_t frame_hash(std::uint64_t salt, std::uint64_t offset, std::string_view payload) {
  return hash64(payload, salt + offset * 0x9E3779B97F4A7C15ull + payload.size());
}

// The payload of a valid frame at `offset`; its data() is null when there is none.
std::string_view frame_at(std::string_view content, std::uint64_t salt, std::uint64_t offset) {
  if (content.size() - offset < kFrameHeaderBytes) return {};
  FrameHeader header;
  std::memcpy(&header, content.data() + offset, sizeof header);
  if (header.marker != marker_of(salt) || header.length > content.size() - offset - kFrameHeaderBytes) return {};
  const std::string_view payload = content.substr(offset + kFrameHeaderBytes, header.length);
  return frame_hash(salt, offset, payload) == header.hash ? payload : std::string_view();
}

// The next valid frame at or behind `offset`, or the end.
std::uint64_t find_frame(std::string_view content, std::uint64_t salt, std::uint64_t offset) {
  const std::uint32_t marker = marker_of(salt);
  const std::string_view bytes(reinterpret_cast<const char*>(&marker), sizeof marker);
  for (std::size_t at = content.find(bytes, offset); at != std::string_view::npos; at = content.find(bytes, at + 1)) {
    if (frame_at(content, salt, at).data() != nullptr) return at;
  }
  return content.size();
}

// Of the bad bytes from `offset` to `end`: the payload, if only marker or length of a single frame are wrong.
std::string_view repair_frame(std::string_view content, std::uint64_t salt, std::uint64_t offset, std::uint64_t end) {
  if (end - offset < kFrameHeaderBytes) return {};
  FrameHeader header;
  std::memcpy(&header, content.data() + offset, sizeof header);
  const std::string_view payload = content.substr(offset + kFrameHeaderBytes, end - offset - kFrameHeaderBytes);
  return frame_hash(salt, offset, payload) == header.hash ? payload : std::string_view();
}

bool is_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

// Whether a write that the power interrupted can have left these bytes at the end of a file: a sector that did not get
// to the disk is zero, or the file ends before it.
bool may_be_torn(std::string_view content, std::uint64_t salt, std::uint64_t offset) {
  for (std::uint64_t at = offset; at < content.size();) {
    const std::uint64_t end = std::min<std::uint64_t>(content.size(), (at / kSectorBytes + 1) * kSectorBytes);
    if (is_zero(content.substr(at, end - at))) return true;
    at = end;
  }
  if (content.size() - offset < kFrameHeaderBytes) return true;
  FrameHeader header;
  std::memcpy(&header, content.data() + offset, sizeof header);
  return header.marker == marker_of(salt) && header.length > content.size() - offset - kFrameHeaderBytes;
}

}  // namespace

std::string frame_log_header(FrameLogKind kind, std::uint64_t salt, std::uint32_t previous_bytes) {
  std::string out;
  ByteWriter writer(out);
  writer.fixed(static_cast<std::uint64_t>(kind));
  writer.fixed(kVersion);
  writer.fixed(previous_bytes);
  writer.fixed(salt);
  writer.fixed(hash64(out));
  CHECK(out.size() == kFrameLogHeaderBytes);
  return out;
}

void append_frame(std::string& out, std::uint64_t salt, std::uint64_t offset, std::string_view payload) {
  CHECK(payload.size() <= 0xFFFFFFFFu);
  ByteWriter writer(out);
  writer.fixed(marker_of(salt));
  writer.fixed(static_cast<std::uint32_t>(payload.size()));
  writer.fixed(frame_hash(salt, offset, payload));
  writer.bytes(payload);
}

Result<FrameLogContent> read_frame_log(FrameLogKind kind, std::string_view content) {
  FrameLogContent out;
  const std::string_view head = content.substr(0, kFrameLogHeaderBytes);
  if (head.size() < kFrameLogHeaderBytes || (content.size() == kFrameLogHeaderBytes && is_zero(head))) {
    out.unused = true;
    return out;
  }
  ByteReader reader(head);
  TRY(magic, reader.fixed<std::uint64_t>());
  TRY(version, reader.fixed<std::uint32_t>());
  TRY(previous_bytes, reader.fixed<std::uint32_t>());
  TRY(salt, reader.fixed<std::uint64_t>());
  TRY(hash, reader.fixed<std::uint64_t>());
  if (magic != static_cast<std::uint64_t>(kind))
    return error(Code::kCorrupt, "the file begins with {:016x}, not with its magic number", magic);
  if (hash != hash64(head.substr(0, 24))) return error(Code::kCorrupt, "the checksum of the header is wrong");
  if (version > kVersion)
    return error(Code::kUnsupported, "the file has format version {}, this program knows up to {}", version, kVersion);
  out.salt = salt;
  out.previous_bytes = previous_bytes;

  std::uint64_t at = kFrameLogHeaderBytes;
  out.bytes_valid = at;
  while (at < content.size()) {
    const std::string_view payload = frame_at(content, salt, at);
    if (payload.data() != nullptr) {
      out.frames.push_back(payload);
      at += kFrameHeaderBytes + payload.size();
      if (out.damage.empty()) out.bytes_valid = at;
      continue;
    }
    const std::uint64_t next = find_frame(content, salt, at + 1);
    const std::string_view repaired = repair_frame(content, salt, at, next);
    if (repaired.data() == nullptr && next == content.size() && may_be_torn(content, salt, at)) {
      out.torn = true;
      break;
    }
    if (repaired.data() != nullptr) out.frames.push_back(repaired);
    out.damage.push_back({at, next - at, repaired.data() != nullptr});
    at = next;
  }
  return out;
}

Result<std::unique_ptr<FrameLogWriter>> FrameLogWriter::create(FileSystem& files, const std::string& path,
                                                               FrameLogKind kind, std::uint64_t salt,
                                                               std::uint32_t previous_bytes) {
  TRY(file, files.create(path));
  TRY_VOID(file->append(frame_log_header(kind, salt, previous_bytes)));
  TRY_VOID(file->sync());
  return std::unique_ptr<FrameLogWriter>(new FrameLogWriter(std::move(file), salt));
}

Result<void> FrameLogWriter::append(std::string_view payload) {
  CHECK(failure_ == Failure::kNone);
  std::string frame;
  frame.reserve(kFrameHeaderBytes + payload.size());
  append_frame(frame, salt_, bytes_, payload);
  if (auto written = file_->append(frame); !written.ok()) {
    failure_ = Failure::kWrite;
    return std::move(written).error();
  }
  if (auto synced = file_->sync(); !synced.ok()) {
    failure_ = Failure::kSync;
    return std::move(synced).error();
  }
  bytes_ += frame.size();
  return {};
}

}  // namespace trilobite::storage
