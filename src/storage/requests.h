// Hashes of requests that were accepted within the last minutes, to recognise a repeat. One thread at a time.
#pragma once

#include <deque>
#include <unordered_set>
#include <vector>

#include "storage/limits.h"
#include "storage/manifest.h"

namespace trilobite::storage {

class RecentRequests {
 public:
  // False when the request is known already.
  bool add(const Hash128& hash, TimeNs accepted, TimeNs now) {
    forget_old(now);
    if (!known_.insert(hash).second) return false;
    order_.push_back({hash, accepted});
    return true;
  }
  bool contains(const Hash128& hash, TimeNs now) {
    forget_old(now);
    return known_.contains(hash);
  }
  std::vector<AcceptedRequest> list(TimeNs now) {
    forget_old(now);
    return {order_.begin(), order_.end()};
  }

 private:
  struct HashOfHash {
    std::size_t operator()(const Hash128& hash) const { return hash.low; }
  };
  void forget_old(TimeNs now) {
    while (!order_.empty() &&
           (order_.size() > kRequestsMax || now - order_.front().accepted > kRequestAgeMax.count())) {
      known_.erase(order_.front().hash);
      order_.pop_front();
    }
  }

  std::deque<AcceptedRequest> order_;
  std::unordered_set<Hash128, HashOfHash> known_;
};

}  // namespace trilobite::storage
