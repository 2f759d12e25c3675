// The identity of a stream, series or resource: sorted unique (name, value) pairs, immutable.
//
// Kept as canonical bytes (for each pair in order of name: varint length, name, varint length, value), so that
// equality, hashing and storing are those of one byte string. Empty values are dropped, as Loki and Prometheus do.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace trilobite {

class LabelSet {
 public:
  using Pair = std::pair<std::string_view, std::string_view>;

  LabelSet() = default;
  // Sorts; of two equal names the first wins.
  static LabelSet from_pairs(std::vector<std::pair<std::string, std::string>> pairs);
  // Checks order and lengths; the bytes may come from a disk.
  static Result<LabelSet> from_bytes(std::string bytes);

  std::string_view bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const;                          // pairs
  std::string_view get(std::string_view name) const; // "" when absent
  std::string to_string() const;                     // {a="b", c="d"}, values with Go's escapes, as Loki prints them

  // for (auto [name, value] : set). Views live as long as the set.
  class Iterator {
   public:
    explicit Iterator(std::string_view rest) : rest_(rest) { load(); }
    Pair operator*() const { return pair_; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return rest_.data() == other.rest_.data(); }

   private:
    void load();
    std::string_view rest_;  // from this pair on
    std::size_t length_ = 0; // of this pair
    Pair pair_;
  };
  Iterator begin() const { return Iterator(bytes_); }
  Iterator end() const { return Iterator(std::string_view(bytes_).substr(bytes_.size())); }

  friend bool operator==(const LabelSet&, const LabelSet&) = default;
  friend auto operator<=>(const LabelSet& a, const LabelSet& b) { return a.bytes_ <=> b.bytes_; }

 private:
  std::string bytes_;
};

// A snapshot shared by every batch that carries rows of the set; within one scan equal sets are the same pointer.
using LabelSetRef = std::shared_ptr<const LabelSet>;

}  // namespace trilobite
