#include "metrics/ast_children.h"

namespace trilobite::metrics {
namespace {

struct Children {
  std::vector<const Expr*> operator()(const NumberLiteral&) const { return {}; }
  std::vector<const Expr*> operator()(const StringLiteral&) const { return {}; }
  std::vector<const Expr*> operator()(const VectorSelector&) const { return {}; }
  std::vector<const Expr*> operator()(const MatrixSelector& node) const { return {node.selector.get()}; }
  std::vector<const Expr*> operator()(const Subquery& node) const { return {node.expr.get()}; }
  std::vector<const Expr*> operator()(const Unary& node) const { return {node.expr.get()}; }
  std::vector<const Expr*> operator()(const Paren& node) const { return {node.expr.get()}; }
  std::vector<const Expr*> operator()(const Binary& node) const { return {node.left.get(), node.right.get()}; }
  std::vector<const Expr*> operator()(const Aggregation& node) const {
    if (node.parameter) return {node.parameter.get(), node.expr.get()};
    return {node.expr.get()};
  }
  std::vector<const Expr*> operator()(const Call& node) const {
    std::vector<const Expr*> out;
    for (const ExprPtr& argument : node.arguments) out.push_back(argument.get());
    return out;
  }
};

}  // namespace

std::vector<const Expr*> children_of(const Expr& expr) { return std::visit(Children{}, expr.node); }

}  // namespace trilobite::metrics
