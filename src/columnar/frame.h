// A run of bytes, through zstd where that helps: varint raw size, varint stored size, stored bytes. Equal sizes mean
// that the bytes are stored as they are.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace trilobite::columnar {

// Raw bytes of one frame of a text column: beyond 1 MiB the ratio hardly grows, and one frame stays in the L2 cache
// while it is decoded.
inline constexpr std::size_t kFrameBytes = std::size_t{1} << 20;

void append_frame(std::string_view raw, int zstd_level, std::string& out);

// The raw bytes: a view of the input when they are stored as they are, otherwise of `scratch`.
Result<std::string_view> read_frame(ByteReader& in, std::size_t bytes_max, std::string& scratch);

// What zstd would make of `raw`, from a few samples.
std::size_t sampled_zstd_bytes(std::string_view raw);

}  // namespace trilobite::columnar
