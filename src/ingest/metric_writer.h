// The write path of samples: remote write, OTLP, imports and scraping hand their samples to MetricWriter, which holds
// them to the tenant's limits and to Prometheus' rules of order and duplicates, and appends what is valid to the Store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "columnar/label_set.h"
#include "ingest/metric_metadata.h"
#include "ingest/metric_series.h"
#include "metrics/histogram.h"
#include "storage/placed_append.h"

namespace trilobite::ingest {

// The value of a sample that says: from here on the series has none.
inline constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;
double stale_marker();
bool is_stale(double value);

// What a decoder produces: columns, one entry per sample, that become columns of a Batch without a copy. Samples of a
// series are next to each other in the order of the request. Of the series of the tenant's table (MetricWriter::table).
struct MetricPush {
  struct Exemplar {
    std::uint32_t series = 0;
    TimeNs time = 0;
    double value = 0;
    LabelSet labels;
  };
  std::vector<MetricSeriesRef> series;
  std::vector<std::uint32_t> series_of;     // index into `series`
  std::vector<TimeNs> times;                // whole milliseconds
  std::vector<double> values;               // of a histogram: its sum
  std::vector<std::int32_t> histogram_of;   // index into `histograms`, -1: a float; empty: nothing but floats
  std::vector<metrics::Histogram> histograms;  // checked
  std::vector<TimeNs> starts;               // since when a sample counts, 0: not known; empty: of none it is
  std::vector<Exemplar> exemplars;
  std::vector<MetricMetadata> metadata;
  std::optional<Hash128> request;  // of the body, so that a retried request is stored once

  void add(std::uint32_t of, TimeNs time, double value, TimeNs start = 0) {
    add_start(start);
    series_of.push_back(of), times.push_back(time), values.push_back(value);
    if (!histogram_of.empty()) histogram_of.push_back(-1);
  }
  void add(std::uint32_t of, TimeNs time, metrics::Histogram histogram, TimeNs start = 0) {
    add_start(start);
    histogram_of.resize(times.size(), -1);
    histogram_of.push_back(static_cast<std::int32_t>(histograms.size()));
    series_of.push_back(of), times.push_back(time), values.push_back(histogram.sum);
    histograms.push_back(std::move(histogram));
  }

 private:
  void add_start(TimeNs start) {
    if (start == 0 && starts.empty()) return;
    starts.resize(times.size());
    starts.push_back(start);
  }
};

// What to do with samples that the rules refuse.
enum class OnRefusal : std::uint8_t {
  kRefuseAll,   // remote write 1.0, OTLP: nothing of the request is stored
  kKeepRest,    // remote write 2.0, imports: the rest is stored, `refused` says what was not
  kCountOnly,   // scraping: counted, the rest is stored
};

struct MetricRules {
  OnRefusal on_refusal = OnRefusal::kRefuseAll;
  bool any_order = false;         // imports: old samples beside newer ones are no fault
  bool bounded_in_time = true;    // by future_max and past_max
  Durability durability = Durability::kNow;
};

struct MetricOutcome {
  std::uint64_t floats = 0, histograms = 0, exemplars = 0;  // stored, or there already
  std::uint64_t out_of_order = 0, duplicates = 0, out_of_bounds = 0, too_old = 0;  // refused
  std::optional<Error> refused;  // of kKeepRest: what and why, a line each
};

struct MetricStats {
  std::uint64_t floats = 0, histograms = 0, exemplars = 0, requests = 0;  // since start
  std::uint64_t out_of_order = 0, duplicates = 0, out_of_bounds = 0, too_old = 0;
  std::uint64_t series = 0;        // active
  std::uint64_t series_added = 0;  // since start
};

// Any thread.
class MetricWriter {
 public:
  // All must outlive it.
  MetricWriter(Store& store, MetadataTable& metadata, const Clock& clock, MetricLimitsByTenant limits = {});
  ~MetricWriter();

  // The series of a tenant; decoders and scrape loops find theirs there.
  std::shared_ptr<MetricSeriesTable> table(std::string_view tenant);

  // Visible when it returns, and durable as the rules say. Errors: kInvalid (refused, in Prometheus' words: out of
  // order sample ...) and those of Store::append.
  Result<MetricOutcome> write(std::string_view tenant, MetricPush push, const MetricRules& rules = {});

  MetadataTable& metadata() { return metadata_; }
  MetricStats stats() const;
  MetricStats stats(std::string_view tenant) const;  // series and series_added only
  std::vector<std::string> tenants() const;          // that wrote since start, sorted
  std::shared_ptr<const MetricLimits> limits_of(std::string_view tenant) const;
  void set_limits(MetricLimitsByTenant limits);

 private:
  struct State;
  MetadataTable& metadata_;
  std::unique_ptr<State> state_;
};

}  // namespace trilobite::ingest
