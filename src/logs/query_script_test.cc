#include "logs/query_script_test.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "logs/log_query.h"
#include "logs/metric_query.h"
#include "logs/parser.h"
#include "logs/printer.h"
#include "logs/text.h"
#include "query/number_format.h"

namespace trilobite::logql {
namespace {

std::string_view take_word(std::string_view& text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(std::min(space + 1, text.size()));
  return word;
}

Result<void> take(std::string_view& text, std::string_view word) {
  const std::string_view found = take_word(text);
  if (found == word) return {};
  return error(Code::kInvalid, "\"{}\" where \"{}\" belongs", found, word);
}

Result<TimeNs> take_time(std::string_view& text) { return parse_prometheus_duration(take_word(text)); }

// {a="b", c="d"} as pairs, by way of the parser of selectors.
Result<std::vector<std::pair<std::string, std::string>>> pairs_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  TRY(matchers, parse_matchers(text));
  for (const Matcher& matcher : matchers) pairs.emplace_back(matcher.name, matcher.value);
  return pairs;
}

std::string labels_text(const LogRow& row) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& label : row.labels) pairs.emplace_back(label.name, label.value);
  return LabelSet::from_pairs(std::move(pairs)).to_string();
}

std::vector<std::string> rows_text(const std::vector<LogRow>& rows) {
  std::vector<std::string> out;
  for (const LogRow& row : rows) {
    out.push_back(labels_text(row) + " " + format_prometheus_duration(row.time) + " " + row.line);
  }
  return out;
}

std::vector<std::string> value_text(const MetricValue& value) {
  if (const double* number = std::get_if<double>(&value)) return {query::number_text(*number)};
  std::vector<std::string> out;
  for (const query::Series& series : std::get<query::Matrix>(value).series) {
    std::string line = series.labels.to_string();
    for (const double point : series.values) line += " " + (query::is_absent(point) ? "_" : query::number_text(point));
    out.push_back(line);
  }
  return out;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "\n    " + line;
  return out.empty() ? "\n    (nothing)" : out;
}

}  // namespace

Result<std::vector<QueryScript::Block>> QueryScript::split(std::string_view script) {
  std::vector<Block> blocks;
  std::istringstream in{std::string(script)};
  for (std::string line; std::getline(in, line);) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string::npos || line[start] == '#') continue;
    std::string text = line.substr(start);
    if (text.starts_with("load ") || text.starts_with("eval ") || text.starts_with("set ")) {
      blocks.push_back({text, {}});
    } else if (blocks.empty()) {
      return error(Code::kInvalid, "cannot read \"{}\": nothing is loaded or evaluated", text);
    } else {
      blocks.back().lines.push_back(text);
    }
  }
  return blocks;
}

Result<void> QueryScript::load(const Block& block) {
  const std::size_t brace = block.head.find('}');
  if (brace == std::string::npos) return error(Code::kInvalid, "the labels have no end");
  TRY(labels, pairs_of(std::string_view(block.head).substr(5, brace + 1 - 5)));
  std::string_view rest = std::string_view(block.head).substr(std::min(brace + 2, block.head.size()));
  TimeNs time = 0, step = kNsPerSecond;
  while (!rest.empty()) {
    const std::string_view word = take_word(rest);
    if (word != "from" && word != "every") return error(Code::kInvalid, "\"{}\" is neither from nor every", word);
    TRY(value, take_time(rest));
    (word == "from" ? time : step) = value;
  }
  for (std::string line : block.lines) {
    std::size_t times = 1;
    std::vector<std::pair<std::string, std::string>> metadata;
    if (const std::size_t at = line.rfind(" @ {"); at != std::string::npos) {
      TRY(pairs, pairs_of(std::string_view(line).substr(at + 3)));
      metadata = std::move(pairs);
      line.erase(at);
    }
    const std::size_t x = line.rfind(" x");
    if (x != std::string::npos && x + 2 < line.size() &&
        line.find_first_not_of("0123456789", x + 2) == std::string::npos) {
      times = std::stoul(line.substr(x + 2));
      line.erase(x);
    }
    for (; times > 0; --times, time += step) rows().add(labels, time, line, metadata);
  }
  return {};
}

Result<void> QueryScript::set(const Block& block) {
  if (block.head != "set extensions on" && block.head != "set extensions off") {
    return error(Code::kInvalid, "only extensions can be set, on or off");
  }
  extensions_ = block.head == "set extensions on";
  return {};
}

