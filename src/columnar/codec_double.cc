// Doubles by their bits, so that every NaN and the sign of zero survive: constant, plain, or plain through zstd. The
// encodings made for measured values (ALP, exact integers) come with metrics.
#include <algorithm>
#include <cstring>

#include "base/compress.h"
#include "columnar/codec_table.h"
#include "columnar/frame.h"

namespace trilobite::columnar {
namespace {

using Doubles = std::vector<double>;

std::string_view bytes_of(const Doubles& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

Result<Column> from_bytes(std::string_view bytes, DecodeShape shape) {
  if (bytes.size() != shape.rows * sizeof(double))
    return error(Code::kCorrupt, "{} bytes for {} rows", bytes.size(), shape.rows);
  Doubles values(shape.rows);
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return Column(std::move(values));
}

const Doubles& values_of(const Column& column) { return std::get<Doubles>(column.values()); }

std::size_t estimate_constant(const Column& column) {
  const std::string_view bytes = bytes_of(values_of(column));
  // Equal to itself moved by one value means all are equal.
  const bool constant =
      !bytes.empty() && bytes.substr(sizeof(double)) == bytes.substr(0, bytes.size() - sizeof(double));
  return constant ? sizeof(double) : kNotPossible;
}

void encode_constant(const Column& column, int, std::string& out) {
  out += bytes_of(values_of(column)).substr(0, sizeof(double));
}

Result<Column> decode_constant(std::string_view bytes, DecodeShape shape) {
  if (bytes.size() != sizeof(double)) return error(Code::kCorrupt, "{} bytes for a double", bytes.size());
  double value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return Column(Doubles(shape.rows, value));
}

std::size_t estimate_plain(const Column& column) { return bytes_of(values_of(column)).size(); }

void encode_plain(const Column& column, int, std::string& out) { out += bytes_of(values_of(column)); }

std::size_t estimate_zstd(const Column& column) { return sampled_zstd_bytes(bytes_of(values_of(column))); }

void encode_zstd(const Column& column, int level, std::string& out) {
  out += zstd_compress(bytes_of(values_of(column)), level);
}

Result<Column> decode_zstd(std::string_view bytes, DecodeShape shape) {
  TRY(raw, zstd_decompress(bytes, shape.rows * sizeof(double)));
  return from_bytes(raw, shape);
}

}  // namespace

const Codec kDoubleConstantCodec{Encoding::kDoubleConstant, "double-constant", Kind::kDouble,
                                 estimate_constant,         encode_constant,   decode_constant};
const Codec kDoublePlainCodec{Encoding::kDoublePlain, "double-plain", Kind::kDouble,
                              estimate_plain,         encode_plain,   from_bytes};
const Codec kDoubleZstdCodec{Encoding::kDoubleZstd, "double-zstd", Kind::kDouble,
                             estimate_zstd,         encode_zstd,   decode_zstd};

}  // namespace trilobite::columnar
