// Queries on lines stored as columns give what reading every line gives: random lines, random pipelines, both ways.
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "logs/log_query.h"
#include "logs/metric_query.h"
#include "logs/parser.h"
#include "logs/split_store_test.h"
#include "query/number_format.h"

namespace trilobite::logql {
namespace {

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  using Texts = std::vector<std::string>;
  template <class T>
  const T& any(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(pick(0, static_cast<int>(from.size()) - 1))];
  }

  // Lines of one program have few shapes: they become templates.
  void new_shapes() {
    shapes_.clear();
    for (int i = pick(2, 6); i > 0; --i) {
      Shape shape;
      shape.form = pick(0, 9);
      shape.blanks = chance(30);
      for (int fields = pick(1, 9); fields > 0; --fields) shape.fields.push_back(new_field(0));
      shapes_.push_back(std::move(shape));
    }
  }

  std::string line() {
    const Shape& shape = any(shapes_);
    if (shape.form < 6) {
      std::string out = object(shape.fields, shape.blanks);
      if (chance(4)) out.resize(static_cast<std::size_t>(pick(0, static_cast<int>(out.size()))));
      if (chance(2)) out += " tail";
      return out;
    }
    if (shape.form < 9) {
      std::string out;
      for (const Field& field : shape.fields) {
        if (!out.empty()) out += ' ';
        out += field.logfmt_key + "=" + logfmt_value(field);
      }
      if (chance(3)) out += " broken=\"";
      return out;
    }
    return shape.blanks ? access()
                        : any(Texts{"GET /api/", "connection from 10.0.0.", "error ", "{"}) +
                              std::to_string(pick(0, 300)) + " done";
  }

 private:
  struct Field {
    std::string key, logfmt_key;
    int kind = 0;
    std::vector<Field> inner;
    bool fixed = false;
    std::string value;
  };
  struct Shape {
    int form = 0;
    bool blanks = false;
    std::vector<Field> fields;
  };

  // What a web server writes; now and then something is missing or too much.
  std::string access() {
    std::string out = "10.0." + std::to_string(pick(0, 3)) + "." + std::to_string(pick(0, 255)) + " - - [" +
                      std::to_string(pick(10, 28)) + "/Jan/2026:00:00:00 +0000] \"" + any(Texts{"GET", "GET", "POST"}) +
                      " /api/" + any(Texts{"users", "items", chance(10) ? "a b" : "jobs"}) + " HTTP/1.1\" " +
                      any(Texts{"200", "200", "404", "500"}) + " " + std::to_string(pick(0, 5000)) + " \"" +
                      any(Texts{"-", "-", "curl/8 \"", "bot é"}) + "\" rt=0." + std::to_string(pick(100, 999));
    if (chance(5)) out.resize(static_cast<std::size_t>(pick(0, static_cast<int>(out.size()))));
    return out;
  }

  Field new_field(int depth) {
    Field field;
    field.key = any(Texts{"level",
                          "level",
                          "msg",
                          "status",
                          "status",
                          "dur",
                          "n",
                          "n",
                          "n",
                          "size",
                          "app",
                          "host",
                          "trace",
                          "a b",
                          "x.y",
                          "1st",
                          "",
                          "\\u00e9",
                          "level_extracted",
                          "nested",
                          "na\\\"me",
                          "a",
                          "a_b",
                          "b",
                          "dur",
                          "host"});
    field.logfmt_key = any(Texts{"level", "msg", "status", "dur", "n", "n", "dur", "level", "size", "app", "host",
                                 "trace", "x.y", "1st", "level_extracted", "a-b", "a_b", "host"});
    field.kind = pick(0, depth > 2 ? 14 : 16);
    if (field.kind >= 15) {
      for (int i = pick(0, 3); i > 0; --i) field.inner.push_back(new_field(depth + 1));
    }
    field.fixed = chance(15);
    if (field.fixed) field.value = value(field);
    return field;
  }

  std::string object(const std::vector<Field>& fields, bool blanks) {
    std::string out = "{";
    for (const Field& field : fields) {
      if (out.size() > 1) out += blanks ? ", " : ",";
      out += "\"" + field.key + (blanks ? "\": " : "\":");
      out += field.kind >= 15 ? object(field.inner, blanks) : field.fixed ? field.value : value(field);
    }
    return out + "}";
  }

