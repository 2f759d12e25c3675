#include "scrape/series_cache.h"

#include <algorithm>

#include "base/hash.h"

namespace trilobite::scrape {
namespace {

// Entries that were not seen for a scrape are dropped when there are this many, and as many as those alive.
constexpr std::size_t kDeadMin = 1000;

constexpr std::uint32_t kScrapesMax = (1u << 30) - 1;  // then they are counted anew: in centuries

// How many entries ahead the memory of series is asked for: it was touched a scrape ago, and what a sample costs is
// mostly the wait for it.
constexpr std::size_t kAhead = 8;
constexpr std::size_t kCacheLineBytes = 64;

void ask_for(const ingest::MetricSeriesRef& series) {
  const char* memory = reinterpret_cast<const char*>(series.get());
  if (memory == nullptr) return;
  __builtin_prefetch(memory - sizeof(void*), 1);  // the count of references stands in front
  __builtin_prefetch(memory + kCacheLineBytes, 1);
}

std::uint64_t hash_of(const ingest::MetricSeriesRef& series) {
  return (reinterpret_cast<std::uintptr_t>(series.get()) >> 4) * 0x9E3779B97F4A7C15u;
}

}  // namespace

void SeriesCache::begin() {
  if (entries_.size() > kDeadMin && entries_.size() > 2 * marked_ && scrape_ > 1) compact();
  if (!added_) shrink();
  added_ = false;
  scrape_ = scrape_ == kScrapesMax ? 1 : scrape_ + 1;
  next_ = 0;
  marked_ = 0;
  tracked_before_ = tracked_;
  tracked_ = 0;
}

std::uint32_t SeriesCache::find(std::string_view key) {
  if (next_ < entries_.size() && key_of(entries_[next_]) == key) return next_++;
  if (slots_.empty()) return kNone;
  const auto hash = static_cast<std::uint32_t>(hash64(key));
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at] != kNone; at = (at + 1) & mask) {
    const Entry& entry = entries_[slots_[at]];
    if (entry.hash == hash && key_of(entry) == key) {
      next_ = slots_[at] + 1;
      return slots_[at];
    }
  }
  return kNone;
}

std::uint32_t SeriesCache::first_of(const ingest::MetricSeriesRef& series) const {
  if (by_series_.empty()) return kNone;
  const std::size_t mask = by_series_.size() - 1;
  for (std::size_t at = hash_of(series) & mask; by_series_[at] != kNone; at = (at + 1) & mask) {
    if (entries_[by_series_[at]].series == series) return by_series_[at];
  }
  return kNone;
}

void SeriesCache::insert_slot(std::uint32_t index) {
  Entry& entry = entries_[index];
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = entry.hash & mask;
  while (slots_[at] != kNone) at = (at + 1) & mask;
  slots_[at] = index;
  entry.first = index;
  if (entry.series == nullptr) return;
  for (at = hash_of(entry.series) & mask; by_series_[at] != kNone; at = (at + 1) & mask) {
    if (entries_[by_series_[at]].series == entry.series) {
      entry.first = by_series_[at];
      return;
    }
  }
  by_series_[at] = index;
}

void SeriesCache::grow_slots() {
  std::size_t size = std::max<std::size_t>(slots_.size(), 64);
  while (size < entries_.size() * 2) size *= 2;
  slots_.assign(size, kNone);
  by_series_.assign(size, kNone);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) insert_slot(i);
}

std::uint32_t SeriesCache::add(std::string_view key, ingest::MetricSeriesRef series) {
  const auto index = static_cast<std::uint32_t>(entries_.size());
  Entry entry;
  entry.hash = static_cast<std::uint32_t>(hash64(key));
  entry.key_begin = keys_.size();
  entry.key_bytes = static_cast<std::uint32_t>(key.size());
  entry.series = std::move(series);
  added_ = true;
  keys_.append(key);
  entries_.push_back(std::move(entry));
  if (entries_.size() * 2 > slots_.size()) {
    grow_slots();
  } else {
    insert_slot(index);
  }
  next_ = index + 1;
  return index;
}

