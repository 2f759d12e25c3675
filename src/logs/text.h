// How LogQL spells values: numbers, durations, byte sizes and quoted strings, as Go and Prometheus read and print them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite::logql {

// Decimal or exponent notation, inf, infinity, nan in any case; nothing around it.
std::optional<double> parse_number(std::string_view text);
// Go's durations: "1h30m", "1.5s", "-2ms", "0"; units ns us µs ms s m h.
std::optional<std::int64_t> parse_go_duration(std::string_view text);
// Prometheus' durations, as in [5m]: whole numbers of y w d h m s ms in this order. The error is the one clients see.
Result<std::int64_t> parse_prometheus_duration(std::string_view text);
// "10KB", "1.5 MiB", "17"; up to EB.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

std::string format_prometheus_duration(std::int64_t ns);  // "1m30s", "0s"; sub-millisecond parts as Go prints them
std::string format_go_duration(std::int64_t ns);          // "1m30s", "1.5s"
std::string format_bytes(std::uint64_t bytes);            // "3.0kB" where that is exact, else "1234567B"

std::string quote(std::string_view text);                 // Go's strconv.Quote
// The inside of "…" with Go's escapes; nothing when an escape is wrong.
std::optional<std::string> unquote(std::string_view inner);

// One UTF-8 sequence at the front of `text`: code point and length; an invalid byte is U+FFFD of length 1.
struct Rune {
  char32_t code = 0;
  std::size_t length = 0;
};
Rune decode_rune(std::string_view text);
void append_rune(std::string& out, char32_t code);
bool is_utf8(std::string_view text);

std::string to_lower_ascii(std::string_view text);

}  // namespace trilobite::logql
