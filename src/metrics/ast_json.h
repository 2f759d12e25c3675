// A syntax tree as the JSON that Prometheus' parse_query answers, and what a query would run, node by node.
#pragma once

#include <string>

#include "metrics/ast.h"

namespace trilobite::metrics {

void append_ast_json(std::string& out, const Expr& expr);

}  // namespace trilobite::metrics
