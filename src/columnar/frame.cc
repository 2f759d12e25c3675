#include "columnar/frame.h"

#include <algorithm>

#include "base/compress.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kWorthwhileBytes = 32;  // shorter runs are left alone

// zstd makes at most 128 KiB from the four bytes of a run-length block.
constexpr std::uint64_t kExpansionMax = 32768;

}  // namespace

void append_frame(std::string_view raw, int zstd_level, std::string& out) {
  ByteWriter writer(out);
  writer.varint(raw.size());
  if (raw.size() >= kWorthwhileBytes) {
    const std::string packed = zstd_compress(raw, zstd_level);
    if (packed.size() < raw.size()) return writer.text(packed);
  }
  writer.text(raw);
}

Result<std::string_view> read_frame(ByteReader& in, std::size_t bytes_max, std::string& scratch) {
  TRY(size, in.varint());
  TRY(stored, in.text());
  if (size > bytes_max)
    return error(Code::kCorrupt, "frame of {} bytes where at most {} are expected", size, bytes_max);
  if (size == stored.size()) return stored;
  if (!expansion_possible(size, stored.size()))
    return error(Code::kCorrupt, "frame of {} bytes cannot hold {}", stored.size(), size);
  if (auto unpacked = zstd_decompress_into(stored, static_cast<std::size_t>(size), scratch); !unpacked.ok())
    return error(Code::kCorrupt, "frame of {} bytes: {}", size, unpacked.error().message);
  if (scratch.size() != size) return error(Code::kCorrupt, "frame has {} bytes instead of {}", scratch.size(), size);
  return std::string_view(scratch);
}

bool expansion_possible(std::uint64_t bytes_raw, std::uint64_t bytes_stored) {
  return bytes_raw / kExpansionMax <= bytes_stored;
}

std::size_t sampled_zstd_bytes(std::string_view raw) {
  constexpr std::size_t kSample = 16 << 10, kSamples = 4;
  if (raw.size() <= kSample * kSamples) return zstd_compress(raw, 1).size();
  std::string sample;
  for (std::size_t i = 0; i < kSamples; ++i) sample += raw.substr(i * (raw.size() - kSample) / (kSamples - 1), kSample);
  return static_cast<std::size_t>(static_cast<double>(zstd_compress(sample, 1).size()) /
                                  static_cast<double>(sample.size()) * static_cast<double>(raw.size()));
}

}  // namespace trilobite::columnar
