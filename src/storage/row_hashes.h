// Rows of a head table by their hash, to find a repeated one. Flat: a node for each row would cost more than the row.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

namespace trilobite::storage {

// One thread.
class RowHashes {
 public:
  bool empty() const { return place_of_.empty(); }
  void reserve(std::size_t rows) { place_of_.reserve(rows); }

  // Adds the row unless one is there for which `same(place)` holds: then false. Other rows of one hash stand further
  // along a chain that starts there; nothing is ever taken out, so no chain breaks.
  template <class Same>
  bool add(std::uint64_t hash, std::uint64_t place, const Same& same) {
    for (;;) {
      const auto [found, added] = place_of_.try_emplace(hash, place);
      if (added) return true;
      if (same(found->second)) return false;
      hash = hash * 0x9E3779B97F4A7C15ull + 1;
    }
  }
  // Of a row that is known to be new.
  void add(std::uint64_t hash, std::uint64_t place) {
    add(hash, place, [](std::uint64_t) { return false; });
  }

 private:
  struct Avalanched {  // the keys are hashes
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t hash) const { return hash; }
  };
  boost::unordered_flat_map<std::uint64_t, std::uint64_t, Avalanched> place_of_;
};

}  // namespace trilobite::storage
