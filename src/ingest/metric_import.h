// Recorded samples in bulk: VictoriaMetrics' JSON lines, Prometheus' text formats with timestamps, InfluxDB's lines,
// Graphite's.
// Old samples beside newer ones are no fault here, and one bad line does not keep the others out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ingest/exposition.h"
#include "ingest/metric_writer.h"

namespace trilobite::ingest {

struct ImportOptions {
  std::vector<std::pair<std::string, std::string>> extra_labels;  // of every series, in place of its own
  std::size_t samples_per_write = 100'000;  // what is held in memory at once
};

struct ImportOutcome {
  std::uint64_t samples = 0, histograms = 0, exemplars = 0;  // stored
  std::uint64_t faults = 0;  // lines that were left out
  std::string first_faults;  // up to ten of them, a line each, with their place
};

// {"metric":{"__name__":"up"},"values":[1,null],"timestamps":[1500000000000,1500000001000]} on each line; null is NaN,
// "StaleNaN" a staleness marker. Native histograms: "histograms":["{{count:1 sum:2 buckets:[1]}}"] and
// "histogram_timestamps":[...], with "whole_numbers":true if their counts are; "left_out":n says that some are missing.
// Errors are those of the store; what was written before stays.
Result<ImportOutcome> import_json_lines(std::string_view body, const ImportOptions& options, std::string_view tenant,
                                        MetricWriter& writer);

// Samples without a timestamp get `now`. A fault in the format ends it: what comes behind cannot be read.
Result<ImportOutcome> import_exposition(std::string_view body, ExpositionFormat format, TimeNs now,
                                        const ImportOptions& options, std::string_view tenant, MetricWriter& writer);

// InfluxDB's line protocol: `cpu,host=a usage=1.5,idle=2i 1768435200000000000` is cpu_usage{host="a"} and
// cpu_idle{host="a"}. Fields that are texts are left out. A line without a time gets `now`; `unit_ns` is the unit of the
// others.
Result<ImportOutcome> import_influx(std::string_view body, TimeNs unit_ns, TimeNs now, const ImportOptions& options,
                                    std::string_view tenant, MetricWriter& writer);

// Graphite's plaintext protocol: `servers.a.load;dc=x 1.5 1768435200` is {"servers.a.load", dc="x"}. Seconds; without a
// time, or with -1, it is `now`.
Result<ImportOutcome> import_graphite(std::string_view body, TimeNs now, const ImportOptions& options,
                                      std::string_view tenant, MetricWriter& writer);

}  // namespace trilobite::ingest
