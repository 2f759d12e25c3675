#include "metrics/ast.h"

#include <array>

namespace trilobite::metrics {

std::string_view type_name(ValueType type) {
  constexpr std::array<std::string_view, 5> kNames{"none", "scalar", "string", "instant vector", "range vector"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view short_type_name(ValueType type) {
  if (type == ValueType::kVector) return "vector";
  return type == ValueType::kMatrix ? "matrix" : type_name(type);
}

std::string place_text(std::string_view query, std::uint32_t start) {
  if (query.empty()) return "unknown position";
  if (start > query.size()) return "invalid position";
  std::size_t line = 1, line_start = 0;
  for (std::size_t i = 0; i < start; ++i) {
    if (query[i] != '\n') continue;
    ++line;
    line_start = i + 1;
  }
  return fmt::format("{}:{}", line, start - line_start + 1);
}

bool is_comparison(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kLessEqual; }

bool is_set(BinaryOp op) { return op >= BinaryOp::kAnd; }

std::string_view operator_text(BinaryOp op) {
  constexpr std::array<std::string_view, 18> kTexts{
      "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<=", "</", ">/", "and", "or", "unless"};
  return kTexts[static_cast<std::size_t>(op)];
}

std::string_view aggregate_name(AggregateOp op) {
  constexpr std::array<std::string_view, 14> kNames{"sum",          "avg",      "count",  "min",        "max",
                                                    "group",        "stddev",   "stdvar", "topk",       "bottomk",
                                                    "count_values", "quantile", "limitk", "limit_ratio"};
  return kNames[static_cast<std::size_t>(op)];
}

bool has_parameter(AggregateOp op) { return op >= AggregateOp::kTopk; }

}  // namespace trilobite::metrics