namespace {

std::vector<std::string> failed(const Error& error) { return {"fail " + error.message}; }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    out.push_back(line.substr(std::min(line.find_first_not_of(' '), line.size())));
  }
  return out;
}

}  // namespace

Result<QueryScript::Answer> QueryScript::log_answer(std::string_view words) {
  LogQuery request;
  request.range = {INT64_MIN / 2, INT64_MAX / 2};
  const std::string_view direction = take_word(words);
  if (direction != "forward" && direction != "backward") return error(Code::kInvalid, "no direction");
  request.direction = direction == "forward" ? Direction::kForward : Direction::kBackward;
  TRY_VOID(take(words, "limit"));
  request.limit = std::strtoul(std::string(take_word(words)).c_str(), nullptr, 10);
  if (words.starts_with("interval ")) {
    take_word(words);
    TRY(interval, take_time(words));
    request.interval = interval;
  }
  const auto expr = parse(words, {extensions_});
  if (!expr.ok()) return failed(expr.error());
  if (!expr->is_log()) return error(Code::kInvalid, "a metric query where a log query belongs");
  query::QueryContext context({store(), pool_, clock_}, "t", {}, nullptr);
  const auto rows = run_log_query(context, std::get<LogExpr>(expr->node), request);
  return rows.ok() ? rows_text(*rows) : failed(rows.error());
}

QueryScript::Answer QueryScript::metric_answer(std::string_view query, const query::TimeGrid& grid, bool& ordered) {
  const auto expr = parse(query, {extensions_});
  if (!expr.ok()) return failed(expr.error());
  query::QueryContext context({store(), pool_, clock_}, "t", {}, nullptr);
  const auto value = run_metric_query(context, *expr, grid);
  if (!value.ok()) return failed(value.error());
  ordered = std::holds_alternative<query::Matrix>(*value) && std::get<query::Matrix>(*value).ordered;
  return value_text(*value);
}

Result<QueryScript::Answer> QueryScript::answer(std::string_view words, bool& ordered) {
  const std::string_view kind = take_word(words);
  if (kind == "logs") {
    ordered = true;
    return log_answer(words);
  }
  if (kind == "format") {
    ordered = true;
    const auto expr = parse(words, {extensions_});
    return expr.ok() ? lines_of(to_pretty_string(*expr)) : failed(expr.error());
  }
  query::TimeGrid grid;
  if (kind == "instant") {
    TRY_VOID(take(words, "at"));
    TRY(at, take_time(words));
    grid = query::TimeGrid::instant(at);
  } else if (kind == "range") {
    TRY(start, take_time(words));
    TRY_VOID(take(words, "to"));
    TRY(end, take_time(words));
    TRY_VOID(take(words, "step"));
    TRY(step, take_time(words));
    grid = {start, end, step};
  } else {
    return error(Code::kInvalid, "\"{}\" is none of logs, instant, range, format", kind);
  }
  return metric_answer(words, grid, ordered);
}

Result<std::string> QueryScript::evaluate(const Block& block) {
  bool ordered = false;
  TRY(got, answer(std::string_view(block.head).substr(5), ordered));
  Answer want = block.lines;
  if (want.size() == 1 && want[0].starts_with("expect fail ")) {
    if (got.size() == 1 && got[0].starts_with(want[0].substr(7))) return std::string();
  } else {
    if (!ordered) {
      std::sort(got.begin(), got.end());
      std::sort(want.begin(), want.end());
    }
    if (got == want) return std::string();
  }
  return block.head + "\n  want" + joined(want) + "\n  got" + joined(got);
}

Result<std::string> QueryScript::run(const Block& block) {
  if (block.head.starts_with("eval ")) return evaluate(block);
  TRY_VOID(block.head.starts_with("load ") ? load(block) : set(block));
  return std::string();
}

std::vector<std::string> QueryScript::run(std::string_view script) {
  const auto blocks = split(script);
  if (!blocks.ok()) return {blocks.error().message};
  std::vector<std::string> differences;
  for (const Block& block : *blocks) {
    const auto difference = run(block);
    if (!difference.ok()) {
      differences.push_back(fmt::format("cannot read \"{}\": {}", block.head, difference.error().message));
    } else if (!difference->empty()) {
      differences.push_back(*difference);
    }
  }
  return differences;
}

}  // namespace trilobite::logql
