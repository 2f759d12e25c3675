// OpenMetrics, 0.0.1 and 1.0.0: lines of `name{labels} value [seconds] [# {labels} value [seconds]]`, HELP, TYPE, UNIT,
// and `# EOF` at the end, without which nothing says that the answer is whole.
#include <cmath>

#include <map>

#include "ingest/exposition_readers.h"
#include "ingest/metric_labels.h"

namespace trilobite::ingest {
namespace {

constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram", "gaugehistogram", "summary",
                                       "info",    "stateset", "unknown"};

class OpenMetrics final : public ExpositionReader {
 public:
  OpenMetrics(std::string_view body, ExpositionOptions options) : rest_(body), options_(options) {}

  void expect(std::string_view key) override { expected_ = key; }

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
        auto read = comment(take_line(rest_));
        if (!read.ok()) return end(std::move(read).error());
        continue;
      }
      auto read = sample(take_line(rest_), out);
      if (!read.ok()) return end(std::move(read).error());
      if (starts_.empty() || give_start(out)) return true;
    }
  }

  Result<LabelSet> labels() const override { return parse_series(key_, number_); }

 private:
  Error end(Error failed) {
    ended_ = true;
    return failed;
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
    starts_.clear();
    family_ = *name;
    if (options_.start_times && (line == "counter" || line == "histogram" || line == "summary")) find_starts();
    family_of(families_, std::move(*name)).type = std::string(line);
    return {};
  }

  // What stands for a metric of the family in starts_: its labels without the name and the label that is a number.
  std::optional<std::string> metric_of(std::string_view key) const {
    const auto labels = parse_series(key, number_);
    if (!labels.ok()) return std::nullopt;
    std::vector<std::pair<std::string, std::string>> kept;
    for (const auto [name, value] : *labels) {
      if (name != kNameLabel && name != number_label_name(number_)) kept.emplace_back(name, value);
    }
    return std::string(LabelSet::from_pairs(std::move(kept)).bytes());
  }

  static bool is_created(std::string_view key, std::string_view family) {
    return key.starts_with(family) && key.substr(family.size()).starts_with("_created") &&
           (key.size() == family.size() + 8 || key[family.size() + 8] == '{');
  }

  // The starts that the lines up to the next comment say: they stand behind the samples that they are of.
  void find_starts() {
    for (std::string_view rest = rest_; !rest.empty() && rest.front() != '#';) {
      std::string_view line = take_line(rest);
      if (!line.starts_with(family_)) continue;
      const std::size_t key = series_length(line);
      if (key == 0 || !is_created(line.substr(0, key), family_) || !line.substr(key).starts_with(' ')) continue;
      const auto metric = metric_of(line.substr(0, key));
      line.remove_prefix(key + 1);
      const auto seconds = parse_exposed_value(take_token(line));
      if (!metric || !seconds || !std::isfinite(*seconds) || std::abs(*seconds) > 1e15) continue;
      starts_[*metric] = time_of_ms(static_cast<std::int64_t>(*seconds * 1000));
    }
  }

  // False: the sample is a start itself.
  bool give_start(ExpositionSample& out) const {
    if (is_created(out.key, family_)) return false;
    if (!out.key.starts_with(family_)) return true;
    const auto metric = metric_of(out.key);
    const auto found = metric ? starts_.find(*metric) : starts_.end();
    if (found != starts_.end()) out.start = found->second;
    return true;
  }

  Result<void> sample(std::string_view line, ExpositionSample& out) {
    const std::string_view whole = line;
    const bool expected = begins_with_series(line, expected_);
    const std::size_t length = expected ? expected_.size() : series_length(line);
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
    out.expected = expected;
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
  const ExpositionOptions options_;
  std::string family_;                             // of the TYPE that came last
  std::map<std::string, TimeNs, std::less<>> starts_;  // of its metrics
  std::string_view key_;
  std::string_view expected_;
  bool ended_ = false;
  NumberLabel number_ = NumberLabel::kNone;
  ExpositionExemplar exemplar_;
};

}  // namespace

std::unique_ptr<ExpositionReader> read_openmetrics(std::string_view body, ExpositionOptions options) {
  return std::make_unique<OpenMetrics>(body, options);
}

}  // namespace trilobite::ingest