  std::string text() {
    return any(Texts{"error", "info", "warn", "GET /api/17/x", "a \\\"quoted\\\" word", "tab\\there", "é", "bad\\u00e9",
                     "\\ud800 lone", "10.0.0.7", "", "null", "5", "x=y", "\xEF\xBF\xBD", "404"});
  }

  std::string duration() {
    const auto unit = any(Texts{"ms", "ms", "ms", "s", "us", "m", "h", "ns", "x", ""});
    return chance(70) ? std::to_string(pick(0, 99)) + "." + std::to_string(pick(100, 999)) + unit
                      : std::to_string(pick(0, 2000)) + unit;
  }

  // As JSON spells it.
  std::string value(const Field& field) {
    const auto number = [&] { return std::to_string(pick(-50, 2000)); };
    switch (field.kind) {
      case 0:
        return number();
      case 1:
        return std::to_string(pick(0, 99)) + "." + std::to_string(pick(100, 999));
      case 2:
        return any(Texts{"1e3", "-0", "-0.0", "12345678901234567890", "9007199254740993", "0.1", "1.50"});
      case 3:
        return "\"" + any(Texts{"error", "info", "warn"}) + "\"";
      case 4:
        return "\"" + text() + "\"";
      case 5:
        return chance(30) ? "null" : number();
      case 6:
        return any(Texts{"true", "false", "null"});
      case 7:
        return any(Texts{"[]", "[1,2]", "[{\"a\":\"b\"}]"});
      case 8:
        return "\"" + duration() + "\"";
      case 9:
        return "\"" + std::to_string(pick(0, 999)) + any(Texts{"KB", "KiB", "MB", " B", "kb"}) + "\"";
      case 10:
        return "\"" + hex(16) + "\"";
      case 11:
        return "\"" + number() + "\"";
      case 12:
        return "\"10.0." + std::to_string(pick(0, 3)) + "." + std::to_string(pick(0, 255)) + "\"";
      case 13:
        return std::to_string(any(std::vector<int>{200, 200, 200, 404, 500}));
      default:
        return "\"worker " + number() + " took " + duration() + "\"";
    }
  }

  std::string logfmt_value(const Field& field) {
    if (field.kind == 4) return "\"" + text() + "\"";
    if (field.kind >= 14) return "\"worker " + std::to_string(pick(0, 99)) + "\"";
    if (field.kind == 7) return any(Texts{"", "x=y", "a\"b", "plain", "b\\\\s"});
    std::string out = value(field);
    if (out.size() > 1 && out.front() == '"' && chance(90)) out = out.substr(1, out.size() - 2);
    std::replace(out.begin(), out.end(), ' ', '_');
    return out;
  }

  std::string hex(int digits) {
    std::string out;
    for (; digits > 0; --digits) out += "0123456789abcdef"[pick(0, 15)];
    return out;
  }

  std::mt19937 random_;
  std::vector<Shape> shapes_;

  // ---- Queries ----
 public:
  std::string name() {
    return any(Texts{"level",
                     "level",
                     "n",
                     "n",
                     "status",
                     "status",
                     "dur",
                     "msg",
                     "level_extracted",
                     "msg",
                     "status",
                     "dur",
                     "n",
                     "size",
                     "app",
                     "app_extracted",
                     "host",
                     "host_extracted",
                     "trace",
                     "trace_extracted",
                     "a_b",
                     "x_y",
                     "nested_n",
                     "nested_level",
                     "a_a",
                     "b",
                     "none"});
  }

