// Prometheus' XOR chunks, the form in which remote read streams floats: times as differences of differences, values as
// XOR with the one before, both in few bits (Facebook's Gorilla paper, section 4.1).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace trilobite::api {

inline constexpr std::size_t kXorChunkSamples = 120;  // as Prometheus cuts them

// Milliseconds ascending. At most 65,535 samples.
std::string encode_xor_chunk(std::span<const std::int64_t> times_ms, std::span<const double> values);
// For tests and clients of others. Errors: kCorrupt.
Result<std::vector<std::pair<std::int64_t, double>>> decode_xor_chunk(std::string_view chunk);

}  // namespace trilobite::api
