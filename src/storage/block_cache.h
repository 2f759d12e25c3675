// What was decoded of the blocks of parts, kept for the next query: keys, columns of few distinct values, samples as
// they are stored, and split lines with the values that somebody asked for. Bounded; what was not used for the
// longest time goes first. Any thread.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/row_source.h"

namespace trilobite::storage {

std::size_t column_bytes(const Column& column);  // of memory

class BlockCache {
 public:
  explicit BlockCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  struct NamedRef {
    std::string name;
    ColumnRef values;
  };
  struct Entry {
    BlockKeysRef keys;
    LineBlockRef lines;  // null: nobody opened them, or they are not stored split
    SampleBlockRef samples;
    std::vector<NamedRef> columns;

    ColumnRef column(std::string_view name) const {  // null when it is not kept
      for (const NamedRef& one : columns) {
        if (one.name == name) return one.values;
      }
      return nullptr;
    }
  };
  // All null when nothing is kept.
  Entry find(std::uint64_t part, std::size_t block);
  void put_keys(std::uint64_t part, std::size_t block, BlockKeysRef keys);
  void put_lines(std::uint64_t part, std::size_t block, LineBlockRef lines);
  void put_samples(std::uint64_t part, std::size_t block, SampleBlockRef samples);
  void put_column(std::uint64_t part, std::size_t block, std::string_view name, ColumnRef values);
  // Split lines grow while they are used: measures the block again.
  void settle(std::uint64_t part, std::size_t block);
  void forget(std::uint64_t part);

  std::size_t bytes() const;

 private:
  struct Key {
    std::uint64_t part = 0;
    std::size_t block = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct HashOfKey {
    std::size_t operator()(const Key& key) const { return key.part * 0x9E3779B97F4A7C15ull + key.block; }
  };
  struct Kept {
    Key key;
    Entry entry;
    std::size_t bytes = 0;  // when last measured
  };
  using Order = std::list<Kept>;

  Kept& use(const Key& key);
  void measure(Kept& kept);
  void remove(Order::iterator place);

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;  // guards everything below
  Order order_;               // last used first
  std::unordered_map<Key, Order::iterator, HashOfKey> place_of_;
  std::size_t bytes_ = 0;
};

}  // namespace trilobite::storage
