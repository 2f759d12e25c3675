// Results of PromQL as Prometheus' JSON.
#pragma once

#include <string>
#include <vector>

#include "api/prometheus_api.h"
#include "base/json_writer.h"
#include "metrics/promql.h"

namespace trilobite::api {

// Seconds with as many decimals as the milliseconds need: 1768435200.5 is 1768435200.500.
void append_prometheus_time(std::string& out, TimeNs time);
void append_prometheus_labels(std::string& out, const LabelSet& labels);

struct QueryTimings {
  std::chrono::nanoseconds total{0}, preparation{0}, evaluation{0}, sorting{0};
};
// {"resultType":...,"result":...}, and `stats` where asked for. Large results are streamed.
PrometheusAnswer query_answer(metrics::QueryResult result, bool with_statistics, const QueryTimings& timings);

// ["a","b"]
std::string text_list(const std::vector<std::string>& texts);

}  // namespace trilobite::api
