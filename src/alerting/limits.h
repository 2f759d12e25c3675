// Every bound of this room that is not configuration, with the reason for its value.
#pragma once

#include <cstddef>

namespace trilobite::alerting {

// Groups that one tenant may put over the API: the largest sets of rules known (kubernetes-mixin and the like) have
// some hundred.
inline constexpr std::size_t kGroupsMax = 10'000;
// The text of one group. The largest files of rules known have some hundred kilobytes.
inline constexpr std::size_t kGroupBytesMax = 1u << 20;
// What a file name may have on the file systems we run on.
inline constexpr std::size_t kFileNameBytesMax = 255;

}  // namespace trilobite::alerting
