// Runs a template.
#include "logs/template.h"

#include "logs/limits.h"
#include "logs/template_tree.h"

namespace trilobite::logql {

namespace {

class Execution {
 public:
  Execution(const Template::Tree& tree, const TemplateInput& input, std::string& out)
      : tree_(tree), input_(input), out_(out), start_(out.size()) {
    variables_.emplace_back(RootLabels{});
  }

  Result<void> run() {
    TRY_VOID(block(tree_.root, TemplateValue(RootLabels{})));
    return {};
  }

 private:
  enum class Flow : std::uint8_t { kNext, kBreak, kContinue };

  static Error fail(std::string_view source, std::string_view what) {
    return error(Code::kInvalid, "template: line:1: executing \"line\" at <{}>: {}", source, what);
  }

  Result<void> limits() {
    if (++steps_ > kTemplateStepsMax || out_.size() - start_ > kTemplateOutputMax) {
      return error(Code::kLimit, "template: line: output or number of steps exceeds the limit");
    }
    return {};
  }

  // ---- Nodes ----

  Result<Flow> block(const std::vector<TemplateNode>& nodes, const TemplateValue& dot) {
    const std::size_t variables = variables_.size();
    for (const TemplateNode& node : nodes) {
      TRY_VOID(limits());
      TRY(flow, one(node, dot));
      if (flow != Flow::kNext) {
        variables_.resize(variables);
        return flow;
      }
    }
    variables_.resize(variables);
    return Flow::kNext;
  }

  Result<Flow> one(const TemplateNode& node, const TemplateValue& dot) {
    using Kind = TemplateNode::Kind;
    switch (node.kind) {
      case Kind::kText: out_ += node.text; return Flow::kNext;
      case Kind::kBreak: return Flow::kBreak;
      case Kind::kContinue: return Flow::kContinue;
      case Kind::kAction: return action(node, dot);
      case Kind::kIf:
      case Kind::kWith: return branch(node, dot);
      case Kind::kRange: return range(node, dot);
      case Kind::kTemplate: return call(node, dot);
    }
    CHECK(false);
  }

  Result<Flow> action(const TemplateNode& node, const TemplateValue& dot) {
    // The most frequent action, {{.label}}, goes without values.
    const TemplateOperand& first = node.pipe->commands.front().operands.front();
    if (node.pipe->variables.empty() && node.pipe->commands.size() == 1 &&
        node.pipe->commands.front().operands.size() == 1 && first.kind == TemplateOperand::Kind::kDot &&
        first.fields.size() == 1 && std::holds_alternative<RootLabels>(dot.data)) {
      out_ += input_.label(first.fields.front());
      return Flow::kNext;
    }
    TRY(value, pipe(*node.pipe, dot));
    if (!node.pipe->variables.empty()) {
      assign(node.pipe->variables.front(), std::move(value));
    } else {
      out_ += print_any(value, input_);
    }
    return Flow::kNext;
  }

  Result<Flow> branch(const TemplateNode& node, const TemplateValue& dot) {
    const std::size_t variables = variables_.size();
    TRY(value, pipe(*node.pipe, dot));
    if (!node.pipe->variables.empty()) assign(node.pipe->variables.front(), value);
    const bool with = node.kind == TemplateNode::Kind::kWith;
    TRY(flow, truth(value) ? block(node.body, with ? value : dot) : block(node.otherwise, dot));
    variables_.resize(variables);
    return flow;
  }

  Result<Flow> range(const TemplateNode& node, const TemplateValue& dot) {
    const std::size_t variables = variables_.size();
    TRY(value, pipe(*node.pipe, dot));
    bool any = false, stopped = false;
    const auto step = [&](TemplateValue key, const TemplateValue& element) -> Result<Flow> {
      TRY_VOID(limits());
      any = true;
      const auto& places = node.pipe->variables;
      if (places.size() == 1) assign(places[0], element);
      if (places.size() == 2) {
        assign(places[0], std::move(key));
        assign(places[1], element);
      }
      return block(node.body, element);
    };
    TRY_VOID(each(value, node.pipe->commands.back().source,
                  [&](TemplateValue key, const TemplateValue& element) -> Result<bool> {
                    TRY(flow, step(std::move(key), element));
                    stopped = flow == Flow::kBreak;
                    return !stopped;
                  }));
    variables_.resize(variables);
    return any ? Result<Flow>(Flow::kNext) : block(node.otherwise, dot);
  }

