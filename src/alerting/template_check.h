// The texts of alerts are templates of Go: what their parser would refuse, without running them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trilobite::alerting {

// What is wrong, in Go's words: `unclosed action`, `function "x" not defined`. Nothing: it can be parsed. $labels,
// $value, $externalLabels and $externalURL are known, as are Prometheus' functions.
std::optional<std::string> template_error(std::string_view text);

}  // namespace trilobite::alerting
