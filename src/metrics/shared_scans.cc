#include "metrics/shared_scans.h"

#include <algorithm>

#include "metrics/durations.h"

namespace trilobite::metrics {
namespace {

// Two ranges far from each other are not read as one.
bool lies_close(const SharedScans::Shared& shared) {
  return shared.uses > 1 && time_minus(shared.range.end, shared.range.start) <= shared.length;
}

std::string key_of(const VectorSelector& selector) {
  std::vector<std::string> parts;
  for (const Matcher& matcher : selector.matchers) {
    parts.push_back(fmt::format("{} {}:{}{}:{}", static_cast<int>(matcher.op), matcher.name.size(), matcher.name,
                                matcher.value.size(), matcher.value));
  }
  std::sort(parts.begin(), parts.end());
  std::string key;
  for (const std::string& part : parts) key += part;
  return key;
}

}  // namespace

void SharedScans::plan(const VectorSelector& selector, TimeRange range) {
  const auto [at, added] = shared_.try_emplace(key_of(selector));
  Shared& shared = at->second;
  shared.range =
      added ? range : TimeRange{std::min(shared.range.start, range.start), std::max(shared.range.end, range.end)};
  shared.length = time_plus(shared.length, time_minus(range.end, range.start));
  ++shared.uses;
  planned_.insert(&selector);
}

void SharedScans::finish_plan() {
  std::erase_if(shared_, [](const auto& entry) { return !lies_close(entry.second); });
}

SharedScans::Shared* SharedScans::find(const VectorSelector& selector, TimeRange range) {
  if (shared_.empty() || !planned_.contains(&selector)) return nullptr;
  const auto found = shared_.find(key_of(selector));
  if (found == shared_.end()) return nullptr;
  Shared& shared = found->second;
  const bool covered = shared.range.start <= range.start && range.end <= shared.range.end;
  return covered && (shared.loaded || shared.uses > 1) ? &shared : nullptr;
}

void SharedScans::used(Shared& shared) {
  if (--shared.uses == 0) give_up(shared);
}

void SharedScans::give_up(Shared& shared) {
  std::erase_if(shared_, [&](const auto& entry) { return &entry.second == &shared; });
}

bool cut_samples(const SeriesSamples& all, TimeRange range, SeriesSamples& out) {
  const auto from = std::lower_bound(all.times.begin(), all.times.end(), range.start) - all.times.begin();
  const auto to = std::lower_bound(all.times.begin() + from, all.times.end(), range.end) - all.times.begin();
  if (from == to) return false;
  out.labels = all.labels;
  out.times.assign(all.times.begin() + from, all.times.begin() + to);
  out.values.assign(all.values.begin() + from, all.values.begin() + to);
  out.histograms.bytes.clear();
  out.histograms.ends.clear();
  if (all.histograms.size() == 0) return true;
  for (auto i = from; i < to; ++i) out.histograms.push_back(all.histograms[static_cast<std::size_t>(i)]);
  return true;
}

}  // namespace trilobite::metrics
