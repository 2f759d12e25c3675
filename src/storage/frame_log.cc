#include "storage/frame_log.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"

namespace trilobite::storage {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kSectorBytes = 512;  // what a disk writes as a whole, at least
constexpr std::uint64_t kBlockBytes = 256u << 10;  // that a file is read in: it stays in the cache of a core

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

// Bytes of a file from `begin` on; offsets are those of the file.
struct Stretch {
  std::string_view bytes;
  std::uint64_t begin = 0;

  std::uint64_t end() const { return begin + bytes.size(); }
  std::string_view from(std::uint64_t offset, std::uint64_t length) const {
    return bytes.substr(static_cast<std::size_t>(offset - begin), static_cast<std::size_t>(length));
  }
  FrameHeader header(std::uint64_t offset) const {
    FrameHeader out;
    std::memcpy(&out, from(offset, sizeof out).data(), sizeof out);
    return out;
  }
};

// The payload of a valid frame at `offset`; its data() is null when there is none.
std::string_view frame_at(const Stretch& file, std::uint64_t salt, std::uint64_t offset) {
  if (file.end() - offset < kFrameHeaderBytes) return {};
  const FrameHeader header = file.header(offset);
  if (header.marker != marker_of(salt) || header.length > file.end() - offset - kFrameHeaderBytes) return {};
  const std::string_view payload = file.from(offset + kFrameHeaderBytes, header.length);
  return frame_hash(salt, offset, payload) == header.hash ? payload : std::string_view();
}

// The next valid frame at or behind `offset`, or the end.
std::uint64_t find_frame(const Stretch& file, std::uint64_t salt, std::uint64_t offset) {
  const std::uint32_t marker = marker_of(salt);
  const std::string_view bytes(reinterpret_cast<const char*>(&marker), sizeof marker);
  for (std::size_t at = file.bytes.find(bytes, offset - file.begin); at != std::string_view::npos;
       at = file.bytes.find(bytes, at + 1)) {
    if (frame_at(file, salt, file.begin + at).data() != nullptr) return file.begin + at;
  }
  return file.end();
}

// Of the bad bytes from `offset` to `end`: the payload, if only marker or length of a single frame are wrong.
std::string_view repair_frame(const Stretch& file, std::uint64_t salt, std::uint64_t offset, std::uint64_t end) {
  if (end - offset < kFrameHeaderBytes) return {};
  const std::string_view payload = file.from(offset + kFrameHeaderBytes, end - offset - kFrameHeaderBytes);
  return frame_hash(salt, offset, payload) == file.header(offset).hash ? payload : std::string_view();
}

bool is_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

// Whether a write that the power interrupted can have left these bytes at the end of a file: a sector that did not get
// to the disk is zero, or the file ends before it.
bool may_be_torn(const Stretch& file, std::uint64_t salt, std::uint64_t offset) {
  for (std::uint64_t at = offset; at < file.end();) {
    const std::uint64_t end = std::min<std::uint64_t>(file.end(), (at / kSectorBytes + 1) * kSectorBytes);
    if (is_zero(file.from(at, end - at))) return true;
    at = end;
  }
  if (file.end() - offset < kFrameHeaderBytes) return true;
  const FrameHeader header = file.header(offset);
  return header.marker == marker_of(salt) && header.length > file.end() - offset - kFrameHeaderBytes;
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

Result<void> FrameLogReader::take_header(FrameLogKind kind, std::string_view head) {
  if (head.size() < kFrameLogHeaderBytes || (size_ == kFrameLogHeaderBytes && is_zero(head))) {
    found_.unused = true;
    at_ = size_;
    return {};
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
  found_.salt = salt;
  found_.previous_bytes = previous_bytes;
  found_.bytes_valid = at_ = kFrameLogHeaderBytes;
  return {};
}

// These bytes of the file, until the next call; those behind them are read along.
Result<std::string_view> FrameLogReader::view(std::uint64_t offset, std::uint64_t length) {
  if (offset < block_at_ || offset + length > block_at_ + block_.size()) {
    const std::uint64_t bytes = std::max(length, std::min<std::uint64_t>(kBlockBytes, size_ - offset));
    block_.clear();
    TRY(read, file_->read(offset, static_cast<std::size_t>(bytes)));
    block_ = std::move(read);
    block_at_ = offset;
  }
  return std::string_view(block_).substr(static_cast<std::size_t>(offset - block_at_),
                                         static_cast<std::size_t>(length));
}

Result<std::string_view> FrameLogReader::frame_here() {
  const std::uint64_t left = size_ - at_;
  if (left < kFrameHeaderBytes) return std::string_view();
  TRY(front, view(at_, kFrameHeaderBytes));
  const FrameHeader header = Stretch{front, at_}.header(at_);
  if (header.marker != marker_of(found_.salt) || header.length > left - kFrameHeaderBytes) return std::string_view();
  TRY(bytes, view(at_, kFrameHeaderBytes + header.length));
  return frame_at({bytes, at_}, found_.salt, at_);
}

// data() is null at the end.
std::string_view FrameLogReader::next_of_rest() {
  const Stretch file{*rest_, rest_at_};
  while (at_ < size_) {
    const std::string_view payload = frame_at(file, found_.salt, at_);
    if (payload.data() != nullptr) {
      at_ += kFrameHeaderBytes + payload.size();
      if (found_.damage.empty()) found_.bytes_valid = at_;
      return payload;
    }
    const std::uint64_t next = find_frame(file, found_.salt, at_ + 1);
    const std::string_view repaired = repair_frame(file, found_.salt, at_, next);
    if (repaired.data() == nullptr && next == size_ && may_be_torn(file, found_.salt, at_)) {
      found_.torn = true;
      at_ = size_;
      break;
    }
    found_.damage.push_back({at_, next - at_, repaired.data() != nullptr});
    at_ = next;
    if (repaired.data() != nullptr) return repaired;
  }
  return {};
}

Result<std::optional<std::string_view>> FrameLogReader::next() {
  if (!rest_ && at_ < size_) {
    TRY(payload, frame_here());
    if (payload.data() != nullptr) {
      at_ += kFrameHeaderBytes + payload.size();
      found_.bytes_valid = at_;
      return std::optional(payload);
    }
    TRY(rest, view(at_, size_ - at_));
    rest_ = rest;
    rest_at_ = at_;
  }
  const std::string_view payload = rest_ ? next_of_rest() : std::string_view();
  return payload.data() != nullptr ? std::optional(payload) : std::nullopt;
}

Result<std::unique_ptr<FrameLogReader>> FrameLogReader::open(FrameLogKind kind, const ReadableFile& file) {
  std::unique_ptr<FrameLogReader> out(new FrameLogReader);
  out->file_ = &file;
  out->size_ = file.size();
  TRY(head, out->view(0, std::min<std::uint64_t>(kFrameLogHeaderBytes, out->size_)));
  TRY_VOID(out->take_header(kind, head));
  return out;
}

Result<FrameLogContent> read_frame_log(FrameLogKind kind, std::string_view content) {
  FrameLogReader reader;
  reader.size_ = content.size();
  reader.rest_ = content;
  TRY_VOID(reader.take_header(kind, content.substr(0, kFrameLogHeaderBytes)));
  std::vector<std::string_view> frames;
  for (std::string_view frame = reader.next_of_rest(); frame.data() != nullptr; frame = reader.next_of_rest())
    frames.push_back(frame);
  reader.found_.frames = std::move(frames);
  return std::move(reader.found_);
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
