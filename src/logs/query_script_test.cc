#include "logs/query_script_test.h"

#include <algorithm>
#include <sstream>

#include "logs/log_query.h"
#include "logs/metric_query.h"
#include "logs/parser.h"
#include "logs/text.h"
#include "query/number_format.h"

namespace trilobite::logql {
namespace {

std::string take_word(std::string& text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  std::string word = text.substr(0, space);
  text.erase(0, std::min(space + 1, text.size()));
  return word;
}

TimeNs take_time(std::string& text) {
  const std::string word = take_word(text);
  const auto time = parse_prometheus_duration(word);
  CHECK(time.ok());
  return *time;
}

// {a="b", c="d"} as pairs, by way of the parser of selectors.
std::vector<std::pair<std::string, std::string>> pairs_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto matchers = parse_matchers(text);
  CHECK(matchers.ok());
  for (const Matcher& matcher : *matchers) pairs.emplace_back(matcher.name, matcher.value);
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

std::vector<QueryScript::Block> QueryScript::split(std::string_view script) {
  std::vector<Block> blocks;
  std::istringstream in{std::string(script)};
  for (std::string line; std::getline(in, line);) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string::npos || line[start] == '#') continue;
    std::string text = line.substr(start);
    if (text.starts_with("load ") || text.starts_with("eval ")) {
      blocks.push_back({text, {}});
    } else {
      CHECK(!blocks.empty());
      blocks.back().lines.push_back(text);
    }
  }
  return blocks;
}

void QueryScript::load(const Block& block) {
  const std::size_t brace = block.head.find('}');
  const auto labels = pairs_of(block.head.substr(5, brace + 1 - 5));
  std::string rest = block.head.substr(brace + 2);
  TimeNs time = 0, step = kNsPerSecond;
  while (!rest.empty()) {
    TimeNs& setting = take_word(rest) == "from" ? time : step;
    setting = take_time(rest);
  }
  for (std::string line : block.lines) {
    std::size_t times = 1;
    std::vector<std::pair<std::string, std::string>> metadata;
    if (const std::size_t at = line.rfind(" @ {"); at != std::string::npos) {
      metadata = pairs_of(line.substr(at + 3));
      line.erase(at);
    }
    const std::size_t x = line.rfind(" x");
    if (x != std::string::npos && x + 2 < line.size() &&
        line.find_first_not_of("0123456789", x + 2) == std::string::npos) {
      times = std::stoul(line.substr(x + 2));
      line.erase(x);
    }
    for (; times > 0; --times, time += step) store_.add(labels, time, line, metadata);
  }
}

std::vector<std::string> QueryScript::answer(const std::string& head, bool& ordered) {
  std::string rest = head.substr(5);
  query::QueryContext context({store_, pool_, clock_}, "t", {}, nullptr);
  const std::string kind = take_word(rest);
  const auto failed = [](const Error& error) { return std::vector<std::string>{"fail " + error.message}; };
  if (kind == "logs") {
    LogQuery request;
    request.range = {INT64_MIN / 2, INT64_MAX / 2};
    request.direction = take_word(rest) == "forward" ? Direction::kForward : Direction::kBackward;
    take_word(rest);
    request.limit = std::stoul(take_word(rest));
    if (rest.starts_with("interval ")) {
      take_word(rest);
      request.interval = take_time(rest);
    }
    ordered = true;
    const auto expr = parse(rest);
    if (!expr.ok()) return failed(expr.error());
    const auto rows = run_log_query(context, std::get<LogExpr>(expr->node), request);
    return rows.ok() ? rows_text(*rows) : failed(rows.error());
  }
  query::TimeGrid grid;
  if (kind == "instant") {
    take_word(rest);  // at
    grid = query::TimeGrid::instant(take_time(rest));
  } else {
    grid.start = take_time(rest);
    take_word(rest);  // to
    grid.end = take_time(rest);
    take_word(rest);  // step
    grid.step = take_time(rest);
  }
  const auto expr = parse(rest);
  if (!expr.ok()) return failed(expr.error());
  const auto value = run_metric_query(context, *expr, grid);
  if (!value.ok()) return failed(value.error());
  ordered = std::holds_alternative<query::Matrix>(*value) && std::get<query::Matrix>(*value).ordered;
  return value_text(*value);
}

std::string QueryScript::evaluate(const Block& block) {
  bool ordered = false;
  std::vector<std::string> got = answer(block.head, ordered);
  std::vector<std::string> want = block.lines;
  if (want.size() == 1 && want[0].starts_with("expect fail ")) {
    if (got.size() == 1 && got[0].starts_with(want[0].substr(7))) return "";
  } else {
    if (!ordered) {
      std::sort(got.begin(), got.end());
      std::sort(want.begin(), want.end());
    }
    if (got == want) return "";
  }
  return block.head + "\n  want" + joined(want) + "\n  got" + joined(got);
}

std::vector<std::string> QueryScript::run(std::string_view script) {
  std::vector<std::string> differences;
  for (const Block& block : split(script)) {
    if (block.head.starts_with("load ")) {
      load(block);
    } else if (std::string difference = evaluate(block); !difference.empty()) {
      differences.push_back(std::move(difference));
    }
  }
  return differences;
}

}  // namespace trilobite::logql
