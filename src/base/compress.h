// The general-purpose codecs, one signature for all. Decoders take the largest output they may make, so that a small
// hostile input cannot fill the memory.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite {

std::string zstd_compress(std::string_view raw, int level = 3);
Result<std::string> zstd_decompress(std::string_view packed, std::size_t bytes_max);
// The same into `out`, whose memory is used again: for many frames in a row.
Result<void> zstd_decompress_into(std::string_view packed, std::size_t bytes_max, std::string& out);

// As other programs send it: several frames, and frames that do not say how large they become.
Result<std::string> zstd_stream_decompress(std::string_view packed, std::size_t bytes_max);

std::string lz4_compress(std::string_view raw);  // block format; the caller keeps the raw size
Result<std::string> lz4_decompress(std::string_view packed, std::size_t bytes_raw);
std::string lz4_frame_compress(std::string_view raw);  // frame format, as files and HTTP have it
Result<std::string> lz4_frame_decompress(std::string_view packed, std::size_t bytes_max);  // several frames

std::string gzip_compress(std::string_view raw, int level = 5);
Result<std::string> gzip_decompress(std::string_view packed, std::size_t bytes_max);     // RFC 1952, several members
Result<std::string> deflate_decompress(std::string_view packed, std::size_t bytes_max);  // RFC 1950, or raw RFC 1951

std::string snappy_compress(std::string_view raw);  // block format, as remote write and Loki push use it
Result<std::string> snappy_decompress(std::string_view packed, std::size_t bytes_max);

}  // namespace trilobite
