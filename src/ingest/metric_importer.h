// What the importers of every format share: samples collected and written in pieces, faults counted.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "ingest/metric_import.h"
#include "ingest/metric_labels.h"

namespace trilobite::ingest {

// Collects samples and writes them in pieces.
class Importer {
 public:
  Importer(const ImportOptions& options, std::string_view tenant, MetricWriter& writer, std::string_view body)
      : options_(options), tenant_(tenant), writer_(writer), table_(writer.table(tenant)), request_(hash128(body)) {}

  void fault(std::string_view text) {
    constexpr std::size_t kFaultsShown = 10;
    if (++outcome_.faults > kFaultsShown) return;
    if (!outcome_.first_faults.empty()) outcome_.first_faults += '\n';
    outcome_.first_faults += text;
  }

  Result<MetricSeriesRef> series(std::vector<LabelSet::Pair>& pairs) {
    for (const auto& extra : options_.extra_labels) {
      std::erase_if(pairs, [&](const LabelSet::Pair& pair) { return pair.first == extra.first; });
      pairs.emplace_back(extra.first, extra.second);
    }
    TRY(labels, make_series_labels(pairs));
    return table_->get(std::move(labels));
  }

  std::uint32_t add_series(MetricSeriesRef series) {
    push_.series.push_back(std::move(series));
    return static_cast<std::uint32_t>(push_.series.size() - 1);
  }
  MetricPush& push() { return push_; }
  bool full() const { return push_.times.size() >= options_.samples_per_write; }

  Result<void> write() {
    if (push_.times.empty() && push_.metadata.empty()) return {};
    push_.request = Hash128{request_.low ^ hash64("import", ++pieces_), request_.high};
    const MetricRules rules{OnRefusal::kKeepRest, true, false};
    TRY(written, writer_.write(tenant_, std::exchange(push_, {}), rules));
    outcome_.samples += written.floats;
    outcome_.histograms += written.histograms;
    outcome_.exemplars += written.exemplars;
    if (written.refused) fault(written.refused->message);
    return {};
  }

  Result<ImportOutcome> finish() {
    TRY_VOID(write());
    return std::move(outcome_);
  }

 private:
  const ImportOptions& options_;
  std::string tenant_;
  MetricWriter& writer_;
  std::shared_ptr<MetricSeriesTable> table_;
  Hash128 request_;
  std::uint64_t pieces_ = 0;
  MetricPush push_;
  ImportOutcome outcome_;
};

}  // namespace trilobite::ingest
