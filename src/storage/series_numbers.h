// Dense numbers for label sets, found by the 128-bit hash of their bytes: two of them are taken for equal when their
// hashes are. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/hash.h"

namespace trilobite::storage {

class SeriesNumbers {
 public:
  // The number of the set with this hash; a new one, the next, when there is none.
  struct Place {
    std::uint32_t number = 0;
    bool fresh = false;
  };
  Place take(const Hash128& hash) { return take(hash, UINT32_MAX); }
  // `hint`: which number it may have.
  Place take(const Hash128& hash, std::uint32_t hint) {
    if (hint < hashes_.size() && hashes_[hint] == hash) return {hint, false};
    if ((hashes_.size() + 1) * 2 > slots_.size()) grow();
    std::size_t at = hash.low & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (hashes_[slots_[at] - 1] == hash) return {slots_[at] - 1, false};
    }
    hashes_.push_back(hash);
    slots_[at] = static_cast<std::uint32_t>(hashes_.size());
    return {slots_[at] - 1, true};
  }
  std::optional<std::uint32_t> find(const Hash128& hash) const {
    if (slots_.empty()) return std::nullopt;
    for (std::size_t at = hash.low & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (hashes_[slots_[at] - 1] == hash) return slots_[at] - 1;
    }
    return std::nullopt;
  }
  std::size_t size() const { return hashes_.size(); }
  void clear() { *this = SeriesNumbers(); }
  static constexpr std::size_t kBytesPerSeries = 32;  // of memory, on average

 private:
  void grow() {
    std::vector<std::uint32_t> slots(slots_.empty() ? 64 : slots_.size() * 2, 0);
    for (std::uint32_t number = 0; number < hashes_.size(); ++number) {
      std::size_t at = hashes_[number].low & (slots.size() - 1);
      while (slots[at] != 0) at = (at + 1) & (slots.size() - 1);
      slots[at] = number + 1;
    }
    slots_ = std::move(slots);
  }

  std::vector<std::uint32_t> slots_;  // number + 1, 0: free; a power of two of them, at most half are taken
  std::vector<Hash128> hashes_;       // by number
};

}  // namespace trilobite::storage