  // Calls `step` for every element until it says false.
  template <class Step>
  Result<void> each(const TemplateValue& value, std::string_view source, Step step) {
    if (const auto* list = std::get_if<std::shared_ptr<const TemplateList>>(&value.data)) {
      for (std::size_t i = 0; i < (*list)->size(); ++i) {
        TRY(more, step(static_cast<std::int64_t>(i), (**list)[i]));
        if (!more) return {};
      }
    } else if (const auto* map = std::get_if<std::shared_ptr<const TemplateMap>>(&value.data)) {
      for (const auto& [key, element] : **map) {
        TRY(more, step(key, element));
        if (!more) return {};
      }
    } else if (std::holds_alternative<RootLabels>(value.data)) {
      for (const auto& [key, element] : input_.labels()) {
        TRY(more, step(std::string(key), TemplateValue(std::string(element))));
        if (!more) return {};
      }
    } else if (const auto* count = std::get_if<std::int64_t>(&value.data)) {
      for (std::int64_t i = 0; i < *count; ++i) {
        TRY(more, step(i, TemplateValue(i)));
        if (!more) return {};
      }
    } else if (!value.is_nil()) {
      return fail(source, fmt::format("range can't iterate over {}", to_text(value)));
    }
    return {};
  }

  Result<Flow> call(const TemplateNode& node, const TemplateValue& dot) {
    const auto found = tree_.defined.find(node.text);
    if (found == tree_.defined.end()) return fail(node.text, fmt::format("template \"{}\" not defined", node.text));
    if (++depth_ > kTemplateDepthMax) return fail(node.text, "exceeded maximum template depth");
    TemplateValue argument;
    if (node.pipe) {
      TRY(value, pipe(*node.pipe, dot));
      argument = std::move(value);
    }
    std::vector<TemplateValue> outer;
    outer.push_back(argument);
    std::swap(outer, variables_);
    TRY_VOID(block(found->second, argument));
    std::swap(outer, variables_);
    --depth_;
    return Flow::kNext;
  }

  // ---- Values ----

  void assign(std::size_t place, TemplateValue value) {
    if (place >= variables_.size()) variables_.resize(place + 1);
    variables_[place] = std::move(value);
  }

  Result<TemplateValue> pipe(const TemplatePipe& pipe, const TemplateValue& dot) {
    TemplateValue value;
    for (std::size_t i = 0; i < pipe.commands.size(); ++i) {
      TRY(next, command(pipe.commands[i], dot, i > 0 ? &value : nullptr));
      value = std::move(next);
    }
    return value;
  }

  Result<TemplateValue> command(const TemplateCommand& command, const TemplateValue& dot, TemplateValue* last) {
    const TemplateOperand& first = command.operands.front();
    if (first.kind == TemplateOperand::Kind::kFunction) return function(command, dot, last);
    TRY(value, operand(first, dot, command.source));
    if (const auto* time = std::get_if<GoTime>(&value.data); time != nullptr && !method_.empty()) {
      return method(*time, command, dot, last);
    }
    if (command.operands.size() > 1 || last != nullptr) {
      return fail(command.source, fmt::format("can't give argument to non-function {}", command.source));
    }
    return value;
  }

  Result<TemplateValue> operand(const TemplateOperand& operand, const TemplateValue& dot, std::string_view source) {
    using Kind = TemplateOperand::Kind;
    TemplateValue value;
    method_ = {};
    switch (operand.kind) {
      case Kind::kLiteral: return operand.literal;
      case Kind::kNil: return value;
      case Kind::kDot: value = dot; break;
      case Kind::kVariable:
        value = operand.variable < variables_.size() ? variables_[operand.variable] : TemplateValue();
        break;
      case Kind::kPipe: {
        TRY(inner, pipe(*operand.pipe, dot));
        value = std::move(inner);
        break;
      }
      case Kind::kFunction: {
        TRY(called, invoke(operand, {}, source));
        value = std::move(called);
        break;
      }
    }
    return fields(std::move(value), operand, source);
  }

  // A method of a time as the last field is left in method_; it may want arguments.
  Result<TemplateValue> fields(TemplateValue value, const TemplateOperand& operand, std::string_view source) {
    method_ = {};
    for (const std::string& name : operand.fields) {
      if (std::holds_alternative<RootLabels>(value.data)) {
        value = std::string(input_.label(name));
      } else if (const auto* map = std::get_if<std::shared_ptr<const TemplateMap>>(&value.data)) {
        const auto found = (*map)->find(name);
        TemplateValue next = found == (*map)->end() ? TemplateValue() : found->second;
        value = std::move(next);
      } else if (std::holds_alternative<GoTime>(value.data)) {
        if (&name == &operand.fields.back()) {
          method_ = name;
          return value;
        }
        TRY(result, time_method(std::get<GoTime>(value.data), name, {}, source));
        value = std::move(result);
      } else if (value.is_nil()) {
        return fail(source, fmt::format("nil pointer evaluating interface {{}}.{}", name));
      } else {
        return fail(source, fmt::format("can't evaluate field {} in type {}", name, value.type_name()));
      }
    }
    return value;
  }

  Result<std::vector<TemplateValue>> arguments(const TemplateCommand& command, const TemplateValue& dot,
                                               TemplateValue* last) {
    std::vector<TemplateValue> out;
    out.reserve(command.operands.size());
    for (std::size_t i = 1; i < command.operands.size(); ++i) {
      TRY(value, argument(command.operands[i], dot, command.source));
      out.push_back(std::move(value));
    }
    if (last != nullptr) out.push_back(std::move(*last));
    return out;
  }

