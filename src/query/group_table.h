// Keys (label set bytes, or any text) to dense numbers, in the order they were first seen. Open addressing; the bytes
// lie end to end in one buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trilobite::query {

class GroupTable {
 public:
  GroupTable();
  std::uint32_t find_or_add(std::string_view key);
  std::size_t size() const { return ends_.size(); }
  std::string_view key(std::uint32_t id) const;
  std::size_t bytes() const { return keys_.capacity() + 16 * slots_.size(); }

 private:
  void grow();

  std::string keys_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint64_t> hashes_;  // per id
  std::vector<std::uint32_t> slots_;   // id + 1, 0: free; a power of two many, at most half of them taken
};

}  // namespace trilobite::query
