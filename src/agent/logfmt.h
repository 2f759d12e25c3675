// key=value pairs of a line, as the logfmt stage reads them. A pair that is not well formed is skipped.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace trilobite::agent {

// A key without a value has an empty one.
void parse_logfmt(std::string_view line, const std::function<void(std::string_view key, std::string value)>& found);

}  // namespace trilobite::agent
