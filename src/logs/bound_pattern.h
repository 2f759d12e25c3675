// What `| pattern` finds in every line of a template, where the template's pieces and what is known of its slots settle
// where each literal of the pattern is found first.
#pragma once

#include <functional>
#include <optional>

#include "logs/bound_fields.h"
#include "logs/pattern.h"

namespace trilobite::logql {

// Nothing where that depends on the line, or where a capture that is `wanted` is more than one slot.
Result<std::optional<BoundFields>> bind_pattern(const Pattern& pattern, const columnar::Template& lines,
                                                const std::function<bool(std::string_view name)>& wanted);

}  // namespace trilobite::logql
