#include "metrics/ast_json.h"

#include "base/json_writer.h"
#include "metrics/functions.h"
#include "metrics/printer.h"
#include "query/number_format.h"

namespace trilobite::metrics {

namespace {

std::string_view card_name(VectorMatching::Card card) {
  constexpr std::string_view kNames[] = {"one-to-one", "many-to-one", "one-to-many", "many-to-many"};
  return kNames[static_cast<std::size_t>(card)];
}

class Writer {
 public:
  explicit Writer(std::string& out) : json_(out) {}

  void write(const Expr& expr) {
    json_.begin_object();
    std::visit([this](const auto& node) { fields(node); }, expr.node);
    json_.end_object();
  }

 private:
  void type(std::string_view name) { json_.key("type").string(name); }

  void texts(std::string_view key, const std::vector<std::string>& values) {
    json_.key(key).begin_array();
    for (const std::string& value : values) json_.string(value);
    json_.end_array();
  }

  void child(std::string_view key, const ExprPtr& expr) {
    json_.key(key);
    if (expr)
      write(*expr);
    else
      json_.null();
  }

  // `name` in milliseconds, and nameExpr.
  void duration(const std::string& name, const Duration* value) {
    json_.key(name).number(std::int64_t{value == nullptr || value->expr ? 0 : value->value / 1'000'000});
    json_.key(name + "Expr");
    if (value != nullptr && value->expr)
      expression(*value->expr);
    else
      json_.null();
  }

  void expression(const DurationExpr& expr) {
    using Op = DurationExpr::Op;
    json_.begin_object();
    if (expr.op == Op::kNumber) {
      type("numberLiteral");
      json_.key("val").string(query::number_text(expr.seconds)).end_object();
      return;
    }
    constexpr std::string_view kOps[] = {"",  "step", "range", "-", "+",      "+",     "-",
                                         "*", "/",    "%",     "^", "min_of", "max_of"};
    const bool unary = expr.op == Op::kNegate || expr.op == Op::kPlus;
    type("durationExpr");
    json_.key("op").string(kOps[static_cast<std::size_t>(expr.op)]);
    operand("lhs", unary ? nullptr : expr.left.get());
    operand("rhs", unary ? expr.left.get() : expr.right.get());
    json_.key("wrapped").boolean(expr.parens).end_object();
  }

  void operand(std::string_view key, const DurationExpr* expr) {
    json_.key(key);
    if (expr != nullptr)
      expression(*expr);
    else
      json_.null();
  }

  void modifiers(const Modifiers& value) {
    duration("offset", value.offset ? &*value.offset : nullptr);
    json_.key("timestamp");
    if (value.at == Modifiers::At::kTime)
      json_.number(std::int64_t{value.at_time / 1'000'000});
    else
      json_.null();
    json_.key("startOrEnd");
    if (value.at == Modifiers::At::kStart)
      json_.string("start");
    else if (value.at == Modifiers::At::kEnd)
      json_.string("end");
    else
      json_.null();
  }

  void selector(const VectorSelector& node) {
    json_.key("name").string(node.name).key("matchers").begin_array();
    for (const Matcher& matcher : node.matchers) {
      constexpr std::string_view kOps[] = {"=", "!=", "=~", "!~"};
      json_.begin_object().key("name").string(matcher.name).key("value").string(matcher.value);
      json_.key("type").string(kOps[static_cast<std::size_t>(matcher.op)]).end_object();
    }
    json_.end_array();
    modifiers(node.modifiers);
    json_.key("anchored").boolean(node.anchored).key("smoothed").boolean(node.smoothed);
  }

  void fields(const NumberLiteral& node) {
    type("numberLiteral");
    json_.key("val").string(query::number_text(node.value));
  }
  void fields(const StringLiteral& node) {
    type("stringLiteral");
    json_.key("val").string(node.value);
  }
  void fields(const VectorSelector& node) {
    type("vectorSelector");
    selector(node);
  }
  void fields(const MatrixSelector& node) {
    type("matrixSelector");
    selector(std::get<VectorSelector>(node.selector->node));
    duration("range", &node.range);
  }
  void fields(const Subquery& node) {
    type("subquery");
    child("expr", node.expr);
    duration("range", &node.range);
    duration("step", node.step ? &*node.step : nullptr);
    modifiers(node.modifiers);
  }
  void fields(const Call& node) {
    type("call");
    json_.key("func").begin_object().key("name").string(node.function->name).key("argTypes").begin_array();
    for (const ValueType argument : node.function->arguments) json_.string(short_type_name(argument));
    json_.end_array().key("variadic").number(std::int64_t{node.function->variadic});
    json_.key("returnType").string(short_type_name(node.function->result)).end_object();
    json_.key("args").begin_array();
    for (const ExprPtr& argument : node.arguments) write(*argument);
    json_.end_array();
  }
  void fields(const Aggregation& node) {
    type("aggregation");
    json_.key("op").string(aggregate_name(node.op));
    child("expr", node.expr);
    child("param", node.parameter);
    texts("grouping", node.grouping);
    json_.key("without").boolean(node.without);
  }
  void fields(const Binary& node) {
    type("binaryExpr");
    json_.key("op").string(operator_text(node.op));
    child("lhs", node.left);
    child("rhs", node.right);
    json_.key("matching");
    if (node.matching)
      matching(*node.matching);
    else
      json_.null();
    json_.key("bool").boolean(node.return_bool);
  }
  void fields(const Unary& node) {
    type("unaryExpr");
    json_.key("op").string(node.negate ? "-" : "+");
    child("expr", node.expr);
  }
  void fields(const Paren& node) {
    type("parenExpr");
    child("expr", node.expr);
  }

  void matching(const VectorMatching& value) {
    json_.begin_object().key("card").string(card_name(value.card));
    texts("labels", value.labels);
    json_.key("on").boolean(value.on);
    texts("include", value.include);
    json_.key("fillValues").begin_object();
    fill("lhs", value.fill_left);
    fill("rhs", value.fill_right);
    json_.end_object().end_object();
  }

  void fill(std::string_view key, std::optional<double> value) {
    json_.key(key);
    if (value)
      json_.number(*value);
    else
      json_.null();
  }

  JsonWriter json_;
};

}  // namespace

void append_ast_json(std::string& out, const Expr& expr) { Writer(out).write(expr); }

}  // namespace trilobite::metrics
