// Which keys of a JSON line mean something of their own.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace trilobite::log {

inline constexpr std::array<std::string_view, 6> kFixedKeys{"time", "level", "file", "line", "target", "message"};
// A field named like a fixed key would make a second key of that name; it goes by this one instead.
inline constexpr std::array<std::string_view, 6> kFieldsNamedLikeFixedKeys{
    "fields.time", "fields.level", "fields.file", "fields.line", "fields.target", "fields.message"};
inline constexpr std::array<std::string_view, 5> kSpanKeys{"trace_id", "span_id", "parent_id", "span_name",
                                                           "tracestate"};

inline constexpr std::array<std::string_view, 2> kRequestKeys{"x_request_id", "x_dynamo_request_id"};

// The key under which a field goes.
inline std::string_view json_key(std::string_view key) {
  const auto* fixed = std::find(kFixedKeys.begin(), kFixedKeys.end(), key);
  if (fixed == kFixedKeys.end()) return key;
  return kFieldsNamedLikeFixedKeys[static_cast<std::size_t>(fixed - kFixedKeys.begin())];
}

inline bool is_span_key(std::string_view key) {
  return std::find(kSpanKeys.begin(), kSpanKeys.end(), key) != kSpanKeys.end();
}

inline bool is_request_key(std::string_view key) {
  return std::find(kRequestKeys.begin(), kRequestKeys.end(), key) != kRequestKeys.end();
}

}  // namespace trilobite::log
