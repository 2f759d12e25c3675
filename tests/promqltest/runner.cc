#include "runner.h"

#include <array>

#include "compare.h"
#include "metrics/functions.h"
#include "metrics/parser.h"
#include "query/context.h"

namespace trilobite::promqltest {
namespace {

using metrics::Expr;

constexpr TimeNs kMinute = 60 * kNsPerSecond;

// Functions whose answer depends on when they are asked.
bool knows_time(std::string_view name) {
  static constexpr std::array<std::string_view, 15> kNames{
      "time",   "timestamp", "predict_linear", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour",
      "minute", "month",     "year",           "start",        "end",         "step",        "range"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// Gives every selector and subquery without `@` the time; what is inside a subquery moves with it. The start and the
// end of an instant query are that time. False: some function of the expression knows the time.
class Pin {
 public:
  explicit Pin(TimeNs at) : at_(at) {}
  bool pin(Expr& expr) {
    return std::visit([this](auto& node) { return visit(node); }, expr.node);
  }

 private:
  bool set(metrics::Modifiers& modifiers) const {
    using At = metrics::Modifiers::At;
    const bool of_query = modifiers.at == At::kStart || modifiers.at == At::kEnd;
    if (modifiers.at == At::kTime || (inside_ && !of_query)) return true;
    modifiers.at = At::kTime;
    modifiers.at_time = at_;
    return true;
  }
  bool visit(metrics::NumberLiteral&) { return true; }
  bool visit(metrics::StringLiteral&) { return true; }
  bool visit(metrics::VectorSelector& node) { return set(node.modifiers); }
  bool visit(metrics::MatrixSelector& node) { return pin(*node.selector); }
  bool visit(metrics::Subquery& node) {
    const bool outer = inside_;
    set(node.modifiers);
    inside_ = true;
    const bool fine = pin(*node.expr);
    inside_ = outer;
    return fine;
  }
  bool visit(metrics::Call& node) {
    bool fine = !knows_time(node.function->name);
    for (const auto& argument : node.arguments) fine = pin(*argument) && fine;
    return fine;
  }
  bool visit(metrics::Aggregation& node) { return (!node.parameter || pin(*node.parameter)) && pin(*node.expr); }
  bool visit(metrics::Binary& node) { return pin(*node.left) && pin(*node.right); }
  bool visit(metrics::Unary& node) { return pin(*node.expr); }
  bool visit(metrics::Paren& node) { return pin(*node.expr); }

  TimeNs at_;
  bool inside_ = false;  // a subquery
};

}  // namespace

Result<Runner::Answer> Runner::query(ScriptStore& data, const std::string& text, const Expr& expr,
                                     const query::TimeGrid& grid) {
  query::QueryContext context({data.store(), pool_, data.clock()}, "test", {}, nullptr);
  metrics::PromqlOptions options;
  options.delayed_name_removal = true;
  options.start_of_all = true;
  metrics::Annotations annotations;
  TRY(result, metrics::run_promql(context, expr, grid, options, annotations));
  constexpr std::size_t kAll = 10'000;
  return Answer{std::move(result), annotations.warnings(text, kAll), annotations.infos(text, kAll)};
}

std::string Runner::evaluate(ScriptStore& data, const EvalCommand& eval) {
  const auto failed = [&](const Error& error) -> std::string {
    if (!eval.failure) return "failed: " + error.message;
    if (matches(*eval.failure, error.message)) return "";
    return "expected failure \"" + eval.failure->text + "\", got \"" + error.message + "\"";
  };
  const auto expr = metrics::parse_promql(eval.query);
  if (!expr.ok()) return failed(expr.error());
  const query::TimeGrid grid =
      eval.is_range ? query::TimeGrid{eval.start, eval.end, eval.step} : query::TimeGrid::instant(eval.start);
  const auto answer = query(data, eval.query, **expr, grid);
  if (!answer.ok()) return failed(answer.error());
  if (eval.failure) return "must fail, but has an answer";
  if (auto text = compare_texts("warning", eval.warnings, eval.no_warnings, answer->warnings); !text.empty())
    return text;
  if (auto text = compare_texts("info", eval.infos, eval.no_infos, answer->infos); !text.empty()) return text;
  if (auto text = compare_result(eval, answer->result); !text.empty()) return text;
  if (eval.is_range) return "";
  if (auto text = repeat_pinned(data, eval); !text.empty()) return text;
  return repeat_as_range(data, eval);
}

// With `@`, the answer is the same at any other time.
std::string Runner::repeat_pinned(ScriptStore& data, const EvalCommand& eval) {
  const auto expr = metrics::parse_promql(eval.query);
  if (!expr.ok() || !Pin(eval.start).pin(**expr)) return "";
  std::vector<TimeNs> times{-10 * eval.start, 0, eval.start / 5, eval.start, 10 * eval.start};
  if (eval.start == 0) times = {-kNsPerSecond, 0, kNsPerSecond};
  for (const TimeNs time : times) {
    const std::string where =
        "with @ " + std::to_string(eval.start / kNsPerSecond) + " at " + std::to_string(time / kNsPerSecond) + "s: ";
    const auto answer = query(data, eval.query, **expr, query::TimeGrid::instant(time));
    if (!answer.ok()) return where + "failed: " + answer.error().message;
    if (auto text = compare_result(eval, answer->result); !text.empty()) return where + text;
  }
  return "";
}

// In the middle of a range, the answer is that of the instant.
std::string Runner::repeat_as_range(ScriptStore& data, const EvalCommand& eval) {
  if (eval.string || eval.range_vector || eval.ordered) return "";
  for (const char* word : {"start()", "end()", "range()", "step()"}) {
    if (eval.query.find(word) != eval.query.npos) return "";
  }
  const auto expr = metrics::parse_promql(eval.query);
  if (!expr.ok()) return expr.error().message;
  const auto answer = query(data, eval.query, **expr, {eval.start - kMinute, eval.start + kMinute, kMinute});
  if (!answer.ok()) return "as a range: failed: " + answer.error().message;
  const std::string text = compare_middle(eval, answer->result, eval.start);
  return text.empty() ? "" : "as a range: " + text;
}

Outcome Runner::run(std::string_view script) {
  Outcome out;
  const Script parsed = parse_script(script);
  out.failures = parsed.errors;
  ScriptStore data(kind_);
  if (const auto cleared = data.clear(); !cleared.ok()) {
    out.failures.push_back(cleared.error().message);
    return out;
  }
  for (const Command& command : parsed.commands) {
    const std::string line = std::to_string(command.line) + ": ";
    if (const auto* eval = std::get_if<EvalCommand>(&command.what)) {
      const std::string difference = evaluate(data, *eval);
      if (difference.empty()) {
        ++out.passed;
      } else {
        out.failures.push_back(line + eval->query + ": " + difference);
      }
      continue;
    }
    const auto* load = std::get_if<LoadCommand>(&command.what);
    const auto done = load != nullptr ? data.load(*load) : data.clear();
    if (!done.ok()) out.failures.push_back(line + (load != nullptr ? "load: " : "clear: ") + done.error().message);
  }
  return out;
}

}  // namespace trilobite::promqltest
