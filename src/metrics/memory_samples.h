// A Store of samples for tests: series in a map, every one looked at. Not part of the program.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "metrics/histogram.h"
#include "storage/label_matcher.h"
#include "storage/store.h"

namespace trilobite::metrics {

class MemorySamples final : public Store {
 public:
  // Of two samples with one time the last one stays.
  void add(const LabelSet& labels, TimeNs time, double value) { series_[labels][time] = {value, ""}; }
  void add(const LabelSet& labels, TimeNs time, const Histogram& histogram) {
    series_[labels][time] = {histogram.sum, encode_histogram(histogram)};
  }
  void clear() { series_.clear(); }

  Result<void> append(std::string_view, Signal, const Batch& batch, const AppendOptions&) override {
    const Column* values = batch.find(kValueColumn);
    const Column* histograms = batch.find(kHistogramColumn);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      series_[*batch.label_sets[batch.label_set_of_row[row]]][batch.times[row]] = {
          std::get<std::vector<double>>(values->values())[row], histograms ? std::string(histograms->text(row)) : ""};
    }
    return {};
  }
  Result<std::unique_ptr<Scan>> scan(ScanRequest) override {
    return error(Code::kUnsupported, "samples are scanned as series");
  }
  Result<std::unique_ptr<SeriesScan>> scan_series(ScanRequest request) override;

  Result<std::vector<std::string>> label_names(const IndexRequest& request) override {
    std::set<std::string> names;
    for (const auto& [labels, samples] : series_) {
      if (!selected(labels, samples, request.matchers, request.range)) continue;
      for (const auto& [name, value] : labels) names.insert(std::string(name));
    }
    return std::vector<std::string>(names.begin(), names.end());
  }
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override {
    std::set<std::string> values;
    for (const auto& [labels, samples] : series_) {
      if (!selected(labels, samples, request.matchers, request.range)) continue;
      if (!labels.get(name).empty()) values.insert(std::string(labels.get(name)));
    }
    return std::vector<std::string>(values.begin(), values.end());
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override {
    std::vector<SeriesInfo> all;
    for (const auto& [labels, samples] : series_) {
      if (!selected(labels, samples, request.matchers, request.range)) continue;
      all.push_back({std::make_shared<LabelSet>(labels), samples.size(), 0});
    }
    return all;
  }
  Result<void> flush() override { return {}; }
  StoreStatistics statistics() const override { return {}; }

 private:
  struct Sample {
    double value = 0;
    std::string histogram;
  };
  using Samples = std::map<TimeNs, Sample>;
  class MemoryScan;

  static bool selected(const LabelSet& labels, const Samples& samples, const std::vector<Matcher>& matchers,
                       TimeRange range) {
    const auto first = samples.lower_bound(range.start);
    return first != samples.end() && first->first < range.end &&
           std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
             return storage::LabelMatcher::compile(matcher).value().matches(labels.get(matcher.name));
           });
  }

  std::map<LabelSet, Samples> series_;
};

class MemorySamples::MemoryScan final : public SeriesScan {
 public:
  Result<bool> next(SeriesSamples& out) override {
    const std::lock_guard lock(mutex_);
    if (next_ == all_.size()) return false;
    out = all_[next_++];
    return true;
  }
  std::size_t series() const override { return all_.size(); }
  std::uint64_t samples_max() const override { return samples_; }
  ScanStats stats() const override { return {}; }

  void add(SeriesSamples series) {
    samples_ += series.times.size();
    all_.push_back(std::move(series));
  }

 private:
  std::mutex mutex_;  // guards next_
  std::size_t next_ = 0;
  std::vector<SeriesSamples> all_;
  std::uint64_t samples_ = 0;
};

inline Result<std::unique_ptr<SeriesScan>> MemorySamples::scan_series(ScanRequest request) {
  for (const Matcher& matcher : request.matchers) TRY_VOID(storage::LabelMatcher::compile(matcher));
  auto scan = std::make_unique<MemoryScan>();
  for (const auto& [labels, samples] : series_) {
    if (!selected(labels, samples, request.matchers, request.range)) continue;
    SeriesSamples series{std::make_shared<LabelSet>(labels), {}, {}, {}};
    bool any_histogram = false;
    for (auto at = samples.lower_bound(request.range.start); at != samples.end() && at->first < request.range.end;
         ++at) {
      series.times.push_back(at->first);
      series.values.push_back(at->second.value);
      series.histograms.push_back(at->second.histogram);
      any_histogram |= !at->second.histogram.empty();
    }
    if (!any_histogram) series.histograms = {};
    scan->add(std::move(series));
  }
  return std::unique_ptr<SeriesScan>(std::move(scan));
}

}  // namespace trilobite::metrics
