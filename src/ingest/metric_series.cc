#include "ingest/metric_series.h"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>

namespace trilobite::ingest {
namespace {

constexpr std::uint32_t kIdleMinutes = 60;
constexpr std::uint32_t kSweepMinutes = 5;
constexpr std::uint32_t kMinutesMax = (1u << 31) - 1;
// A sender has one form of a series; more than a few are a mistake somewhere, and go the slow way.
constexpr std::size_t kKeysMax = 4;
constexpr std::size_t kSeriesMax = UINT32_MAX;  // as many as can be numbered

struct KeyHash {
  using is_avalanching = void;
  std::size_t operator()(const Hash128& key) const { return key.low; }
};
// What a series is looked up by.
struct LabelsKey {
  std::string_view bytes;
  Hash128 hash;
};
using AllSeries = std::deque<MetricSeriesRef>;
// Series by their place in AllSeries: four bytes each, where a pointer and a view of the labels would be 32.
struct LabelsHash {
  using is_avalanching = void;
  using is_transparent = void;
  const AllSeries* all;
  std::size_t operator()(std::uint32_t series) const { return (*all)[series]->place.hash.low; }
  std::size_t operator()(const LabelsKey& key) const { return key.hash.low; }
};
struct SameLabels {
  using is_transparent = void;
  const AllSeries* all;
  bool operator()(std::uint32_t a, std::uint32_t b) const {
    return a == b || (*this)(a, LabelsKey{(*all)[b]->labels.bytes(), (*all)[b]->place.hash});
  }
  bool operator()(std::uint32_t a, const LabelsKey& b) const {
    const MetricSeries& series = *(*all)[a];
    return series.place.hash == b.hash && series.labels.bytes() == b.bytes;
  }
  bool operator()(const LabelsKey& a, std::uint32_t b) const { return (*this)(b, a); }
};

std::string shown(const LabelSet& labels) { return labels.to_string().substr(0, 200); }

// In Mimir's words.
Result<void> check_labels(const LabelSet& labels, const MetricLimits& limits) {
  if (limits.label_names_max == 0 && limits.label_name_bytes_max == 0 && limits.label_value_bytes_max == 0) return {};
  std::size_t count = 0;
  for (const auto [name, value] : labels) {
    ++count;
    if (limits.label_name_bytes_max > 0 && name.size() > limits.label_name_bytes_max) {
      return error(Code::kInvalid,
                   "received a series whose label name length exceeds the limit, label: '{}' series: '{}'",
                   name.substr(0, 200), shown(labels));
    }
    if (limits.label_value_bytes_max > 0 && value.size() > limits.label_value_bytes_max) {
      return error(Code::kInvalid,
                   "received a series whose label value length exceeds the limit, label: '{}', value: '{}' "
                   "(truncated) series: '{}'",
                   name.substr(0, 200), value.substr(0, 200), shown(labels));
    }
  }
  if (limits.label_names_max > 0 && count > limits.label_names_max) {
    return error(Code::kInvalid,
                 "received a series whose number of labels exceeds the limit (actual: {}, limit: {}) series: '{}'",
                 count, limits.label_names_max, shown(labels));
  }
  return {};
}

}  // namespace

struct MetricSeriesTable::Maps {
  const MetricSeriesRef* find(const LabelsKey& key) const {
    const auto found = by_labels.find(key);
    return found == by_labels.end() ? nullptr : &all[*found];
  }

