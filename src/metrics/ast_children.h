// What stands directly below a node, in the order of the text.
#pragma once

#include <vector>

#include "metrics/ast.h"

namespace trilobite::metrics {

std::vector<const Expr*> children_of(const Expr& expr);

}  // namespace trilobite::metrics
