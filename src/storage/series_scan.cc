// Store::scan_series for stores that only know scan(): every sample is collected, then sorted series by series.
#include <algorithm>
#include <atomic>
#include <numeric>
#include <unordered_map>

#include "storage/store.h"

namespace trilobite {
namespace {

class CollectedSeries final : public SeriesScan {
 public:
  Result<void> collect(Scan& scan) {
    for (;;) {
      TRY(batch, scan.next());
      if (!batch) break;
      add(*batch);
    }
    stats_ = scan.stats();
    return {};
  }

  Result<bool> next(SeriesSamples& out) override {
    const std::size_t index = next_++;
    if (index >= series_.size()) return false;
    SeriesSamples& in = series_[index];
    std::vector<std::uint32_t> order(in.times.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return in.times[a] < in.times[b]; });
    out = SeriesSamples{in.labels, {}, {}, {}};
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool replaced = i + 1 < order.size() && in.times[order[i + 1]] == in.times[order[i]];
      if (replaced) continue;
      out.times.push_back(in.times[order[i]]);
      out.values.push_back(in.values[order[i]]);
      if (in.histograms.size() > 0) out.histograms.push_back(in.histograms[order[i]]);
    }
    in = SeriesSamples{};
    return true;
  }
  std::size_t series() const override { return series_.size(); }
  std::uint64_t samples_max() const override { return samples_; }
  ScanStats stats() const override { return stats_; }

 private:
  void add(const Batch& batch) {
    const auto& values = std::get<std::vector<double>>(batch.find(kValueColumn)->values());
    const Column* histograms = batch.find(kHistogramColumn);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const LabelSetRef& labels = batch.label_sets[batch.label_set_of_row[row]];
      const auto [found, added] = index_.emplace(labels.get(), series_.size());
      if (added) series_.push_back({labels, {}, {}, {}});
      SeriesSamples& series = series_[found->second];
      const std::string_view histogram = histograms ? histograms->text(row) : std::string_view();
      if (!histogram.empty() && series.histograms.size() == 0) series.histograms.ends.assign(series.times.size(), 0);
      series.times.push_back(batch.times[row]);
      series.values.push_back(values[row]);
      if (!histogram.empty() || series.histograms.size() > 0) series.histograms.push_back(histogram);
    }
    samples_ += batch.rows();
  }

  std::unordered_map<const LabelSet*, std::size_t> index_;
  std::vector<SeriesSamples> series_;
  std::atomic<std::size_t> next_ = 0;
  std::uint64_t samples_ = 0;
  ScanStats stats_;
};

}  // namespace

Result<std::unique_ptr<SeriesScan>> Store::scan_series(ScanRequest request) {
  request.signal = Signal::kMetrics;
  request.direction = Direction::kForward;
  request.columns = {std::string(kValueColumn), std::string(kHistogramColumn)};
  request.predicates.clear();
  TRY(rows, scan(std::move(request)));
  auto series = std::make_unique<CollectedSeries>();
  TRY_VOID(series->collect(*rows));
  return std::unique_ptr<SeriesScan>(std::move(series));
}

}  // namespace trilobite
