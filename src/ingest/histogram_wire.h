// Native histograms as remote write and remote read have them (prometheus.Histogram; version 2 has the same fields).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ingest/wire_reader.h"
#include "metrics/histogram.h"

namespace trilobite::ingest {

struct WireHistogram {
  metrics::Histogram histogram;
  std::int64_t time_ms = 0;
  std::int64_t start_ms = 0;  // 0: not known
};

// Checked; finer schemas than 8 are reduced to it. Errors: kCorrupt (no protobuf), kInvalid (no histogram that makes
// sense, in Prometheus' words).
Result<WireHistogram> decode_wire_histogram(std::string_view message);
void append_wire_histogram(std::string& out, const metrics::Histogram& histogram, std::int64_t time_ms);

// Fields of histograms, appended; false: broken. Deltas and numbers come packed or one by one.
bool read_wire_span(std::string_view message, std::vector<metrics::BucketSpan>& out);
bool read_wire_deltas(WireReader& reader, std::vector<double>& out);  // as absolute counts
bool read_wire_numbers(WireReader& reader, std::vector<double>& out);

// A whole count as a number of 64 bits; what does not fit is the largest that does.
std::int64_t whole_count(double count);

// After decoding from any format: holds it to the rules and brings finer schemas than 8 to it.
Result<void> finish_histogram(metrics::Histogram& histogram);

}  // namespace trilobite::ingest
