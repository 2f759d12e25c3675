// Samples as tests see them, and the simplest store of them: a map.
#pragma once

#include <bit>
#include <map>
#include <utility>

#include "storage/test_rows.h"

namespace trilobite::storage {

struct TestSample {
  std::string labels;  // as in TestRow
  TimeNs time = 0;
  double value = 0;
  std::string histogram = {};
};

inline Batch make_sample_batch(const std::vector<TestSample>& samples) {
  Batch batch;
  std::map<std::string, std::uint32_t> number_of;
  std::vector<double> values;
  StringColumn histograms;
  bool any = false;
  for (const TestSample& sample : samples) {
    const auto [place, added] =
        number_of.try_emplace(sample.labels, static_cast<std::uint32_t>(batch.label_sets.size()));
    if (added) batch.label_sets.push_back(make_labels(sample.labels));
    batch.label_set_of_row.push_back(place->second);
    batch.times.push_back(sample.time);
    values.push_back(sample.value);
    histograms.push_back(sample.histogram);
    any = any || !sample.histogram.empty();
  }
  batch.columns.push_back({std::string(kValueColumn), Column(std::move(values))});
  if (any) batch.columns.push_back({std::string(kHistogramColumn), Column(std::move(histograms))});
  return batch;
}

// (labels, time) -> (bits of the value, histogram).
using SampleMap = std::map<std::pair<std::string, TimeNs>, std::pair<std::uint64_t, std::string>>;

inline void remember(SampleMap& map, const std::vector<TestSample>& samples) {
  for (const TestSample& sample : samples)
    map[{sample.labels, sample.time}] = {std::bit_cast<std::uint64_t>(sample.value), sample.histogram};
}

// Everything that the scan hands out; checks what it promises.
inline SampleMap read_series(Result<std::unique_ptr<SeriesScan>> scan) {
  SampleMap out;
  if (!scan.ok()) {
    ADD_FAILURE() << scan.error().message;
    return out;
  }
  SeriesSamples series;
  std::size_t handed_out = 0;
  for (;;) {
    auto more = (*scan)->next(series);
    if (!more.ok()) {
      ADD_FAILURE() << more.error().message;
      return out;
    }
    if (!*more) break;
    ++handed_out;
    EXPECT_EQ(series.times.size(), series.values.size());
    EXPECT_FALSE(series.times.empty());
    EXPECT_TRUE(series.histograms.size() == 0 || series.histograms.size() == series.times.size());
    const std::string labels = print_labels(*series.labels);
    for (std::size_t i = 0; i < series.times.size(); ++i) {
      EXPECT_TRUE(i == 0 || series.times[i - 1] < series.times[i]) << "times ascend, each once";
      const std::string histogram = series.histograms.size() == 0 ? "" : std::string(series.histograms[i]);
      const bool fresh =
          out.try_emplace({labels, series.times[i]}, std::bit_cast<std::uint64_t>(series.values[i]), histogram).second;
      EXPECT_TRUE(fresh) << "a series comes once";
    }
  }
  EXPECT_LE(handed_out, (*scan)->series());
  return out;
}

// Says the first difference only: there may be thousands of samples.
inline void expect_samples(const SampleMap& got, const SampleMap& want) {
  const auto print = [](const SampleMap& map, SampleMap::const_iterator at) {
    if (at == map.end()) return std::string("the end");
    const auto& [key, value] = *at;
    return key.first + " at " + std::to_string(key.second) + ": " + std::to_string(value.first) + " " + value.second;
  };
  const auto [a, b] = std::mismatch(got.begin(), got.end(), want.begin(), want.end());
  EXPECT_TRUE(a == got.end() && b == want.end()) << got.size() << " samples instead of " << want.size() << "; got "
                                                 << print(got, a) << ", want " << print(want, b);
}

inline ScanRequest make_sample_scan(std::vector<Matcher> matchers = {}, TimeRange range = kAlways) {
  ScanRequest out = make_scan(std::move(matchers), range);
  out.signal = Signal::kMetrics;
  out.columns.clear();
  return out;
}

inline Result<void> append_samples(TestStore& test, const std::vector<TestSample>& samples,
                                   std::optional<Hash128> request = {}) {
  return test.store->append("t", Signal::kMetrics, make_sample_batch(samples), {.request = request});
}

}  // namespace trilobite::storage
