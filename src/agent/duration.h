// Durations and sizes as Promtail's configuration writes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace trilobite::agent {

// Go's "1h30m", "1.5s", "250ms", with Prometheus' d, w and y; "0" needs no unit.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
// "1048576", "256kb", "1MiB": like Promtail, k and ki are both 1024.
Result<std::uint64_t> parse_byte_size(std::string_view text);
// The whole text as a number; nothing else around it.
Result<double> parse_number(std::string_view text);
Result<std::int64_t> parse_integer(std::string_view text);

}  // namespace trilobite::agent
