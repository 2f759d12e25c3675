// Metrics of our own as JSON: families as io.prometheus.client.MetricFamily is printed by protobuf's JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "logs/regex.h"

namespace trilobite::api {

// `page` is in the text format. Families whose name `pattern` matches, as a JSON list; none: all. kInternal: the page
// cannot be read.
Result<std::string> self_metrics_json(std::string_view page, const std::optional<logql::Regex>& pattern);

}  // namespace trilobite::api
