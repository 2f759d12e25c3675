#include "kv_cache.h"

namespace llm {

CacheUse KvCache::use(const std::vector<std::uint64_t>& blocks) {
  CacheUse done;
  bool prefix = true;
  for (const std::uint64_t block : blocks) {
    const auto found = places_.find(block);
    if (found == places_.end()) {
      prefix = false;
      done.stored.push_back(block);
    } else {
      // A block behind a missing one cannot be used: attention needs everything before it.
      if (prefix) ++done.matched[index(found->second.tier)];
      lru_[index(found->second.tier)].erase(found->second.at);
      places_.erase(found);
    }
    put(block, Tier::kDevice, done);
  }
  return done;
}

void KvCache::put(std::uint64_t block, Tier tier, CacheUse& use) {
  make_room(tier, use);
  auto& list = lru_[index(tier)];
  list.push_front(block);
  places_[block] = {tier, list.begin()};
}

void KvCache::make_room(Tier tier, CacheUse& use) {
  auto& list = lru_[index(tier)];
  if (list.size() < capacity_.blocks[index(tier)]) return;
  const std::uint64_t oldest = list.back();
  list.pop_back();
  switch (tier) {
    case Tier::kDevice:
      ++use.offload_d2h;
      put(oldest, Tier::kHost, use);
      break;
    case Tier::kHost:
      ++use.offload_h2d;
      put(oldest, Tier::kDisk, use);
      break;
    case Tier::kDisk:
      ++use.dropped;
      use.removed.push_back(oldest);
      places_.erase(oldest);
      break;
  }
}

}  // namespace llm
