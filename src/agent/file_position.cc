#include "agent/file_position.h"

#include "base/bytes.h"

namespace trilobite::agent {

std::string key_of(std::string_view job, FileId id) {
  return fmt::format("{}{}/{}/{}", kFileKeyPrefix, id.device, id.inode, job);
}

std::string encode(const FilePosition& position) {
  std::string out;
  ByteWriter writer(out);
  writer.text(position.job);
  writer.text(position.path);
  writer.varint(position.id.device);
  writer.varint(position.id.inode);
  writer.varint(position.offset);
  writer.varint(position.head_bytes);
  writer.fixed(position.head_hash);
  writer.varint(position.tail_bytes);
  writer.fixed(position.tail_hash);
  return out;
}

Result<FilePosition> decode_file_position(std::string_view bytes) {
  ByteReader reader(bytes);
  FilePosition out;
  TRY(job, reader.text());
  TRY(path, reader.text());
  TRY(device, reader.varint());
  TRY(inode, reader.varint());
  TRY(offset, reader.varint());
  TRY(head_bytes, reader.varint());
  TRY(head_hash, reader.fixed<std::uint64_t>());
  TRY(tail_bytes, reader.varint());
  TRY(tail_hash, reader.fixed<std::uint64_t>());
  if (!reader.done()) return error(Code::kCorrupt, "a file position has {} bytes too many", reader.left());
  if (head_bytes > 1u << 20 || tail_bytes > 1u << 20 || tail_bytes > offset) {
    return error(Code::kCorrupt, "a file position has a fingerprint of {} and {} bytes", head_bytes, tail_bytes);
  }
  out.job = job;
  out.path = path;
  out.id = {device, inode};
  out.offset = offset;
  out.head_bytes = static_cast<std::uint32_t>(head_bytes);
  out.head_hash = head_hash;
  out.tail_bytes = static_cast<std::uint32_t>(tail_bytes);
  out.tail_hash = tail_hash;
  return out;
}

}  // namespace trilobite::agent
