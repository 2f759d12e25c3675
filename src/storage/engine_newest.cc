// The newest sample of a series, wherever it is: a writer that begins anew asks, so that its rules of order go on where
// they were.
#include <algorithm>

#include "storage/engine.h"
#include "storage/head_samples.h"
#include "storage/sample_cursor.h"

namespace trilobite::storage {
namespace {

using Newest = std::optional<NewestSample>;

bool is_of(const TableKey& key, const std::string& tenant) {
  return key.signal == Signal::kMetrics && key.tenant == tenant;
}

Newest newest_of(const HeadSamples::View& view) {
  SeriesSamples samples;
  append_samples(view, view.stats.time_max, view.stats.time_max, samples);
  put_in_order(samples);
  if (samples.times.empty()) return std::nullopt;
  return NewestSample{samples.times.back(), samples.values.back(),
                      samples.histograms.size() == 0 ? std::string() : std::string(samples.histograms[0])};
}

void look_into_head(const Head& head, const std::string& tenant, std::span<const Hash128> hashes, TimeNs from,
                    std::vector<Newest>& out) {
  for (const Head::Table& table : head.tables()) {
    if (!is_of(table.key, tenant)) continue;
    const auto& samples = static_cast<const HeadSamples&>(*table.table);  // as Head makes them of this signal
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const std::optional<std::uint32_t> number = samples.find(hashes[i]);
      if (!number) continue;
      const HeadSamples::View view = samples.view(*number);
      if (view.stats.rows == 0 || view.stats.time_max < from) continue;
      if (!out[i] || view.stats.time_max >= out[i]->time) out[i] = newest_of(view);
    }
  }
}

// None: the part does not have the series.
std::optional<TimeNs> newest_time_in(const SeriesTable& table, std::string_view label_bytes) {
  std::uint32_t first = 0, last = table.size();
  while (first < last) {
    const std::uint32_t middle = first + (last - first) / 2;
    if (table.label_bytes[middle] < label_bytes) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  if (first == table.size() || table.label_bytes[first] != label_bytes) return std::nullopt;
  return table.stats[first].time_max;
}

}  // namespace

std::optional<TimeNs> Engine::newest_time(const std::string& tenant) const {
  const TimeRange range = times(tenant, Signal::kMetrics);
  if (range.start == range.end) return std::nullopt;
  return range.end - 1;
}

// One sample, as queries see it.
std::optional<NewestSample> Engine::sample_at(const std::string& tenant, const LabelSet& labels, TimeNs time) {
  ScanRequest request;
  request.tenant = tenant;
  request.range = {time, time + 1};
  for (const auto [name, value] : labels)
    request.matchers.push_back({std::string(name), MatchOp::kEqual, std::string(value)});
  auto scan = scan_series(std::move(request));
  SeriesSamples samples;
  while (scan.ok()) {
    const auto more = (*scan)->next(samples);
    if (!more.ok() || !*more) break;
    if (samples.labels->bytes() != labels.bytes()) continue;  // it has labels besides these
    return NewestSample{time, samples.values.back(),
                        samples.histograms.size() == 0 ? std::string() : std::string(samples.histograms[0])};
  }
  return std::nullopt;
}

std::vector<std::optional<NewestSample>> Engine::newest_samples(const std::string& tenant,
                                                                std::span<const LabelSetRef> series, TimeNs from) {
  std::vector<Newest> out(series.size());
  std::vector<Hash128> hashes;
  for (const LabelSetRef& labels : series) hashes.push_back(hash128(labels->bytes()));
  StoreView now;
  {
    // Who appends to the active head has it for itself.
    const std::lock_guard lock(commit_mutex_);
    now = view();
    if (now.frozen) look_into_head(*now.frozen, tenant, hashes, from, out);
    look_into_head(*now.active, tenant, hashes, from, out);
  }
  std::vector<bool> in_part(series.size());
  for (const PartRef& part : now.parts->parts) {
    const PartMeta& meta = part->meta();
    if (meta.signal != Signal::kMetrics || meta.tenant != tenant || meta.info.time_max < from) continue;
    const auto open = part->noted(part->open());
    if (!open.ok()) continue;  // reported; a write does not fail for it
    for (std::size_t i = 0; i < series.size(); ++i) {
      const std::optional<TimeNs> time = newest_time_in(*(*open)->series, series[i]->bytes());
      if (!time || *time < from || (out[i] && *time <= out[i]->time)) continue;
      out[i] = NewestSample{*time, 0, {}};
      in_part[i] = true;
    }
  }
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (in_part[i]) out[i] = sample_at(tenant, *series[i], out[i]->time);
  }
  return out;
}

}  // namespace trilobite::storage
