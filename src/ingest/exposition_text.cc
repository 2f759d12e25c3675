// Prometheus' text format, 0.0.4 and 1.0.0: lines of `name{labels} value [milliseconds]`, `# HELP name text`,
// `# TYPE name type`, comments and blank lines.
#include "ingest/exposition_readers.h"
#include "ingest/metric_labels.h"

namespace trilobite::ingest {
namespace {

class TextExposition final : public ExpositionReader {
 public:
  explicit TextExposition(std::string_view body) : rest_(body) {}

  void expect(std::string_view key) override { expected_ = key; }

  Result<bool> next(ExpositionSample& out) override {
    while (true) {
      skip_blanks(rest_);
      if (rest_.empty()) return false;
      if (rest_.front() == '\n') {
        rest_.remove_prefix(1);
      } else if (rest_.front() == '#') {
        auto read = comment(take_line(rest_));
        if (!read.ok()) return end(std::move(read).error());
      } else {
        auto read = sample(out);
        if (!read.ok()) return end(std::move(read).error());
        return true;
      }
    }
  }

  Result<LabelSet> labels() const override { return parse_series(key_, number_); }

 private:
  Error end(Error failed) {
    rest_ = {};
    return failed;
  }

  Result<void> comment(std::string_view line) {
    const std::string_view whole = line;
    line.remove_prefix(1);
    skip_blanks(line);
    const bool help = line.starts_with("HELP ") || line.starts_with("HELP\t");
    const bool type = line.starts_with("TYPE ") || line.starts_with("TYPE\t");
    if (!help && !type) return {};
    line.remove_prefix(5);
    skip_blanks(line);
    auto name = take_name(line);
    if (!name || (!line.empty() && line.front() != ' ' && line.front() != '\t')) {
      return error(Code::kInvalid, "expected metric name after {}, got {} while parsing: {}", help ? "HELP" : "TYPE",
                   go_quoted(line.substr(0, 1)), go_quoted(whole));
    }
    skip_blanks(line);
    if (help) {
      if (!valid_utf8(line)) return error(Code::kInvalid, "help text {} is not a valid utf8 string", go_quoted(line));
      family_of(families_, std::move(*name)).help = unescape_exposed(line, false);
      return {};
    }
    if (line != "counter" && line != "gauge" && line != "histogram" && line != "summary" && line != "untyped") {
      return error(Code::kInvalid, "invalid metric type {}", go_quoted(line));
    }
    number_ = number_label_of(line);
    family_of(families_, std::move(*name)).type = line == "untyped" ? "unknown" : line;
    return {};
  }

  Result<void> sample(ExpositionSample& out) {
    const std::string_view start = rest_;
    const bool expected = begins_with_series(rest_, expected_);
    const std::size_t length = expected ? expected_.size() : series_length(rest_);
    if (length == 0) return fail("expected a valid start token", start, rest_);
    key_ = rest_.substr(0, length);
    rest_.remove_prefix(length);
    const bool braces = key_.back() == '}';
    if (!braces && !rest_.empty() && rest_.front() != ' ' && rest_.front() != '\t') {
      return fail("expected value after metric", start, rest_);
    }
    skip_blanks(rest_);
    std::string_view token = take_token(rest_);
    const auto value = parse_exposed_value(token);
    if (!value) return fail("expected value after metric", start, token.empty() ? rest_ : token);
    out = ExpositionSample{};
    out.key = key_;
    out.expected = expected;
    out.value = *value;
    skip_blanks(rest_);
    if (!rest_.empty() && rest_.front() != '\n') {
      token = take_token(rest_);
      const auto time = parse_exposed_integer(token);
      if (!time) return fail("expected timestamp or new record", start, token);
      out.time = time_of_ms(*time);
      skip_blanks(rest_);
      if (!rest_.empty() && rest_.front() != '\n') return fail("expected next entry after timestamp", start, rest_);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return {};
  }

  static Error fail(std::string_view what, std::string_view start, std::string_view at) {
    return error(Code::kInvalid, "{}, got {} (\"INVALID\") while parsing: {}", what, go_quoted(at.substr(0, 20)),
                 go_quoted(start.substr(0, std::min(start.find('\n'), start.size()))));
  }

  std::string_view rest_;
  std::string_view key_;
  std::string_view expected_;
  NumberLabel number_ = NumberLabel::kNone;  // of the family whose TYPE came last
};

}  // namespace

std::unique_ptr<ExpositionReader> read_text_exposition(std::string_view body) {
  return std::make_unique<TextExposition>(body);
}

}  // namespace trilobite::ingest
