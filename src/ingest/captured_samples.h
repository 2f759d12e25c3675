// A Store for tests of the write path of samples: keeps what was appended as text, can refuse. Not part of the program.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "metrics/histogram.h"
#include "metrics/start_time.h"
#include "storage/placed_append.h"

namespace trilobite::ingest {

class CapturedSamples final : public Store, public PlacedAppends {
 public:
  // {__name__="up"} 1000 1; {...} 1000 histogram count=3 sum=5; exemplars begin with #
  std::vector<std::string> rows;
  std::vector<PlacedAppendOptions> options;  // their places are gone
  std::vector<std::size_t> places;           // how many there were
  std::optional<Error> refuse;

  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch, const AppendOptions& with) override {
    return append_placed(tenant, signal, batch, {.append = with, .places = {}});
  }
  Result<void> append_placed(std::string_view, Signal signal, const Batch& batch,
                             const PlacedAppendOptions& with) override {
    if (refuse) return *refuse;
    TRY_VOID(batch.validate());
    options.push_back({.append = with.append, .places = {}, .durability = with.durability});
    places.push_back(with.places.size());
    const auto& values = std::get<std::vector<double>>(batch.find(kValueColumn)->values());
    const Column* histograms = batch.find(kHistogramColumn);
    const Column* labels = batch.find(kMetadataColumn);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      std::string text = fmt::format("{} {} ", batch.label_sets[batch.label_set_of_row[row]]->to_string(),
                                     batch.times[row] / 1'000'000);
      metrics::SampleText beside;
      if (histograms != nullptr) beside = metrics::split_sample_text(histograms->text(row));
      if (!beside.histogram.empty()) {
        TRY(histogram, metrics::decode_histogram(beside.histogram));
        text += fmt::format("histogram count={} sum={}", histogram.count, histogram.sum);
      } else {
        text += fmt::format("{}", values[row]);
      }
      if (beside.start != 0) text += fmt::format(" since {}", beside.start / 1'000'000);
      if (signal == Signal::kExemplars) {
        TRY(set, LabelSet::from_bytes(std::string(labels->text(row))));
        text = fmt::format("# {} {}", text, set.to_string());
      }
      rows.push_back(std::move(text));
    }
    return {};
  }
  Result<std::unique_ptr<Scan>> scan(ScanRequest) override { return error(Code::kUnsupported, "write only"); }
  Result<std::vector<std::string>> label_names(const IndexRequest&) override { return std::vector<std::string>(); }
  Result<std::vector<std::string>> label_values(const IndexRequest&, std::string_view) override {
    return std::vector<std::string>();
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest&) override { return std::vector<SeriesInfo>(); }
  Result<void> flush() override { return {}; }
  StoreStatistics statistics() const override { return {}; }
};

}  // namespace trilobite::ingest
