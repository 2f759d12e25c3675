// Limits of the LogQL room, each with its reason.
#pragma once

#include <cstddef>

namespace trilobite::logql {

inline constexpr std::size_t kQueryBytesMax = 131071;   // Loki's limit; its error text counts from 131072
inline constexpr std::size_t kQueryDepthMax = 500;      // nested expressions: keeps recursion within small stacks
inline constexpr std::size_t kJsonDepthMax =
    256;  // nested objects in a line; deeper is a JSONParserErr (every level scans its inside)
inline constexpr std::size_t kTemplateOutputMax = 4u
                                                  << 20;  // bytes of one line_format result: `repeat` can ask for more
inline constexpr std::size_t kTemplateStepsMax = 1u << 20;   // actions per execution: ranges over large numbers
inline constexpr std::size_t kTemplateDepthMax = 100;        // templates calling templates

inline constexpr std::size_t kPatternsKept = 5000;           // while lines are counted; what is rarer is `<_>`
inline constexpr std::size_t kPatternSampleBytes = 32;       // of memory, about, for one step of one pattern

}  // namespace trilobite::logql
