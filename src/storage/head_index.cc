#include "storage/head_index.h"

#include <algorithm>

namespace trilobite::storage {
namespace {

constexpr std::size_t kSeriesOverhead = 160, kEntryOverhead = 200;  // measured with a million of each, rounded

}  // namespace

std::uint32_t HeadIndex::intern(const LabelSetRef& set) {
  // Only this thread changes number_of_, so it may look without the lock.
  if (const auto found = number_of_.find(set->bytes()); found != number_of_.end()) return found->second;
  std::unique_lock lock(mutex_);
  const std::uint32_t number = add_locked(set);
  number_of_.emplace(set->bytes(), number);
  return number;
}

std::uint32_t HeadIndex::add(const LabelSetRef& set) {
  std::unique_lock lock(mutex_);
  return add_locked(set);
}

std::uint32_t HeadIndex::add_locked(const LabelSetRef& set) {
  const auto number = static_cast<std::uint32_t>(sets_.size());
  sets_.push_back(set);
  bytes_ += set->bytes().size() + kSeriesOverhead;
  for (const auto& [name, value] : *set) {
    const auto named = by_name_.find(name);
    Name* entry = named != by_name_.end() ? named->second : nullptr;
    if (entry == nullptr) {
      entry = &names_.emplace_back();
      entry->name = std::string(name);
      by_name_.emplace(entry->name, entry);
    }
    const auto found = entry->by_value.find(value);
    Entry* values = found != entry->by_value.end() ? found->second : nullptr;
    if (values == nullptr) {
      values = &entry->entries.emplace_back(Entry{std::string(value), {}});
      entry->by_value.emplace(values->value, values);
      bytes_ += value.size() + kEntryOverhead;
    }
    values->series.add(number);
  }
  return number;
}

LabelSetRef HeadIndex::label_set(std::uint32_t series) const {
  std::shared_lock lock(mutex_);
  return sets_[series];
}

std::size_t HeadIndex::bytes() const {
  std::shared_lock lock(mutex_);
  return bytes_;
}

std::uint32_t HeadIndex::series() const {
  std::shared_lock lock(mutex_);
  return static_cast<std::uint32_t>(sets_.size());
}

const HeadIndex::Name* HeadIndex::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void HeadIndex::add(std::string_view name, std::string_view value, SeriesSet& out) const {
  std::shared_lock lock(mutex_);
  const Name* entry = find(name);
  if (entry == nullptr) return;
  const auto found = entry->by_value.find(value);
  if (found != entry->by_value.end()) out |= found->second->series;
}

void HeadIndex::add_if(std::string_view name, std::string_view from, std::string_view to, const Keep& keep,
                       SeriesSet& out) const {
  // Entries never move or go, so a regex may run over their values without stopping the writer.
  std::vector<const Entry*> entries;
  {
    std::shared_lock lock(mutex_);
    const Name* found = find(name);
    if (found == nullptr) return;
    entries.reserve(found->entries.size());
    for (const Entry& entry : found->entries) {
      if (entry.value >= from && (to.empty() || entry.value <= to)) entries.push_back(&entry);
    }
  }
  std::erase_if(entries, [&](const Entry* entry) { return !keep(entry->value); });
  std::shared_lock lock(mutex_);
  for (const Entry* entry : entries) out |= entry->series;
}

std::vector<std::string> HeadIndex::names(const SeriesSet* within) const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> out;
  for (const Name& name : names_) {
    const bool used =
        within == nullptr || std::any_of(name.entries.begin(), name.entries.end(),
                                         [&](const Entry& entry) { return entry.series.intersect(*within); });
    if (used) out.push_back(name.name);
  }
  return out;
}

std::vector<std::string> HeadIndex::values(std::string_view name, const SeriesSet* within) const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> out;
  const Name* found = find(name);
  if (found == nullptr) return out;
  for (const Entry& entry : found->entries) {
    if (within == nullptr || entry.series.intersect(*within)) out.push_back(entry.value);
  }
  return out;
}

}  // namespace trilobite::storage
