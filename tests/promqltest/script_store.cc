#include "script_store.h"

#include <bit>

#include "classic_to_custom.h"
#include "metrics/memory_samples.h"
#include "metrics/start_time.h"
#include "storage/embedded_store.h"

namespace trilobite::promqltest {
namespace {

constexpr std::string_view kTenant = "test";

struct Row {
  std::uint32_t series;
  TimeNs time;
  double value;
  std::string histogram;
};

Batch make_batch(const std::vector<LabelSetRef>& labels, const std::vector<Row>& rows) {
  Batch batch;
  batch.label_sets = labels;
  std::vector<double> values;
  StringColumn histograms;
  for (const Row& row : rows) {
    batch.label_set_of_row.push_back(row.series);
    batch.times.push_back(row.time);
    values.push_back(row.value);
    histograms.push_back(row.histogram);
  }
  batch.columns.push_back({std::string(kValueColumn), Column(std::move(values))});
  if (!histograms.bytes.empty()) {
    batch.columns.push_back({std::string(kHistogramColumn), Column(std::move(histograms))});
  }
  return batch;
}

}  // namespace

Result<void> ScriptStore::clear() {
  newest_.clear();
  store_.reset();
  if (kind_ == StoreKind::kMemory) {
    store_ = std::make_unique<metrics::MemorySamples>();
    return {};
  }
  files_ = std::make_unique<SimulatedFileSystem>();
  StorageOptions options;
  options.directory = "/data";
  options.background = false;
  TRY(store, EmbeddedStore::open({*files_, clock_}, std::move(options)));
  store_ = std::move(store);
  return {};
}

// As a server stores it: whether a counter goes on or starts anew is found when the sample arrives.
metrics::HistogramRef ScriptStore::with_hint(const LabelSet& labels, const metrics::NotedSample& sample) {
  metrics::HistogramRef& previous = newest_[labels];
  if (!sample.histogram) {
    previous = nullptr;
    return nullptr;
  }
  metrics::Histogram histogram = *sample.histogram;
  const bool starts_anew = histogram.reset == metrics::CounterReset::kReset;
  if (histogram.reset != metrics::CounterReset::kGauge) histogram.reset = metrics::CounterReset::kUnknown;
  histogram.reset = metrics::appended_hint(starts_anew ? nullptr : previous.get(), histogram);
  previous = std::make_shared<const metrics::Histogram>(std::move(histogram));
  return previous;
}

Result<void> ScriptStore::load(const LoadCommand& load) {
  TRY_VOID(append(load.series, load.starts, load.step));
  if (!load.with_custom_buckets) return {};
  TRY(converted, classic_to_custom(load.series));
  return append(converted, {}, load.step);
}

Result<void> ScriptStore::append(const std::vector<metrics::NotedSeries>& series,
                                 const std::map<LabelSet, StartOffsets>& starts, TimeNs step) {
  std::vector<LabelSetRef> labels;
  std::vector<std::vector<Row>> batches(kind_ == StoreKind::kMemory ? 1 : 3);
  for (const metrics::NotedSeries& one : series) {
    labels.push_back(std::make_shared<const LabelSet>(one.labels));
    const auto offsets = starts.find(one.labels);
    for (std::size_t i = 0; i < one.samples.size(); ++i) {
      if (!one.samples[i]) continue;
      const metrics::HistogramRef histogram = with_hint(one.labels, *one.samples[i]);
      // Neighbours come in different batches, so that series are in several parts and the head at once.
      const TimeNs time = static_cast<TimeNs>(i) * step;
      const bool started = offsets != starts.end() && offsets->second[i];
      const std::string text = histogram ? metrics::encode_histogram(*histogram) : std::string();
      batches[i % batches.size()].push_back({static_cast<std::uint32_t>(labels.size() - 1), time,
                                             one.samples[i]->value,
                                             metrics::with_start(started ? time + *offsets->second[i] : 0, text)});
    }
  }
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (batches[i].empty()) continue;
    TRY_VOID(store_->append(kTenant, Signal::kMetrics, make_batch(labels, batches[i]), {}));
    if (i + 1 == batches.size()) break;  // the last stays in the head
    TRY_VOID(store_->flush());
  }
  if (kind_ == StoreKind::kEngine && ++loads_ % 2 == 0) {
    auto& engine = static_cast<EmbeddedStore&>(*store_);
    for (;;) {
      TRY(merged, engine.merge_once());
      if (!merged) break;
    }
  }
  return {};
}

}  // namespace trilobite::promqltest
