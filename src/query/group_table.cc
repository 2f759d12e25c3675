#include "query/group_table.h"

#include "base/hash.h"

namespace trilobite::query {

GroupTable::GroupTable() : slots_(64, 0) {}

std::string_view GroupTable::key(std::uint32_t id) const {
  const std::size_t start = id == 0 ? 0 : ends_[id - 1];
  return std::string_view(keys_).substr(start, ends_[id] - start);
}

std::uint32_t GroupTable::find_or_add(std::string_view bytes) {
  const std::uint64_t hash = hash64(bytes);
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const std::uint32_t id = slots_[slot] - 1;
    if (hashes_[id] == hash && key(id) == bytes) return id;
  }
  const auto id = static_cast<std::uint32_t>(ends_.size());
  keys_.append(bytes);
  ends_.push_back(keys_.size());
  hashes_.push_back(hash);
  slots_[slot] = id + 1;
  if (ends_.size() * 2 > slots_.size()) grow();
  return id;
}

void GroupTable::grow() {
  std::vector<std::uint32_t> slots(slots_.size() * 2, 0);
  for (std::uint32_t id = 0; id < hashes_.size(); ++id) {
    std::size_t slot = hashes_[id] & (slots.size() - 1);
    while (slots[slot] != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = id + 1;
  }
  slots_ = std::move(slots);
}

}  // namespace trilobite::query
