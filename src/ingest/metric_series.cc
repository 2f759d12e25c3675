#include "ingest/metric_series.h"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>

namespace trilobite::ingest {
namespace {

constexpr std::uint32_t kIdleMinutes = 60;
constexpr std::uint32_t kSweepMinutes = 5;
// A sender has one form of a series; more than a few are a mistake somewhere, and go the slow way.
constexpr std::size_t kKeysMax = 4;

struct KeyHash {
  using is_avalanching = void;
  std::size_t operator()(const Hash128& key) const { return key.low; }
};
struct LabelsHash : TextHash {
  using is_avalanching = void;
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
  // Views into the labels of the series.
  boost::unordered_flat_map<std::string_view, MetricSeriesRef, LabelsHash, std::equal_to<>> by_labels;
  boost::unordered_flat_map<Hash128, MetricSeriesRef, KeyHash> by_key;
  std::vector<MetricSeriesRef> all;
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
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = maps_->by_labels.find(labels.bytes()); found != maps_->by_labels.end())
      return found->second;
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
  if (limits->series_max > 0 && maps.all.size() >= limits->series_max) {
    if (const auto found = maps.by_labels.find(made->labels.bytes()); found != maps.by_labels.end())
      return found->second;
    return error(Code::kLimit, "per-user series limit of {} exceeded", limits->series_max);
  }
  const auto [entry, added] = maps.by_labels.emplace(made->labels.bytes(), made);
  if (added) {
    maps.all.push_back(made);
    ++maps.added;
    maps.label_bytes += made->labels.bytes().size();
    std::size_t count = 0;
    for (const auto [name, value] : made->labels) {
      ++count;
      maps.extent.label_name_bytes = std::max(maps.extent.label_name_bytes, name.size());
      maps.extent.label_value_bytes = std::max(maps.extent.label_value_bytes, value.size());
    }
    maps.extent.label_names = std::max(maps.extent.label_names, count);
  }
  return entry->second;
}

void MetricSeriesTable::learn(const Hash128& key, const MetricSeriesRef& series) {
  const std::lock_guard lock(mutex_);
  if (series->keys.size() >= kKeysMax) return;
  // A series that was forgotten in the meantime must not come back by a key only.
  const auto found = maps_->by_labels.find(series->labels.bytes());
  if (found == maps_->by_labels.end() || found->second != series) return;
  if (maps_->by_key.emplace(key, series).second) series->keys.push_back(key);
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
  out.bytes = maps.all.capacity() * sizeof(MetricSeriesRef) +
              maps.all.size() * (sizeof(MetricSeries) + 2 * kAllocation) + maps.label_bytes +
              maps.by_labels.bucket_count() * sizeof(std::pair<std::string_view, MetricSeriesRef>) +
              maps.by_key.bucket_count() * sizeof(std::pair<Hash128, MetricSeriesRef>) +
              maps.by_key.size() * sizeof(Hash128);
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
    if (series->used_minute == 0) series->used_minute = minute;  // just made
    if (series->used_minute + kIdleMinutes >= minute) {
      ++maps.next;
      continue;
    }
    for (const Hash128& key : series->keys) maps.by_key.erase(key);
    maps.by_labels.erase(series->labels.bytes());
    maps.label_bytes -= series->labels.bytes().size();
    maps.all[maps.next] = std::move(maps.all.back());
    maps.all.pop_back();
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
