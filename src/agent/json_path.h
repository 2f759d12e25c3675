// The part of JMESPath that log pipelines use: names, "quoted names" and [indexes], joined by dots.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace trilobite::agent {

// A member's name, or a place in an array; negative ones count from the end.
using JsonStep = std::variant<std::string, std::int64_t>;
using JsonPath = std::vector<JsonStep>;

// An empty list for "@", the whole document. Functions, filters, projections and pipes are kUnsupported.
Result<JsonPath> parse_json_path(std::string_view text);

}  // namespace trilobite::agent
