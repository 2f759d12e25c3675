// What one target exposes: from the bytes that stand for a series in its body to the series, so that labels are made
// and relabelled once and not at every scrape; and which series are gone since the scrape before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/metric_series.h"

namespace trilobite::scrape {

// One thread at a time.
class SeriesCache {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // A scrape begins; what is seen from now on is of this scrape.
  void begin();

  // The key that comes next if the body is as the one before; "" when there is none.
  std::string_view expected() const { return next_ < entries_.size() ? key_of(entries_[next_]) : std::string_view(); }
  // The entry of expected(), which did come.
  std::uint32_t take_expected() { return next_++; }
  // The entry of `key`, or kNone. A body in the order of the one before costs one comparison per series.
  std::uint32_t find(std::string_view key);
  // `series` null: relabelling drops it.
  std::uint32_t add(std::string_view key, ingest::MetricSeriesRef series);

  const ingest::MetricSeriesRef& series(std::uint32_t entry) const { return entries_[entry].series; }
  // Whether the series of `entry`, maybe by another key, was marked in this scrape.
  bool marked(std::uint32_t entry) const;
  // Sees the series; `tracked`: it gets a stale marker when it is gone.
  void mark(std::uint32_t entry, bool tracked);

  // The scrape went well: the tracked series of the scrape before that were not seen in this one.
  std::vector<ingest::MetricSeriesRef> take_gone();
  // The scrape failed: the tracked series of the scrape before. What was marked in this one does not count.
  std::vector<ingest::MetricSeriesRef> fail();
  // The target is gone: all tracked series.
  std::vector<ingest::MetricSeriesRef> take_all();

  // Keys stand for other series from now on; which were seen is not forgotten.
  void forget_keys();

  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return keys_.capacity() + entries_.capacity() * sizeof(Entry) + slots_.capacity() * 4; }

 private:
  // Of every series of every target one is kept: 40 bytes.
  struct Entry {
    ingest::MetricSeriesRef series;
    std::uint64_t key_begin = 0;
    std::uint32_t key_bytes = 0;
    std::uint32_t hash = 0;
    std::uint32_t first = 0;      // the entry that stands for all keys of the same series
    std::uint32_t seen : 30 = 0;  // in which scrape
    std::uint32_t tracked : 1 = 0;
    std::uint32_t tracked_before : 1 = 0;  // in the scrape before `seen`
  };
  std::string_view key_of(const Entry& entry) const {
    return std::string_view(keys_).substr(entry.key_begin, entry.key_bytes);
  }
  void insert_slot(std::uint32_t entry);
  void grow_slots();
  std::uint32_t first_of(const ingest::MetricSeriesRef& series) const;
  void compact();
  void shrink();

  std::string keys_;
  std::vector<Entry> entries_;            // in order of the bodies they came in
  std::vector<std::uint32_t> slots_;      // open addressing by hash of the key; kNone: free
  std::vector<std::uint32_t> by_series_;  // open addressing by address of the series
  std::uint32_t scrape_ = 1;
  std::uint32_t next_ = 0;  // the entry that the body is expected to go on with
  bool added_ = false;      // in this scrape
  std::size_t marked_ = 0, tracked_before_ = 0, tracked_ = 0;
  std::vector<ingest::MetricSeriesRef> orphans_;  // tracked series whose keys were forgotten
};

}  // namespace trilobite::scrape
