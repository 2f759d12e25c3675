// Classic histograms (name_bucket, name_count, name_sum of one set of labels, next to each other) collected into native
// histograms with custom buckets: `convert_classic_histograms_to_nhcb`.
#include <algorithm>
#include <cmath>
#include <deque>

#include "ingest/exposition_readers.h"
#include "ingest/histogram_wire.h"
#include "ingest/metric_labels.h"
#include "metrics/go_number.h"
#include "metrics/histogram_math.h"

namespace trilobite::ingest {
namespace {

// A sample that stays when the inner reader goes on.
struct Kept {
  std::string key;
  LabelSet labels;
  std::optional<TimeNs> time;
  double value = 0;
  std::optional<metrics::Histogram> histogram;
  std::vector<ExpositionExemplar> exemplars;
};

// The series of one classic histogram so far.
struct Group {
  LabelSet labels;  // with the name of the family, without le
  std::optional<TimeNs> time;
  std::vector<std::pair<double, double>> buckets;  // bound, cumulative count
  std::optional<double> count, sum;
  std::vector<ExpositionExemplar> exemplars;
};

enum class Role { kNone, kBucket, kCount, kSum };

class CustomBuckets final : public ExpositionReader {
 public:
  CustomBuckets(std::unique_ptr<ExpositionReader> inner, bool keep) : inner_(std::move(inner)), keep_(keep) {}

  Result<bool> next(ExpositionSample& out) override {
    if (current_) kept_.pop_front();
    current_ = false;
    while (kept_.empty()) {
      if (ended_) return false;
      ExpositionSample sample;
      auto more = inner_->next(sample);
      if (!more.ok()) {
        ended_ = true;
        return more;
      }
      if (!*more) {
        ended_ = true;
        flush();
        continue;
      }
      auto labels = inner_->labels();
      if (!labels.ok()) {
        ended_ = true;
        return std::move(labels).error();
      }
      take(sample, std::move(*labels));
    }
    const Kept& first = kept_.front();
    current_ = true;
    out = ExpositionSample{};
    out.key = first.key;
    out.time = first.time;
    out.value = first.value;
    out.histogram = first.histogram ? &*first.histogram : nullptr;
    out.exemplars = first.exemplars;
    return true;
  }

  Result<LabelSet> labels() const override { return kept_.front().labels; }
  const std::vector<ExpositionFamily>& families() const override { return inner_->families(); }

 private:
  void take(const ExpositionSample& sample, LabelSet labels) {
    const Role role = sample.histogram == nullptr ? role_of(labels) : Role::kNone;
    if (role == Role::kNone) {
      flush();
    } else {
      add_to_group(role, sample, labels);
      if (!keep_) return;
    }
    Kept kept{std::string(sample.key), std::move(labels), sample.time, sample.value, std::nullopt,
              {sample.exemplars.begin(), sample.exemplars.end()}};
    if (sample.histogram != nullptr) {
      kept.histogram = *sample.histogram;
      native_ = without_le(kept.labels, kept.labels.get(kNameLabel));
    }
    kept_.push_back(std::move(kept));
  }

  // What the series is of the family that came last, if that is a histogram.
  Role role_of(const LabelSet& labels) const {
    const auto& all = inner_->families();
    if (all.empty() || all.back().type != "histogram") return Role::kNone;
    std::string_view name = labels.get(kNameLabel);
    if (!name.starts_with(all.back().name)) return Role::kNone;
    name.remove_prefix(all.back().name.size());
    if (name == "_bucket") {
      return metrics::parse_go_float(labels.get("le")) ? Role::kBucket : Role::kNone;
    }
    return name == "_count" ? Role::kCount : name == "_sum" ? Role::kSum : Role::kNone;
  }

  static LabelSet without_le(const LabelSet& labels, std::string_view name) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto [label, value] : labels) {
      if (label != "le" && label != kNameLabel) pairs.emplace_back(label, value);
    }
    pairs.emplace_back(kNameLabel, name);
    return LabelSet::from_pairs(std::move(pairs));
  }

  void add_to_group(Role role, const ExpositionSample& sample, const LabelSet& labels) {
    LabelSet base = without_le(labels, inner_->families().back().name);
    if (!group_ || group_->labels != base || group_->time != sample.time) {
      flush();
      group_.emplace();
      group_->labels = std::move(base);
      group_->time = sample.time;
    }
    Group& group = *group_;
    if (role == Role::kBucket) {
      group.buckets.emplace_back(*metrics::parse_go_float(labels.get("le")), sample.value);
      group.exemplars.insert(group.exemplars.end(), sample.exemplars.begin(), sample.exemplars.end());
    } else {
      (role == Role::kCount ? group.count : group.sum) = sample.value;
    }
  }

  // What makes no histogram, or is one already, is left out.
  void flush() {
    if (!group_) return;
    Group group = std::move(*group_);
    group_.reset();
    if (group.buckets.empty() || group.labels == native_) return;
    auto histogram = convert(group);
    if (!histogram) return;
    Kept kept{"custom", std::move(group.labels), group.time, histogram->sum, std::nullopt, std::move(group.exemplars)};
    kept.key += '\0';
    kept.key += kept.labels.bytes();
    kept.histogram = std::move(*histogram);
    kept_.push_back(std::move(kept));
  }

  static std::optional<metrics::Histogram> convert(Group& group) {
    std::sort(group.buckets.begin(), group.buckets.end());
    metrics::Histogram out;
    out.schema = metrics::kCustomBuckets;
    out.whole_numbers = true;
    double before = 0;
    for (const auto& [bound, count] : group.buckets) {
      if (std::isnan(bound) || !(count >= before)) return std::nullopt;
      if (std::isfinite(bound)) out.custom_bounds.push_back(bound);
      out.positive.push_back(count - before);
      out.whole_numbers = out.whole_numbers && count == std::floor(count);
      before = count;
    }
    out.count = group.count.value_or(before);
    if (std::isfinite(group.buckets.back().first)) out.positive.push_back(out.count - before);
    if (!(out.positive.back() >= 0)) return std::nullopt;
    out.whole_numbers = out.whole_numbers && out.count == std::floor(out.count);
    out.sum = group.sum.value_or(0);
    out.positive_spans = {{0, static_cast<std::uint32_t>(out.positive.size())}};
    metrics::compact(out);
    if (!finish_histogram(out).ok()) return std::nullopt;
    return out;
  }

  const std::unique_ptr<ExpositionReader> inner_;
  const bool keep_;
  bool ended_ = false, current_ = false;  // current_: the front of kept_ has been handed out
  std::deque<Kept> kept_;
  std::optional<Group> group_;
  LabelSet native_;  // of the native histogram that came last
};

}  // namespace

std::unique_ptr<ExpositionReader> with_custom_buckets(std::unique_ptr<ExpositionReader> inner, bool keep) {
  return std::make_unique<CustomBuckets>(std::move(inner), keep);
}

}  // namespace trilobite::ingest
