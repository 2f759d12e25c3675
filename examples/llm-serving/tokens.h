// Text to tokens and tokens to blocks of KV cache, as far as a simulation needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace llm {

inline constexpr std::size_t kBlockTokens = 16;

// One token for each word and for each four letters of a long one.
std::vector<std::uint32_t> tokenize(std::string_view text);

// Hash of each whole block of tokens together with everything before it: equal hashes mean equal prefixes.
std::vector<std::uint64_t> block_hashes(const std::vector<std::uint32_t>& tokens);

// The word that stands for the n-th token of an answer; different seeds give different answers.
std::string_view word(std::uint64_t seed, std::size_t n);

}  // namespace llm
