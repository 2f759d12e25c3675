// The W3C baggage header: `key=value;property,key=value`, values percent-encoded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trilobite::trace {

struct BaggageMember {
  std::string_view key;
  std::string_view value;       // still percent-encoded
  std::string_view properties;  // after the first `;`
};

inline constexpr std::size_t kBaggageBytesMax = 8192;
inline constexpr std::size_t kBaggageMembersMax = 180;

// The valid members, in order; what is malformed is left out, and so is what is beyond the limits.
std::vector<BaggageMember> baggage_members(std::string_view header);

// The header made of the valid members alone.
std::string valid_baggage(std::string_view header);

}  // namespace trilobite::trace
