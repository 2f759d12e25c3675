#include "classic_to_custom.h"

#include <cmath>
#include <map>

#include "metrics/go_number.h"

namespace trilobite::promqltest {
namespace {

struct Classic {
  std::map<double, double> buckets;  // cumulative counts by upper bound
  std::optional<double> count, sum;
};

metrics::Histogram convert(Classic classic) {
  metrics::Histogram out;
  out.schema = metrics::kCustomBuckets;
  const double last = classic.buckets.empty() ? 0 : classic.buckets.rbegin()->second;
  out.count = classic.count.value_or(last);
  out.sum = classic.sum.value_or(0);
  classic.buckets.try_emplace(INFINITY, out.count);
  double before = 0;
  for (const auto& [bound, count] : classic.buckets) {
    if (std::isfinite(bound)) out.custom_bounds.push_back(bound);
    out.positive.push_back(count - before);
    before = count;
  }
  out.positive_spans.push_back({0, static_cast<std::uint32_t>(out.positive.size())});
  return out;
}

bool take_suffix(std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.resize(name.size() - suffix.size());
  return true;
}

LabelSet renamed(const LabelSet& labels, const std::string& name, bool without_bound) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [key, value] : labels) {
    if (key == "__name__" || (without_bound && key == "le")) continue;
    pairs.emplace_back(key, value);
  }
  pairs.emplace_back("__name__", name);
  return LabelSet::from_pairs(std::move(pairs));
}

}  // namespace

Result<std::vector<metrics::NotedSeries>> classic_to_custom(const std::vector<metrics::NotedSeries>& series) {
  std::map<LabelSet, std::map<std::size_t, Classic>> found;
  for (const metrics::NotedSeries& one : series) {
    std::string name(one.labels.get("__name__"));
    const bool bucket = take_suffix(name, "_bucket");
    const bool count = !bucket && take_suffix(name, "_count");
    const bool sum = !bucket && !count && take_suffix(name, "_sum");
    if (!bucket && !count && !sum) continue;
    const auto bound = metrics::parse_go_float(one.labels.get("le"));
    if (bucket && (!bound || std::isnan(*bound))) continue;
    auto& steps = found[renamed(one.labels, name, bucket)];
    for (std::size_t i = 0; i < one.samples.size(); ++i) {
      if (!one.samples[i] || one.samples[i]->histogram) continue;
      Classic& classic = steps[i];
      if (bucket) classic.buckets[*bound] = one.samples[i]->value;
      if (count) classic.count = one.samples[i]->value;
      if (sum) classic.sum = one.samples[i]->value;
    }
  }
  std::vector<metrics::NotedSeries> out;
  for (const auto& [labels, steps] : found) {
    metrics::NotedSeries native{labels, {}};
    for (const auto& [step, classic] : steps) {
      metrics::Histogram histogram = convert(classic);
      if (const auto checked = metrics::check_histogram(histogram); !checked.ok()) continue;  // counts that fall
      native.samples.resize(step + 1);
      const double sum = histogram.sum;
      native.samples[step] =
          metrics::NotedSample{sum, std::make_shared<const metrics::Histogram>(std::move(histogram)), false};
    }
    out.push_back(std::move(native));
  }
  return out;
}

}  // namespace trilobite::promqltest
