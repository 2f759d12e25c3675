// The KV cache of one worker in three tiers: device memory, host memory, disk. Blocks move down when a tier is full
// and up when they are wanted again; the least recently used one goes first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

namespace llm {

enum class Tier : std::uint8_t { kDevice, kHost, kDisk };
inline constexpr std::size_t kTiers = 3;

struct CacheCapacity {
  std::array<std::size_t, kTiers> blocks{512, 2048, 8192};
};

// What one use of the cache did, in blocks.
struct CacheUse {
  std::array<std::size_t, kTiers> matched{};  // of the prefix, by the tier it was found in
  std::size_t offload_d2h = 0;                // device to host
  std::size_t offload_h2d = 0;                // host to disk
  std::size_t dropped = 0;                    // out of the last tier
  std::vector<std::uint64_t> stored;          // new to this worker
  std::vector<std::uint64_t> removed;         // no longer in any tier

  std::size_t matched_blocks() const { return matched[0] + matched[1] + matched[2]; }
};

// One thread at a time.
class KvCache {
 public:
  explicit KvCache(CacheCapacity capacity) : capacity_(capacity) {}

  // Brings all blocks to the device: those of the known prefix from where they are, the others as new.
  CacheUse use(const std::vector<std::uint64_t>& blocks);

  std::size_t size(Tier tier) const { return lru_[index(tier)].size(); }
  std::size_t capacity(Tier tier) const { return capacity_.blocks[index(tier)]; }

 private:
  struct Place {
    Tier tier;
    std::list<std::uint64_t>::iterator at;
  };

  static std::size_t index(Tier tier) { return static_cast<std::size_t>(tier); }
  void put(std::uint64_t block, Tier tier, CacheUse& use);
  void make_room(Tier tier, CacheUse& use);

  CacheCapacity capacity_;
  std::array<std::list<std::uint64_t>, kTiers> lru_;  // most recently used first
  std::unordered_map<std::uint64_t, Place> places_;
};

}  // namespace llm
