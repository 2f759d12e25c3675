#include "logs/delete_file.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace trilobite::logql {
namespace {

constexpr std::uint64_t kMagic = 0x4C45444F4C495254;  // "TRILODEL"
constexpr std::uint32_t kVersion = 1;

Result<DeleteRequest> get_request(ByteReader& in) {
  DeleteRequest out;
  TRY(id, in.text());
  TRY(number, in.varint());
  TRY(tenant, in.text());
  TRY(query, in.text());
  TRY(start, in.fixed<TimeNs>());
  TRY(end, in.fixed<TimeNs>());
  TRY(created, in.fixed<TimeNs>());
  TRY(state, in.fixed<std::uint8_t>());
  if (state > static_cast<std::uint8_t>(DeleteRequest::State::kProcessed))
    return error(Code::kCorrupt, "state {} of a delete request", state);
  out.id = std::string(id);
  out.number = number;
  out.tenant = std::string(tenant);
  out.query = std::string(query);
  out.start = start;
  out.end = end;
  out.created = created;
  out.state = static_cast<DeleteRequest::State>(state);
  return out;
}

}  // namespace

std::string encode_deletes(const std::vector<DeleteRequest>& requests) {
  std::string out;
  ByteWriter writer(out);
  writer.fixed(kMagic);
  writer.fixed(kVersion);
  writer.varint(requests.size());
  for (const DeleteRequest& request : requests) {
    writer.text(request.id);
    writer.varint(request.number);
    writer.text(request.tenant);
    writer.text(request.query);
    writer.fixed(request.start);
    writer.fixed(request.end);
    writer.fixed(request.created);
    writer.fixed(static_cast<std::uint8_t>(request.state));
  }
  writer.fixed(hash64(out));
  return out;
}

Result<std::vector<DeleteRequest>> decode_deletes(std::string_view bytes) {
  if (bytes.size() < sizeof(std::uint64_t)) return error(Code::kCorrupt, "{} bytes are too few", bytes.size());
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  ByteReader tail(bytes.substr(body.size()));
  TRY(hash, tail.fixed<std::uint64_t>());
  if (hash != hash64(body)) return error(Code::kCorrupt, "its checksum is wrong");
  ByteReader in(body);
  TRY(magic, in.fixed<std::uint64_t>());
  TRY(version, in.fixed<std::uint32_t>());
  if (magic != kMagic) return error(Code::kCorrupt, "it begins with {:016x}, not with its magic number", magic);
  if (version != kVersion) return error(Code::kUnsupported, "it has version {}, this program knows 1", version);
  TRY(count, in.varint());
  std::vector<DeleteRequest> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(request, get_request(in));
    out.push_back(std::move(request));
  }
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
  return out;
}

}  // namespace trilobite::logql
