#include "logs/field_parser.h"

#include <algorithm>

namespace trilobite::logql {
namespace {

bool looks_at_line(const CompiledStage& stage) {
  if (const auto* format = std::get_if<LabelFormat>(&stage)) {
    return std::any_of(format->formats().begin(), format->formats().end(),
                       [](const LabelFormat::Format& one) { return one.text.has_value(); });
  }
  return !std::holds_alternative<LabelTest>(stage) && !std::holds_alternative<Drop>(stage) &&
         !std::holds_alternative<Keep>(stage);
}

}  // namespace

FieldParser field_parser_of(const CompiledStage& stage) {
  if (std::holds_alternative<JsonFields>(stage)) return FieldParser::kJson;
  if (std::holds_alternative<PatternFields>(stage)) return FieldParser::kPattern;
  const auto* logfmt = std::get_if<Logfmt>(&stage);
  return logfmt != nullptr && logfmt->is_plain() ? FieldParser::kLogfmt : FieldParser::kNone;
}

FieldParser sole_field_parser(std::span<const CompiledStage* const> stages) {
  FieldParser out = FieldParser::kNone;
  for (const CompiledStage* stage : stages) {
    const FieldParser parser = field_parser_of(*stage);
    if (parser == FieldParser::kPattern) return FieldParser::kNone;
    if (parser == FieldParser::kNone && looks_at_line(*stage)) return FieldParser::kNone;
    if (parser == FieldParser::kNone) continue;
    if (out != FieldParser::kNone) return FieldParser::kNone;
    out = parser;
  }
  return out;
}

}  // namespace trilobite::logql