  std::string label_filter(int depth) {
    if (depth < 2 && chance(20)) {
      return "(" + label_filter(depth + 1) + (chance(50) ? " or " : " and ") + label_filter(depth + 1) + ")";
    }
    const std::string compare = any(Texts{"=", "!=", "!=", ">", ">", ">=", "<", "<=", "=="});
    const std::string not_text = compare == "=" ? "==" : compare;
    switch (pick(0, 8)) {
      case 0:
        return name() + "=\"" + any(Texts{"error", "info", "", "5", "404", "web", "a"}) + "\"";
      case 1:
        return name() + "!=\"" + any(Texts{"error", "", "404", "007"}) + "\"";
      case 2:
        return name() + "=~\"" + any(Texts{"err.*", ".+", "[0-9]+", "e|w|.*x"}) + "\"";
      case 3:
        return name() + "!~\"" + any(Texts{"err.*", "in.o", ".*1.*"}) + "\"";
      case 4:
      case 5:
        return name() + " " + not_text + " " + any(Texts{"0", "0", "5", "404", "50.5", "1000", "-3"});
      case 6:
        return name() + " " + not_text + " " + any(Texts{"10ms", "1s", "500us", "1m"});
      case 7:
        return name() + " " + not_text + " " + any(Texts{"10KB", "1KiB", "5B", "1MB"});
      default:
        return chance(50) ? "__error__=\"\"" : name() + "=ip(\"10.0.1.0/24\")";
    }
  }

  std::string parser() {
    return any(Texts{"json", "json", "json", "json", "logfmt", "logfmt", "logfmt", "logfmt --strict",
                     "logfmt --keep-empty", "json n=\"n\", x=\"nested.a\"", "pattern `<a> <b> <_>`",
                     "pattern `<_> \"<msg> <_>\" <status> <n> <_>`",
                     "pattern `<host> - - [<_>] \"<level> <msg> <_>\" <status> <size> <_>`",
                     "pattern `<_>\" <status> <_> \"<msg>\"<_>`",
                     "regexp `(?P<n>[0-9]+)`", "logfmt n, level"});
  }

  std::string pipeline() {
    std::string out;
    if (chance(20)) out += " |= " + any(Texts{"\"error\"", "\"e\"", "\"1\"", "\"level\""});
    if (chance(8)) out += " |~ \"[0-9]{3}\"";
    if (chance(10)) out += " | " + label_filter(0);
    if (chance(90)) out += " | " + parser();
    for (int i = pick(0, 4) / 2; i > 0; --i) out += " | " + label_filter(0);
    if (chance(6)) out += " | " + parser();
    if (chance(8)) out += " | label_format status=level, fresh=`{{.n}}-{{.msg}}`";
    if (chance(6)) out += " | drop level, __error__";
    if (chance(5)) out += " | keep level, status, n";
    if (chance(6)) out += " | line_format `{{.msg}}:{{.level}}`";
    if (chance(10)) out += " | " + label_filter(1);
    if (chance(60)) out += " | __error__=\"\"";
    return out;
  }

  std::string log_query() { return "{app=~\".+\"}" + pipeline(); }

  std::string grouping() {
    switch (pick(0, 3)) {
      case 0:
        return " by ()";
      case 1:
        return " by (" + name() + ")";
      case 2:
        return " by (" + name() + ", " + name() + ")";
      default:
        return chance(50) ? " without (" + name() + ")" : "";
    }
  }

  std::string metric_query() {
    const std::string range = any(Texts{"[10s]", "[40s]", "[1m]", "[7s]"});
    if (chance(40)) {
      const std::string inner =
          any(Texts{"count_over_time", "rate", "bytes_over_time"}) + "({app=~\".+\"}" + pipeline() + " " + range + ")";
      return "sum" + grouping() + " (" + inner + ")";
    }
    const std::string op =
        any(Texts{"sum_over_time", "avg_over_time", "max_over_time", "min_over_time", "first_over_time",
                  "last_over_time", "stddev_over_time", "quantile_over_time", "rate"});
    const std::string unwrap =
        any(Texts{"n", "n", "dur", "status", "duration(dur)", "bytes(size)", "duration(msg)", "app"});
    const std::string inner = "({app=~\".+\"}" + pipeline() + " | unwrap " + unwrap +
                              (chance(85) ? " | __error__=\"\"" : "") + (chance(15) ? " | " + label_filter(1) : "") +
                              " " + range + ")";
    if (op == "quantile_over_time") return "quantile_over_time(0.9, " + inner.substr(1) + grouping();
    if (op == "sum_over_time" || op == "rate") return "sum" + grouping() + " (" + op + inner + ")";
    return op + inner + grouping();
  }
};

std::vector<std::string> text_of(const Result<std::vector<LogRow>>& rows) {
  if (!rows.ok()) return {"failed: " + rows.error().message};
  std::vector<std::string> out;
  for (const LogRow& row : *rows) {
    std::string text = std::to_string(row.time) + " " + row.line + " {";
    for (const auto& label : row.labels) {
      text += label.name + "=" + label.value + "/" + std::to_string(static_cast<int>(label.category)) + " ";
    }
    out.push_back(text + "}");
  }
  return out;
}

