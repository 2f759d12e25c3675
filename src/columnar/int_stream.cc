#include "columnar/int_stream.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "columnar/int_packing.h"

namespace trilobite::columnar {
namespace {

enum Mode : std::uint8_t { kConstantMode = 0, kVectorsMode = 1, kRunsMode = 2, kDeltasMode = 3 };

std::size_t vectors_of(std::size_t count) { return (count + kVectorRows - 1) / kVectorRows; }

std::string encode_vectors(std::span<const std::int64_t> values) {
  std::string out(1, static_cast<char>(kVectorsMode));
  const std::size_t vectors = vectors_of(values.size());
  const std::size_t table = out.size();
  out.resize(table + (vectors - 1) * 2);
  for (std::size_t v = 0; v < vectors; ++v) {
    const std::size_t begin = out.size(), at = v * kVectorRows;
    pack_vector(values.subspan(at, std::min(kVectorRows, values.size() - at)), out);
    // At most 8 KiB of packed numbers and an eighth of the values as exceptions.
    const auto size = static_cast<std::uint16_t>(out.size() - begin);
    if (v + 1 < vectors) std::memcpy(out.data() + table + v * 2, &size, 2);
  }
  return out;
}

std::string encode_runs(std::span<const std::int64_t> values, std::size_t runs) {
  std::vector<std::int64_t> heads, lengths;
  heads.reserve(runs);
  lengths.reserve(runs);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == 0 || values[i] != values[i - 1]) {
      heads.push_back(values[i]);
      lengths.push_back(0);
    }
    ++lengths.back();
  }
  std::string out(1, static_cast<char>(kRunsMode));
  ByteWriter(out).varint(heads.size());
  pack_ints(heads, out);
  pack_ints(lengths, out);
  return out;
}

std::string encode_deltas(std::span<const std::int64_t> values) {
  std::vector<std::int64_t> deltas(values.size());
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    deltas[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) - before);
    before = static_cast<std::uint64_t>(values[i]);
  }
  std::string out(1, static_cast<char>(kDeltasMode));
  pack_ints(deltas, out);
  return out;
}

}  // namespace

std::string encode_int_stream(std::span<const std::int64_t> values) {
  std::size_t runs = values.empty() ? 0 : 1, rising = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    runs += values[i] != values[i - 1];
    rising += values[i] >= values[i - 1];
  }
  if (runs <= 1) {
    std::string out(1, static_cast<char>(kConstantMode));
    ByteWriter(out).varint(values.empty() ? 0 : zigzag(values[0]));
    return out;
  }
  std::string out = encode_vectors(values);
  if (runs < values.size() / 8) {
    if (std::string other = encode_runs(values, runs); other.size() < out.size()) out = std::move(other);
  }
  // One value can no longer be read alone, so it must pay: counters and times, which mostly rise.
  if (rising > values.size() * 9 / 10) {
    if (std::string other = encode_deltas(values); other.size() < out.size() * 3 / 4) out = std::move(other);
  }
  return out;
}

Result<IntStream> IntStream::open(std::string_view bytes, std::size_t count) {
  ByteReader in(bytes);
  IntStream out;
  TRY(mode, in.fixed<std::uint8_t>());
  if (mode > kDeltasMode) return error(Code::kCorrupt, "integers of an unknown form {}", mode);
  out.mode_ = mode;
  out.count_ = count;
  if (mode == kVectorsMode && count > 0) {
    TRY(sizes, in.bytes((vectors_of(count) - 1) * 2));
    out.sizes_ = sizes;
  }
  TRY(body, in.bytes(in.left()));
  out.body_ = body;
  return out;
}

Result<void> IntStream::read(std::span<std::int64_t> values) const {
  ByteReader in(body_);
  switch (mode_) {
    case kConstantMode: {
      TRY(value, in.varint());
      std::fill(values.begin(), values.end(), unzigzag(value));
      break;
    }
    case kVectorsMode:
      TRY_VOID(unpack_ints(in, values));
      break;
    case kRunsMode: {
      TRY(runs, in.varint());
      if (runs > values.size()) return error(Code::kCorrupt, "{} runs of {} values", runs, values.size());
      std::vector<std::int64_t> heads(static_cast<std::size_t>(runs)), lengths(static_cast<std::size_t>(runs));
      TRY_VOID(unpack_ints(in, heads));
      TRY_VOID(unpack_ints(in, lengths));
      std::size_t filled = 0;
      for (std::size_t i = 0; i < heads.size(); ++i) {
        if (lengths[i] < 1 || static_cast<std::uint64_t>(lengths[i]) > values.size() - filled)
          return error(Code::kCorrupt, "a run of {} after {} of {} values", lengths[i], filled, values.size());
        std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(filled), lengths[i], heads[i]);
        filled += static_cast<std::size_t>(lengths[i]);
      }
      if (filled != values.size()) return error(Code::kCorrupt, "runs of {} instead of {}", filled, values.size());
      break;
    }
    default: {
      TRY_VOID(unpack_ints(in, values));
      std::uint64_t sum = 0;
      for (std::int64_t& value : values) value = static_cast<std::int64_t>(sum += static_cast<std::uint64_t>(value));
    }
  }
  if (!in.done()) return error(Code::kCorrupt, "{} bytes behind the integers", in.left());
  return {};
}

Result<std::string_view> IntStream::vector_bytes(std::size_t vector) const {
  std::size_t begin = 0, size = 0;
  for (std::size_t v = 0; v <= vector && v * 2 < sizes_.size(); ++v) {
    std::uint16_t bytes;
    std::memcpy(&bytes, sizes_.data() + v * 2, 2);
    if (v < vector) begin += bytes;
    size = bytes;
  }
  if (begin > body_.size()) return error(Code::kCorrupt, "vector {} begins behind the integers", vector);
  if (vector * 2 >= sizes_.size()) size = body_.size() - begin;
  if (size > body_.size() - begin) return error(Code::kCorrupt, "vector {} ends behind the integers", vector);
  return body_.substr(begin, size);
}

Result<std::int64_t> IntStream::at(std::size_t position) const {
  if (mode_ == kConstantMode) {
    TRY(value, ByteReader(body_).varint());
    return unzigzag(value);
  }
  const std::size_t vector = position / kVectorRows;
  TRY(bytes, vector_bytes(vector));
  ByteReader in(bytes);
  return unpack_one(in, std::min(kVectorRows, count_ - vector * kVectorRows), position % kVectorRows);
}

}  // namespace trilobite::columnar