  // An operand in the place of an argument: a method is called without arguments.
  Result<TemplateValue> argument(const TemplateOperand& one, const TemplateValue& dot, std::string_view source) {
    TRY(value, operand(one, dot, source));
    if (!method_.empty()) return time_method(std::get<GoTime>(value.data), std::exchange(method_, {}), {}, source);
    return value;
  }

  Result<TemplateValue> function(const TemplateCommand& command, const TemplateValue& dot, TemplateValue* last) {
    const TemplateOperand& first = command.operands.front();
    if (first.name == "and" || first.name == "or") return short_circuit(command, dot, last);
    TRY(values, arguments(command, dot, last));
    TRY(value, invoke(first, values, command.source));
    if (first.fields.empty()) return value;
    TRY(field, fields(std::move(value), first, command.source));
    if (!method_.empty())
      return time_method(std::get<GoTime>(field.data), std::exchange(method_, {}), {}, command.source);
    return field;
  }

  Result<TemplateValue> invoke(const TemplateOperand& operand, std::span<const TemplateValue> values,
                               std::string_view source) {
    const TemplateFunction& function = *operand.function;
    if (values.size() < function.min || values.size() > function.max) {
      return fail(source, fmt::format("wrong number of args for {}: want {}{} got {}", operand.name,
                                      function.max == kAnyCount ? "at least " : "", function.min, values.size()));
    }
    auto value = function.call({values, input_});
    if (!value.ok()) return fail(source, fmt::format("error calling {}: {}", operand.name, value.error().message));
    return value;
  }

  // `and` and `or` stop at the first value that decides.
  Result<TemplateValue> short_circuit(const TemplateCommand& command, const TemplateValue& dot, TemplateValue* last) {
    const bool stop_at = command.operands.front().name == "or";
    if (command.operands.size() == 1 && last == nullptr)
      return fail(command.source, "wrong number of args: want at least 1 got 0");
    TemplateValue value;
    for (std::size_t i = 1; i < command.operands.size(); ++i) {
      TRY(next, argument(command.operands[i], dot, command.source));
      value = std::move(next);
      if (truth(value) == stop_at) return value;
    }
    return last != nullptr ? std::move(*last) : std::move(value);
  }

  // ---- Methods of a time ----

  Result<TemplateValue> method(const GoTime& time, const TemplateCommand& command, const TemplateValue& dot,
                               TemplateValue* last) {
    const std::string name(std::exchange(method_, {}));
    TRY(values, arguments(command, dot, last));
    return time_method(time, name, values, command.source);
  }

  static Result<TemplateValue> time_method(const GoTime& time, std::string_view name,
                                           std::span<const TemplateValue> values, std::string_view source) {
    const CivilTime civil = civil_of(time);
    const auto whole = [](std::int64_t value) { return TemplateValue(value); };
    if (name == "Format" && values.size() == 1 && values[0].text() != nullptr) {
      return TemplateValue(format_time(time, *values[0].text()));
    }
    if (!values.empty()) return fail(source, fmt::format("wrong number of args for {}", name));
    if (name == "Unix") return whole(time.seconds);
    if (name == "UnixNano") return whole(time.unix_nanos());
    if (name == "UnixMicro") return whole(time.seconds * 1'000'000 + time.nanos / 1000);
    if (name == "UnixMilli") return whole(time.unix_millis());
    if (name == "Year") return whole(civil.year);
    if (name == "Month") return TemplateValue(format_time(time, "January"));
    if (name == "Day") return whole(civil.day);
    if (name == "Hour") return whole(civil.hour);
    if (name == "Minute") return whole(civil.minute);
    if (name == "Second") return whole(civil.second);
    if (name == "Nanosecond") return whole(civil.nanos);
    if (name == "YearDay") return whole(civil.yearday);
    if (name == "Weekday") return TemplateValue(format_time(time, "Monday"));
    if (name == "String") return TemplateValue(to_text(TemplateValue(time)));
    if (name == "UTC" || name == "Local") return TemplateValue(time);
    if (name == "IsZero") return TemplateValue(time == GoTime{});
    return fail(source, fmt::format("can't evaluate field {} in type time.Time", name));
  }

  const Template::Tree& tree_;
  const TemplateInput& input_;
  std::string& out_;
  std::size_t start_;
  std::vector<TemplateValue> variables_;
  std::string_view method_;
  std::size_t steps_ = 0, depth_ = 0;
};

}  // namespace

Result<Template> Template::compile(std::string_view text) {
  TRY(tree, parse_template(text));
  return Template(std::move(tree));
}

Result<void> Template::execute(const TemplateInput& input, std::string& out) const {
  return Execution(*tree_, input, out).run();
}

const std::vector<std::string>& Template::fields() const { return tree_->fields; }
bool Template::all_labels() const { return tree_->all_labels; }

}  // namespace trilobite::logql
