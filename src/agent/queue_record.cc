#include "agent/queue_record.h"

#include "agent/limits.h"
#include "base/bytes.h"
#include "base/compress.h"
#include "base/hash.h"

namespace trilobite::agent {
namespace {

constexpr std::size_t kFrameBytes = 4 + 8 + 8 + 1;  // length of the payload, hash of what follows, sequence, kind

}  // namespace

std::string encode_commit(const Commit& commit) {
  std::string out;
  ByteWriter writer(out);
  writer.varint(commit.pushes.size());
  for (const Push& push : commit.pushes) {
    writer.text(push.tenant);
    writer.varint(push.body.size());
    writer.text(snappy_compress(push.body));
  }
  writer.varint(commit.positions.size());
  for (const PositionChange& change : commit.positions) {
    writer.text(change.key);
    writer.fixed<std::uint8_t>(change.value ? 1 : 0);
    if (change.value) writer.text(*change.value);
  }
  return out;
}

Result<Commit> decode_commit(std::string_view payload) {
  ByteReader reader(payload);
  Commit out;
  TRY(pushes, reader.varint());
  for (std::uint64_t i = 0; i < pushes; ++i) {
    TRY(tenant, reader.text());
    TRY(size, reader.varint());
    TRY(packed, reader.text());
    if (size > kRecordBytesMax) return error(Code::kCorrupt, "a batch claims to have {} bytes", size);
    TRY(body, snappy_decompress(packed, size));
    if (body.size() != size) return error(Code::kCorrupt, "a batch has {} bytes, not {}", body.size(), size);
    out.pushes.push_back({std::string(tenant), std::move(body)});
  }
  TRY(positions, reader.varint());
  for (std::uint64_t i = 0; i < positions; ++i) {
    PositionChange change;
    TRY(key, reader.text());
    change.key = key;
    TRY(present, reader.fixed<std::uint8_t>());
    if (present > 1) return error(Code::kCorrupt, "a position has flag {}", present);
    if (present == 1) {
      TRY(value, reader.text());
      change.value = std::string(value);
    }
    out.positions.push_back(std::move(change));
  }
  if (!reader.done()) return error(Code::kCorrupt, "{} bytes too many after a commit", reader.left());
  return out;
}

std::string encode_snapshot(const Positions& positions) {
  std::string out;
  ByteWriter writer(out);
  writer.varint(positions.size());
  for (const auto& [key, value] : positions) {
    writer.text(key);
    writer.text(value);
  }
  return out;
}

Result<Positions> decode_snapshot(std::string_view payload) {
  ByteReader reader(payload);
  Positions out;
  TRY(count, reader.varint());
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(key, reader.text());
    TRY(value, reader.text());
    out.emplace(key, value);
  }
  if (!reader.done()) return error(Code::kCorrupt, "{} bytes too many after a snapshot", reader.left());
  return out;
}

void apply_commit(const Commit& commit, Positions& positions) {
  for (const PositionChange& change : commit.positions) {
    if (change.value) {
      positions.insert_or_assign(change.key, *change.value);
    } else {
      positions.erase(change.key);
    }
  }
}

std::string frame_record(RecordKind kind, std::uint64_t sequence, std::string_view payload) {
  std::string body;
  body.reserve(9 + payload.size());
  ByteWriter body_writer(body);
  body_writer.fixed(sequence);
  body_writer.fixed(static_cast<std::uint8_t>(kind));
  body_writer.bytes(payload);

  std::string out;
  out.reserve(kFrameBytes + payload.size());
  ByteWriter writer(out);
  writer.fixed(static_cast<std::uint32_t>(payload.size()));
  writer.fixed(hash64(body));
  writer.bytes(body);
  return out;
}

Result<RecordView> take_record(std::string_view& bytes) {
  ByteReader reader(bytes);
  TRY(length, reader.fixed<std::uint32_t>());
  TRY(hash, reader.fixed<std::uint64_t>());
  if (length > kRecordBytesMax) return error(Code::kCorrupt, "a record claims to have {} bytes", length);
  TRY(body, reader.bytes(9 + static_cast<std::size_t>(length)));
  if (hash64(body) != hash) return error(Code::kCorrupt, "a record of {} bytes does not have its checksum", length);
  ByteReader body_reader(body);
  TRY(sequence, body_reader.fixed<std::uint64_t>());
  TRY(kind, body_reader.fixed<std::uint8_t>());
  if (kind != 1 && kind != 2) return error(Code::kCorrupt, "a record is of the unknown kind {}", kind);
  bytes.remove_prefix(kFrameBytes + length);
  return RecordView{static_cast<RecordKind>(kind), sequence, body.substr(9)};
}

}  // namespace trilobite::agent
