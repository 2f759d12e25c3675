// The functions of PromQL as the parser sees them. What they compute is in function_*.cc of this room.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/ast.h"

namespace trilobite::metrics {

struct FunctionSignature {
  std::string_view name;
  std::vector<ValueType> arguments;
  // How many of the last argument may be left out or repeated: 0: none; n > 0: up to n may follow or be missing as
  // Prometheus counts it; -1: any number.
  int variadic = 0;
  ValueType result = ValueType::kVector;
  bool experimental = false;
};

std::span<const FunctionSignature> functions();
const FunctionSignature* find_function(std::string_view name);  // null: unknown

}  // namespace trilobite::metrics
