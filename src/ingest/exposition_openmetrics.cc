// OpenMetrics, 0.0.1 and 1.0.0: lines of `name{labels} value [seconds] [# {labels} value [seconds]]`, HELP, TYPE, UNIT,
// and `# EOF` at the end, without which nothing says that the answer is whole.
#include <cmath>

#include "ingest/exposition_readers.h"
#include "ingest/metric_labels.h"

namespace trilobite::ingest {
namespace {

constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram", "gaugehistogram", "summary",
                                       "info",    "stateset", "unknown"};

class OpenMetrics final : public ExpositionReader {
 public:
  explicit OpenMetrics(std::string_view body) : rest_(body) {}

  Result<bool> next(ExpositionSample& out) override {
    if (ended_) return false;
    while (true) {
      if (rest_.empty()) return end(error(Code::kInvalid, "data does not end with # EOF"));
      if (rest_ == "# EOF" || rest_.starts_with("# EOF\n")) {
        rest_.remove_prefix(std::min<std::size_t>(6, rest_.size()));
        if (!rest_.empty()) return end(error(Code::kInvalid, "unexpected data after # EOF"));
        ended_ = true;
        return false;
      }
      if (rest_.front() == '#') {
        auto read = comment(take_line());
        if (!read.ok()) return end(std::move(read).error());
        continue;
      }
      auto read = sample(take_line(), out);
      if (!read.ok()) return end(std::move(read).error());
      return true;
    }
  }

  Result<LabelSet> labels() const override { return parse_series(key_, number_); }

 private:
  Error end(Error failed) {
    ended_ = true;
    return failed;
  }

  std::string_view take_line() {
    const std::size_t length = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, length);
    rest_.remove_prefix(std::min(length + 1, rest_.size()));
    return line;
  }

  static Error fail(std::string_view what, std::string_view at, std::string_view line) {
    return error(Code::kInvalid, "{}, got {} (\"INVALID\") while parsing: {}", what, go_quoted(at.substr(0, 20)),
                 go_quoted(line));
  }

  Result<void> comment(std::string_view line) {
    const std::string_view whole = line;
    const bool help = line.starts_with("# HELP "), type = line.starts_with("# TYPE "),
               unit = line.starts_with("# UNIT ");
    if (!help && !type && !unit) return fail("expected HELP, TYPE, UNIT or EOF after #", line, whole);
    line.remove_prefix(7);
    auto name = take_name(line);
    if (!name || (!line.empty() && line.front() != ' ')) {
      return fail(fmt::format("expected metric name after {}", whole.substr(2, 4)), line, whole);
    }
    if (!line.empty()) line.remove_prefix(1);
    if (help) {
      if (!valid_utf8(line)) return error(Code::kInvalid, "help text {} is not a valid utf8 string", go_quoted(line));
      family_of(families_, std::move(*name)).help = unescape_exposed(line, true);
      return {};
    }
    if (unit) {
      const bool suffix = name->size() > line.size() && name->ends_with(line) &&
                          (*name)[name->size() - line.size() - 1] == '_';
      if (!line.empty() && !suffix) {
        return error(Code::kInvalid, "unit {} not a suffix of metric {}", go_quoted(line), go_quoted(*name));
      }
      family_of(families_, std::move(*name)).unit = std::string(line);
      return {};
    }
    if (std::find(std::begin(kTypes), std::end(kTypes), line) == std::end(kTypes)) {
      return error(Code::kInvalid, "invalid metric type {}", go_quoted(line));
    }
    number_ = number_label_of(line);
    family_of(families_, std::move(*name)).type = std::string(line);
    return {};
  }

  Result<void> sample(std::string_view line, ExpositionSample& out) {
    const std::string_view whole = line;
    const std::size_t length = series_length(line);
    if (length == 0) return fail("expected a valid start token", line, whole);
    key_ = line.substr(0, length);
    line.remove_prefix(length);
    if (!line.starts_with(' ')) return fail("expected value after metric", line, whole);
    line.remove_prefix(1);
    std::string_view token = take_token(line);
    const auto value = parse_exposed_value(token);
    if (!value) return fail("expected value after metric", token, whole);
    out = ExpositionSample{};
    out.key = key_;
    out.value = *value;
    TRY_VOID(time_and_exemplar(line, whole, out));
    return {};
  }

  Result<void> time_and_exemplar(std::string_view line, std::string_view whole, ExpositionSample& out) {
    if (line.empty()) return {};
    if (!line.starts_with(" # ")) {
      TRY(time, take_time(line, whole));
      out.time = time;
      if (line.empty()) return {};
    }
    if (!line.starts_with(" # {")) return fail("expected timestamp or # symbol", line, whole);
    line.remove_prefix(3);
    const std::size_t length = series_length(line);
    if (length == 0) return fail("expected exemplar labels", line, whole);
    TRY(labels, parse_series(line.substr(0, length), NumberLabel::kNone));
    line.remove_prefix(length);
    if (!line.starts_with(' ')) return fail("expected value after exemplar labels", line, whole);
    line.remove_prefix(1);
    std::string_view token = take_token(line);
    const auto value = parse_exposed_value(token);
    if (!value) return fail("invalid exemplar value", token, whole);
    exemplar_ = {std::move(labels), *value, std::nullopt};
    if (!line.empty()) {
      TRY(time, take_time(line, whole));
      exemplar_.time = time;
    }
    if (!line.empty()) return fail("expected next entry after exemplar", line, whole);
    out.exemplars = {&exemplar_, 1};
    return {};
  }

  // A blank and seconds, cut to milliseconds as Prometheus does.
  static Result<TimeNs> take_time(std::string_view& line, std::string_view whole) {
    line.remove_prefix(1);
    const std::string_view token = take_token(line);
    const auto seconds = parse_exposed_value(token);
    if (!seconds) return fail("expected timestamp or # symbol", token, whole);
    if (!std::isfinite(*seconds) || std::abs(*seconds) > 1e15) {
      return error(Code::kInvalid, "invalid timestamp {}", token);
    }
    return time_of_ms(static_cast<std::int64_t>(*seconds * 1000));
  }

  std::string_view rest_;
  std::string_view key_;
  bool ended_ = false;
  NumberLabel number_ = NumberLabel::kNone;
  ExpositionExemplar exemplar_;
};

}  // namespace

std::unique_ptr<ExpositionReader> read_openmetrics(std::string_view body) {
  return std::make_unique<OpenMetrics>(body);
}

}  // namespace trilobite::ingest
