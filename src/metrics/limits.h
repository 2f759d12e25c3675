// Limits of the PromQL room, each with its reason.
#pragma once

#include <cstddef>

namespace trilobite::metrics {

inline constexpr std::size_t kQueryBytesMax = 1u << 20;  // generated dashboards reach 100 kB; positions are 32 bits
inline constexpr std::size_t kQueryDepthMax = 500;       // of the tree: keeps recursion within small stacks
inline constexpr std::size_t kAnnotationsMax = 10'000;   // kept per query and level; a text can hold each metric's name
inline constexpr std::size_t kSharedBytesMax = 64u << 20;  // samples of a selector kept for its other places in a query

}  // namespace trilobite::metrics
