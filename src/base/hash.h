// XXH3 (https://github.com/Cyan4973/xxHash): checksums on disk and hashes of keys. Not for secrets.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace trilobite {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};
Hash128 hash128(std::string_view bytes);

// For unordered containers keyed by text, so that they can be searched with a string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return hash64(text); }
};

}  // namespace trilobite
