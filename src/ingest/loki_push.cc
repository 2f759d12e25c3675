#include "ingest/loki_push.h"

#include <algorithm>

#include "base/compress.h"

namespace trilobite::ingest {
namespace {

bool is_json(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type == "application/json";
}

// Clients know these words of Go's libraries.
Error unpack_error(Error failed, std::string_view text) {
  if (failed.code == Code::kLimit) return failed;
  return Error{Code::kInvalid, std::string(text)};
}

Result<std::string> unpack(std::string_view bytes, std::string_view encoding, std::size_t bytes_max) {
  if (encoding == "gzip") {
    auto raw = gzip_decompress(bytes, bytes_max);
    if (!raw.ok()) return unpack_error(std::move(raw).error(), "gzip: invalid header");
    return raw;
  }
  auto raw = deflate_decompress(bytes, bytes_max);
  if (!raw.ok()) return unpack_error(std::move(raw).error(), "flate: corrupt input");
  return raw;
}

Result<std::string> unpack_snappy(std::string_view bytes, std::size_t bytes_max) {
  auto raw = snappy_decompress(bytes, bytes_max);
  if (!raw.ok()) return unpack_error(std::move(raw).error(), "snappy: corrupt input");
  return raw;
}

}  // namespace

Result<LogPush> decode_loki_push(const PushBody& body, const PushLimits& limits, LabelCache& labels) {
  const std::string_view encoding = body.content_encoding;
  if (!encoding.empty() && encoding != "snappy" && encoding != "gzip" && encoding != "deflate") {
    return error(Code::kInvalid, "Content-Encoding \"{}\" not supported", encoding);
  }
  const std::size_t bytes_max = limits.bytes_decoded_max;
  const bool packed = encoding == "gzip" || encoding == "deflate";
  std::string unpacked;
  std::string_view bytes = body.bytes;
  if (packed) {
    TRY(raw, unpack(bytes, encoding, bytes_max));
    unpacked = std::move(raw);
    bytes = unpacked;
  }
  if (!is_json(body.content_type)) {
    TRY(message, unpack_snappy(bytes, bytes_max));  // protobuf is always in snappy, whatever is around it
    return decode_push_protobuf(message, labels);
  }
  if (encoding == "snappy") {
    TRY(raw, unpack_snappy(bytes, bytes_max));
    unpacked = std::move(raw);
  } else if (!packed) {
    unpacked = std::string(bytes);
  }
  return decode_push_json(std::move(unpacked), labels);
}

}  // namespace trilobite::ingest
