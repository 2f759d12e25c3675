// Which parser of a pipeline can take its fields from the templates of split lines.
#pragma once

#include <cstdint>
#include <span>

#include "logs/stages.h"

namespace trilobite::logql {

enum class FieldParser : std::uint8_t { kNone, kJson, kLogfmt, kPattern };

// Of one stage; kNone for everything else.
FieldParser field_parser_of(const CompiledStage& stage);

// Of stages that have exactly one such parser and do not look at the line otherwise, where the parser's fields can be
// given row by row: not kPattern.
FieldParser sole_field_parser(std::span<const CompiledStage* const> stages);

}  // namespace trilobite::logql
