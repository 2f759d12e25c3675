// Regular expressions of a configuration: RE2, which is what Promtail's Go has as well.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace trilobite::agent {

// (?<name>...) is taken as (?P<name>...), as newer Go does. An error says what is wrong with the expression.
Result<std::unique_ptr<const re2::RE2>> compile_regex(std::string expression);

}  // namespace trilobite::agent
