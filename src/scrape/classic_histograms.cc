#include "scrape/classic_histograms.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace trilobite::scrape {
namespace {

std::optional<double> bound_of(std::string_view text) {
  if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
  double out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size() || std::isnan(out)) return std::nullopt;
  return out;
}

LabelSet without_bound(const LabelSet& labels, const std::string& name) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [key, value] : labels) {
    if (key == "le") continue;
    pairs.emplace_back(key, key == "__name__" ? name : std::string(value));
  }
  return LabelSet::from_pairs(std::move(pairs));
}

bool whole(double value) { return value == std::floor(value) && std::abs(value) < 9e15; }

std::optional<metrics::Histogram> put_together(const std::map<double, double>& buckets, std::optional<double> sum,
                                               std::optional<double> count) {
  metrics::Histogram out;
  out.schema = metrics::kCustomBuckets;
  out.whole_numbers = true;
  double before = 0;
  for (const auto& [bound, cumulative] : buckets) {
    const double inside = cumulative - before;
    if (!(inside >= 0)) return std::nullopt;
    out.whole_numbers = out.whole_numbers && whole(cumulative);
    out.positive.push_back(inside);
    if (!std::isinf(bound)) out.custom_bounds.push_back(bound);
    before = cumulative;
  }
  const double all = count.value_or(before);
  if (!std::isinf(buckets.rbegin()->first)) {  // what is above the last bound
    if (!(all >= before)) return std::nullopt;
    out.positive.push_back(all - before);
  } else if (all != before) {
    return std::nullopt;
  }
  out.positive_spans.push_back({0, static_cast<std::uint32_t>(out.positive.size())});
  out.count = all;
  out.sum = sum.value_or(0);
  return out;
}

}  // namespace

bool ClassicHistograms::take(const ingest::ExpositionFamily& family, const LabelSet& labels,
                             const ingest::ExpositionSample& sample) {
  if (family.type != "histogram" || sample.histogram != nullptr) return false;
  const std::string_view name = labels.get("__name__");
  if (!name.starts_with(family.name)) return false;
  const std::string_view suffix = name.substr(family.name.size());
  if (suffix != "_bucket" && suffix != "_sum" && suffix != "_count") return false;
  std::optional<double> bound;
  if (suffix == "_bucket" && !(bound = bound_of(labels.get("le")))) return false;
  Parts& parts = parts_[without_bound(labels, family.name)];
  if (suffix == "_sum") parts.sum = sample.value;
  if (suffix == "_count") parts.count = sample.value;
  if (bound) parts.buckets[*bound] = sample.value;
  parts.time = sample.time;
  parts.exemplars.insert(parts.exemplars.end(), sample.exemplars.begin(), sample.exemplars.end());
  return true;
}

std::vector<ClassicHistograms::Made> ClassicHistograms::finish() {
  std::vector<Made> out;
  for (auto& [labels, parts] : parts_) {
    if (parts.buckets.empty()) continue;
    auto histogram = put_together(parts.buckets, parts.sum, parts.count);
    if (!histogram || !metrics::check_histogram(*histogram).ok()) continue;
    out.push_back({labels, std::move(*histogram), parts.time, std::move(parts.exemplars)});
  }
  parts_.clear();
  return out;
}

}  // namespace trilobite::scrape