std::vector<std::string> text_of(const Result<MetricValue>& value) {
  if (!value.ok()) return {"failed: " + value.error().message};
  std::vector<std::string> out;
  for (const query::Series& series : std::get<query::Matrix>(*value).series) {
    std::string text = series.labels.to_string();
    for (const double point : series.values) {
      text += " " +
              std::to_string(std::bit_cast<std::uint64_t>(std::isnan(point) && !query::is_absent(point) ? NAN : point));
    }
    out.push_back(text);
  }
  return out;
}

class SplitLines : public testing::Test {
 protected:
  SplitLines() : pool_("query", 1) {}

  // The answer with and without columns.
  void compare(const std::string& text, const query::TimeGrid& grid, const LogQuery& request) {
    const auto expr = parse(text);
    if (!expr.ok()) return;  // some pipelines make no sense
    std::vector<std::string> answers[2];
    for (const bool split : {false, true}) {
      store_.split = split;
      query::QueryContext context({store_, pool_, clock_}, "t", {}, nullptr);
      answers[split] = std::holds_alternative<LogExpr>(expr->node)
                           ? text_of(run_log_query(context, std::get<LogExpr>(expr->node), request))
                           : text_of(run_metric_query(context, *expr, grid));
    }
    ++compared_;
    failed_ += !answers[0].empty() && answers[0][0].starts_with("failed");
    empty_ += answers[0].empty();
    ASSERT_EQ(answers[0], answers[1]) << text;
  }

  SplitStore store_;
  ThreadPool pool_;
  ManualClock clock_;
  int compared_ = 0, failed_ = 0, empty_ = 0;
};

TEST_F(SplitLines, AnswerAsReadingEveryLineDoes) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator generator(seed);
    store_.rows() = query::MemoryStore();
    const bool metadata = generator.chance(50), constant = generator.chance(30);
    for (int stream = 0; stream < generator.pick(1, 6); ++stream) {
      std::vector<std::pair<std::string, std::string>> labels = {{"app", generator.chance(50) ? "web" : "db"},
                                                                 {"no", std::to_string(stream)}};
      if (generator.chance(50)) labels.emplace_back("level", generator.chance(50) ? "error" : "5");
      if (generator.chance(20)) labels.emplace_back("level_extracted", "before");
      if (generator.chance(30)) labels.emplace_back("host", "h1");
      if (generator.chance(70)) generator.new_shapes();
      if (stream == 0) generator.new_shapes();
      for (int i = generator.pick(0, 250); i > 0; --i) {
        std::vector<std::pair<std::string, std::string>> extra;
        if (metadata && (constant || generator.chance(60))) {
          extra.emplace_back("trace", constant ? "t" : std::to_string(generator.pick(0, 3)));
          if (generator.chance(20)) extra.emplace_back(generator.chance(50) ? "level" : "other", "meta");
        }
        store_.rows().add(labels, generator.pick(0, 120) * kNsPerSecond, generator.line(), extra);
      }
    }
    store_.block_rows =
        static_cast<std::size_t>(generator.chance(30) ? generator.pick(1, 20) : generator.pick(50, 600));
    for (int i = 0; i < 60; ++i) {
      store_.apply_predicates = generator.chance(60);
      LogQuery request;
      request.range = {0, 200 * kNsPerSecond};
      request.limit = static_cast<std::size_t>(generator.pick(1, 200));
      request.direction = generator.chance(50) ? Direction::kForward : Direction::kBackward;
      const query::TimeGrid grid{10 * kNsPerSecond, 100 * kNsPerSecond, generator.pick(1, 40) * kNsPerSecond};
      compare(generator.chance(40) ? generator.log_query() : generator.metric_query(), grid, request);
      if (HasFatalFailure()) return;
    }
  }
  // The comparison means something only if most queries find something.
  EXPECT_GT(compared_, 1000);
  EXPECT_LT(failed_ + empty_, compared_ * 3 / 4) << failed_ << " failed, " << empty_ << " empty of " << compared_;
}

}  // namespace
}  // namespace trilobite::logql