  AllSeries all;
  boost::unordered_flat_set<std::uint32_t, LabelsHash, SameLabels> by_labels{0, LabelsHash{&all}, SameLabels{&all}};
  boost::unordered_flat_map<Hash128, MetricSeriesRef, KeyHash> by_key;
  std::size_t next = 0;          // where forget_idle goes on
  std::uint32_t sweep_began = 0;  // minute
  std::uint64_t added = 0;
  std::size_t label_bytes = 0;
  MetricSeriesTable::Extent extent;  // without bytes
};

MetricSeriesTable::MetricSeriesTable(std::shared_ptr<const MetricLimits> limits)
    : limits_(std::move(limits)), maps_(std::make_unique<Maps>()) {}
MetricSeriesTable::~MetricSeriesTable() = default;

void MetricSeriesTable::find(std::span<const Hash128> keys, std::vector<MetricSeriesRef>& out) const {
  out.resize(keys.size());
  const std::lock_guard lock(mutex_);
  const auto& known = maps_->by_key;
  // In two steps, so that the waits for the memory of several series overlap: counting a reference alone would stop at
  // each (measured: a third of the decoder's time).
  constexpr std::size_t kStep = 32;
  std::array<const MetricSeriesRef*, kStep> step;
  for (std::size_t first = 0; first < keys.size(); first += kStep) {
    const std::size_t count = std::min(kStep, keys.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = known.find(keys[first + i]);
      step[i] = found != known.end() ? &found->second : nullptr;
      if (step[i] != nullptr) __builtin_prefetch(step[i]->get(), 1);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (step[i] != nullptr) out[first + i] = *step[i];
    }
  }
}

Result<MetricSeriesRef> MetricSeriesTable::get(LabelSet labels) {
  std::shared_ptr<const MetricLimits> limits;
  const Hash128 hash = hash128(labels.bytes());
  {
    const std::lock_guard lock(mutex_);
    if (const MetricSeriesRef* found = maps_->find({labels.bytes(), hash})) return *found;
    limits = limits_;
  }
  if (auto checked = check_labels(labels, *limits); !checked.ok()) {
    const std::lock_guard lock(mutex_);
    ++maps_->extent.refused_by_labels;
    return std::move(checked).error();
  }
  const auto made = std::make_shared<MetricSeries>(std::move(labels));
  const std::lock_guard lock(mutex_);
  Maps& maps = *maps_;
  if (const MetricSeriesRef* found = maps.find({made->labels.bytes(), hash})) return *found;  // by another meanwhile
  if ((limits->series_max > 0 && maps.all.size() >= limits->series_max) || maps.all.size() >= kSeriesMax) {
    return error(Code::kLimit, "per-user series limit of {} exceeded",
                 limits->series_max > 0 ? limits->series_max : kSeriesMax);
  }
  maps.all.push_back(made);
  maps.by_labels.insert(static_cast<std::uint32_t>(maps.all.size() - 1));
  ++maps.added;
  maps.label_bytes += made->labels.bytes().size();
  std::size_t count = 0;
  for (const auto [name, value] : made->labels) {
    ++count;
    maps.extent.label_name_bytes = std::max(maps.extent.label_name_bytes, name.size());
    maps.extent.label_value_bytes = std::max(maps.extent.label_value_bytes, value.size());
  }
  maps.extent.label_names = std::max(maps.extent.label_names, count);
  return made;
}

void MetricSeriesTable::learn(const Hash128& key, const MetricSeriesRef& series) {
  const std::lock_guard lock(mutex_);
  std::size_t known = 0;
  for (const MetricSeriesKey* at = series->keys.get(); at != nullptr; at = at->next.get()) ++known;
  if (known >= kKeysMax) return;
  // A series that was forgotten in the meantime must not come back by a key only.
  const MetricSeriesRef* found = maps_->find({series->labels.bytes(), series->place.hash});
  if (found == nullptr || *found != series) return;
  if (!maps_->by_key.emplace(key, series).second) return;
  series->keys = std::make_unique<MetricSeriesKey>(MetricSeriesKey{key, std::move(series->keys)});
}

std::size_t MetricSeriesTable::size() const {
  const std::lock_guard lock(mutex_);
  return maps_->all.size();
}

std::uint64_t MetricSeriesTable::added() const {
  const std::lock_guard lock(mutex_);
  return maps_->added;
}

MetricSeriesTable::Extent MetricSeriesTable::extent() const {
  const std::lock_guard lock(mutex_);
  const Maps& maps = *maps_;
  Extent out = maps.extent;
  // One allocation for a series with its counts, one for its labels, and slots of the tables, of which one in eight is
  // free or more.
  constexpr std::size_t kAllocation = 32;
  out.bytes = maps.all.size() * (sizeof(MetricSeriesRef) + sizeof(MetricSeries) + 2 * kAllocation) +
              maps.label_bytes + maps.by_labels.bucket_count() * sizeof(std::uint32_t) +
              maps.by_key.bucket_count() * sizeof(std::pair<Hash128, MetricSeriesRef>) +
              maps.by_key.size() * sizeof(MetricSeriesKey);
  return out;
}

void MetricSeriesTable::forget_idle(std::uint32_t minute, std::size_t look_at) {
  Maps& maps = *maps_;
  if (maps.next >= maps.all.size()) {
    if (minute - maps.sweep_began < kSweepMinutes) return;
    maps.sweep_began = minute;
    maps.next = 0;
  }
  for (std::size_t i = 0; i < look_at && maps.next < maps.all.size(); ++i) {
    const MetricSeriesRef series = maps.all[maps.next];
    if (series->used_minute == 0) series->used_minute = minute & kMinutesMax;  // just made
    if (series->used_minute + kIdleMinutes >= minute) {
      ++maps.next;
      continue;
    }
    for (const MetricSeriesKey* at = series->keys.get(); at != nullptr; at = at->next.get()) maps.by_key.erase(at->key);
    maps.label_bytes -= series->labels.bytes().size();
    // The last one takes its place, under its new number.
    const auto gone = static_cast<std::uint32_t>(maps.next), last = static_cast<std::uint32_t>(maps.all.size() - 1);
    maps.by_labels.erase(gone);
    if (gone != last) {
      maps.by_labels.erase(last);
      maps.all[gone] = std::move(maps.all.back());
    }
    maps.all.pop_back();
    if (gone != last) maps.by_labels.insert(gone);
  }
}

std::shared_ptr<const MetricLimits> MetricSeriesTable::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void MetricSeriesTable::set_limits(std::shared_ptr<const MetricLimits> limits) {
  const std::lock_guard lock(mutex_);
  limits_ = std::move(limits);
}

}  // namespace trilobite::ingest
