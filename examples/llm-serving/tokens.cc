#include "tokens.h"

#include <algorithm>
#include <array>

namespace llm {

namespace {

constexpr std::size_t kLetters = 4;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  // SplitMix64's finaliser: good spread for sequential input.
  hash += value + 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

}  // namespace

std::vector<std::uint32_t> tokenize(std::string_view text) {
  std::vector<std::uint32_t> tokens;
  std::uint64_t hash = 0;
  std::size_t letters = 0;
  const auto end_token = [&] {
    if (letters != 0) tokens.push_back(static_cast<std::uint32_t>(hash));
    hash = 0;
    letters = 0;
  };
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || letters == kLetters) end_token();
    if (c == ' ' || c == '\n' || c == '\t') continue;
    hash = mix(hash, static_cast<unsigned char>(c));
    ++letters;
  }
  end_token();
  return tokens;
}

std::vector<std::uint64_t> block_hashes(const std::vector<std::uint32_t>& tokens) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(tokens.size() / kBlockTokens);
  std::uint64_t hash = 0;
  for (std::size_t begin = 0; begin + kBlockTokens <= tokens.size(); begin += kBlockTokens) {
    for (std::size_t i = 0; i < kBlockTokens; ++i) hash = mix(hash, tokens[begin + i]);
    hashes.push_back(hash);
  }
  return hashes;
}

std::string_view word(std::uint64_t seed, std::size_t n) {
  static constexpr std::array<std::string_view, 24> kWords{
      "the",  "model",   "answers", "with", "a",     "short",  "text", "of",  "made", "up",   "words", "that",
      "mean", "nothing", "but",     "keep", "every", "worker", "busy", "for", "some", "time", "and",   "more"};
  return kWords[mix(seed, n) % kWords.size()];
}

}  // namespace llm
