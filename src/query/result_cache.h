// Results of finished slices of time of range queries, so that a dashboard that moves on reads only what is new.
//
// A slice is kept with the version (Store::version) that the rows under it had before they were read, and is right for
// as long as they have it still: late writes and deletes change it. Bounded in bytes; the least recently used slices of
// the tenant that holds most go first, so that nobody can push out everybody else's.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "query/matrix.h"

namespace trilobite::query {

struct ResultSlice {
  std::vector<Series> series;  // one value for each step of the slice
  std::size_t bytes() const;
};

// Any thread.
class ResultCache {
 public:
  explicit ResultCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Null when it is not there, or of another version.
  std::shared_ptr<const ResultSlice> find(std::string_view tenant, const std::string& key, std::uint64_t version);
  // False when it is too large to be kept.
  bool insert(std::string_view tenant, const std::string& key, std::uint64_t version,
              std::shared_ptr<const ResultSlice> slice);
  std::size_t bytes() const;

 private:
  struct Entry {
    std::string key;
    std::uint64_t version = 0;
    std::size_t bytes = 0;
    std::shared_ptr<const ResultSlice> slice;
  };
  struct Tenant {
    std::list<Entry> entries;  // the last used one first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_key;
    std::size_t bytes = 0;
  };
  void erase(Tenant& tenant, std::list<Entry>::iterator entry);
  void shrink();

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;  // guards the rest
  std::map<std::string, Tenant, std::less<>> tenants_;
  std::size_t bytes_ = 0;
};

}  // namespace trilobite::query
