// A Store for tests of the write path of samples: keeps what was appended as text, can refuse. Not part of the program.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "metrics/histogram.h"
#include "storage/store.h"

namespace trilobite::ingest {

class CapturedSamples final : public Store {
 public:
  // {__name__="up"} 1000 1; {...} 1000 histogram count=3 sum=5; exemplars begin with #
  std::vector<std::string> rows;
  std::vector<AppendOptions> options;
  std::optional<Error> refuse;

  Result<void> append(std::string_view, Signal signal, const Batch& batch, const AppendOptions& with) override {
    if (refuse) return *refuse;
    TRY_VOID(batch.validate());
    options.push_back(with);
    const auto& values = std::get<std::vector<double>>(batch.find(kValueColumn)->values());
    const Column* histograms = batch.find(kHistogramColumn);
    const Column* labels = batch.find(kMetadataColumn);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      std::string text = fmt::format("{} {} ", batch.label_sets[batch.label_set_of_row[row]]->to_string(),
                                     batch.times[row] / 1'000'000);
      if (histograms != nullptr && !histograms->text(row).empty()) {
        TRY(histogram, metrics::decode_histogram(histograms->text(row)));
        text += fmt::format("histogram count={} sum={}", histogram.count, histogram.sum);
      } else {
        text += fmt::format("{}", values[row]);
      }
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
