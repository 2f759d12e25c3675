// Gathered metrics as bodies of push requests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gathered_metrics.h"

namespace trilobite::instruments {

// ExportMetricsServiceRequest; resource is an encoded Resource. Histograms with native buckets go as exponential ones.
std::string encode_otlp(const Gathered& gathered, std::string_view resource, std::int64_t time_ms);

// WriteRequests of remote write 1.0, not yet compressed, each with about samples_max samples. Every series has all of
// labels, except where it has a label of that name itself.
std::vector<std::string> encode_remote_write(const Gathered& gathered, const Labels& labels, std::int64_t time_ms,
                                             std::size_t samples_max);

// Snappy's block format.
std::string snappy_block(std::string_view bytes);

}  // namespace trilobite::instruments