bool SeriesCache::marked(std::uint32_t index) const { return entries_[entries_[index].first].seen == scrape_; }

// Several keys of one series count as one: its first entry carries the mark.
void SeriesCache::mark(std::uint32_t index, bool tracked) {
  if (index + kAhead < entries_.size()) ask_for(entries_[index + kAhead].series);
  Entry& entry = entries_[index];
  Entry& first = entries_[entry.first];
  if (&entry != &first) entry.seen = scrape_ & kScrapesMax;
  if (first.seen == scrape_) {
    if (tracked && first.tracked == 0 && first.series != nullptr) {
      first.tracked = 1;
      ++tracked_;
    }
    return;
  }
  // Seen and tracked the scrape before: counted, so that an unchanged body needs no look at what is gone.
  first.tracked_before = first.tracked != 0 && first.seen + 1u == scrape_ ? 1 : 0;
  tracked_before_ -= first.tracked_before;
  first.seen = scrape_ & kScrapesMax;
  first.tracked = tracked && first.series != nullptr ? 1 : 0;
  tracked_ += first.tracked;
  ++marked_;
}

std::vector<ingest::MetricSeriesRef> SeriesCache::take_gone() {
  std::vector<ingest::MetricSeriesRef> out = std::move(orphans_);
  orphans_.clear();
  if (!out.empty()) {
    std::erase_if(out, [&](const ingest::MetricSeriesRef& series) {
      const std::uint32_t first = first_of(series);
      return first != kNone && entries_[first].seen == scrape_;
    });
  }
  if (tracked_before_ == 0) return out;
  for (Entry& entry : entries_) {
    if (entry.tracked != 0 && entry.seen != scrape_) {
      entry.tracked = 0;
      out.push_back(entry.series);
    }
  }
  tracked_before_ = 0;
  return out;
}

std::vector<ingest::MetricSeriesRef> SeriesCache::fail() {
  for (Entry& entry : entries_) {
    if (entry.seen == scrape_) entry.tracked = entry.tracked_before;
  }
  marked_ = entries_.size();  // what the cache knows stays
  return take_all();
}

std::vector<ingest::MetricSeriesRef> SeriesCache::take_all() {
  std::vector<ingest::MetricSeriesRef> out = std::move(orphans_);
  orphans_.clear();
  for (Entry& entry : entries_) {
    if (entry.tracked == 0) continue;
    entry.tracked = 0;
    out.push_back(entry.series);
  }
  tracked_before_ = tracked_ = 0;
  return out;
}

void SeriesCache::forget_keys() {
  std::vector<ingest::MetricSeriesRef> all = take_all();
  keys_.clear();
  entries_.clear();
  slots_.clear();
  by_series_.clear();
  next_ = 0;
  marked_ = 0;
  orphans_ = std::move(all);
}

// Room that growing left over: of keys as much as there are, often. Once a body brought nothing new.
void SeriesCache::shrink() {
  if (keys_.capacity() > keys_.size() + keys_.size() / 8) keys_.shrink_to_fit();
  if (entries_.capacity() > entries_.size() + entries_.size() / 8) entries_.shrink_to_fit();
}

// What was not seen in the last scrape goes. Tracked entries were all seen then.
void SeriesCache::compact() {
  std::string keys;
  std::vector<Entry> kept;
  for (Entry& entry : entries_) {
    if (entry.seen != scrape_) continue;
    const std::uint64_t begin = keys.size();
    keys.append(key_of(entry));
    entry.key_begin = begin;
    kept.push_back(std::move(entry));
  }
  keys_ = std::move(keys);
  entries_ = std::move(kept);
  // A series whose first key went away but another stayed: the mark moves to the one that stayed.
  slots_.clear();
  by_series_.clear();
  grow_slots();
}

}  // namespace trilobite::scrape
