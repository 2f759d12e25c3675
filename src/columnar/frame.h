// A run of bytes, through zstd where that helps: varint raw size, varint stored size, stored bytes. Equal sizes mean
// that the bytes are stored as they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace trilobite::columnar {

// Raw bytes of one frame of a text column. On the log corpus 512 KiB costs 0.1 % of size against 1 MiB and decodes 10 %
// faster, because input, text and output of a frame stay in the L2 cache; 256 KiB costs 1.6 %.
inline constexpr std::size_t kFrameBytes = std::size_t{512} << 10;

void append_frame(std::string_view raw, int zstd_level, std::string& out);

// The raw bytes: a view of the input when they are stored as they are, otherwise of `scratch`.
Result<std::string_view> read_frame(ByteReader& in, std::size_t bytes_max, std::string& scratch);

// False when zstd cannot have made `bytes_stored` of `bytes_raw`. Asked before memory is taken for a claim.
bool expansion_possible(std::uint64_t bytes_raw, std::uint64_t bytes_stored);

// What zstd would make of `raw`, from a few samples.
std::size_t sampled_zstd_bytes(std::string_view raw);

}  // namespace trilobite::columnar
