#include "metrics/series_notation.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "metrics/go_number.h"
#include "metrics/histogram_buckets.h"
#include "metrics/histogram_math.h"
#include "metrics/parser.h"

namespace trilobite::metrics {
namespace {

using Samples = std::vector<std::optional<NotedSample>>;

constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; }

class SampleParser {
 public:
  SampleParser(std::string_view text, std::size_t samples_max) : rest_(text), samples_max_(samples_max) {}

  Result<Samples> parse() {
    for (skip(); !rest_.empty(); skip()) {
      if (rest_.starts_with("{{")) {
        TRY_VOID(histograms());
      } else if (rest_.starts_with("stale")) {
        rest_.remove_prefix(5);
        TRY_VOID(repeat(NotedSample{std::bit_cast<double>(kStaleBits), nullptr, false}, 1));
      } else if (rest_.starts_with("_")) {
        rest_.remove_prefix(1);
        TRY(times, count());
        TRY_VOID(repeat(std::nullopt, times ? *times : 1));
      } else {
        TRY_VOID(floats());
      }
      if (!rest_.empty() && !is_blank(rest_.front()))
        return error(Code::kInvalid, "unexpected \"{}\" in samples", rest_);
    }
    return std::move(out_);
  }

 private:
  Result<void> floats() {
    TRY(value, number());
    double step = 0;
    if (!rest_.empty() && (rest_.front() == '+' || rest_.front() == '-')) {
      TRY(signed_step, number());
      step = signed_step;
      if (rest_.empty() || rest_.front() != 'x')
        return error(Code::kInvalid, "a progression must end in x and a count");
    }
    TRY(times, count());
    double sample = value;
    for (std::uint64_t i = 0; i <= times.value_or(0); ++i) {
      TRY_VOID(repeat(NotedSample{sample, nullptr, false}, 1));
      sample += step;
    }
    return {};
  }

  Result<void> histograms() {
    bool stated = false, step_stated = false;
    TRY(value, histogram(stated));
    std::optional<Histogram> step;
    const char sign = rest_.empty() ? ' ' : rest_.front();
    if (sign == '+' || sign == '-') {
      rest_.remove_prefix(1);
      TRY(by, histogram(step_stated));
      if (by.schema < value.schema) {
        return error(Code::kInvalid, "cannot add a histogram of schema {} to one of schema {}", by.schema,
                     value.schema);
      }
      if (rest_.empty() || rest_.front() != 'x')
        return error(Code::kInvalid, "a progression must end in x and a count");
      step = std::move(by);
    }
    TRY(times, count());
    Histogram sample = std::move(value);
    for (std::uint64_t i = 0; i <= times.value_or(0); ++i) {
      TRY_VOID(repeat(NotedSample{sample.sum, std::make_shared<const Histogram>(sample), stated}, 1));
      if (!step) continue;
      const HistogramNotes notes = sign == '+' ? add(sample, *step) : subtract(sample, *step);
      if (notes.incompatible) return error(Code::kInvalid, "cannot add exponential and custom buckets");
    }
    return {};
  }

  Result<Histogram> histogram(bool& hint_stated) {
    const std::size_t end = rest_.find("}}");
    if (!rest_.starts_with("{{") || end == rest_.npos) return error(Code::kInvalid, "\"{}\" is no histogram", rest_);
    const std::string_view literal = rest_.substr(0, end + 2);
    rest_.remove_prefix(end + 2);
    hint_stated = literal.find("counter_reset_hint") != literal.npos;
    return parse_histogram_literal(literal);
  }

  // Decimal, Inf or NaN, with a sign or without.
  Result<double> number() {
    std::size_t end = 0;
    if (end < rest_.size() && (rest_[end] == '+' || rest_[end] == '-')) ++end;
    const std::size_t first = end;
    if (end < rest_.size() && (is_digit(rest_[end]) || rest_[end] == '.')) {
      while (end < rest_.size() && (is_digit(rest_[end]) || rest_[end] == '.')) ++end;
      std::size_t exponent = end;
      if (exponent < rest_.size() && (rest_[exponent] == 'e' || rest_[exponent] == 'E')) {
        ++exponent;
        if (exponent < rest_.size() && (rest_[exponent] == '+' || rest_[exponent] == '-')) ++exponent;
        if (exponent < rest_.size() && is_digit(rest_[exponent])) end = exponent;
        while (end < rest_.size() && is_digit(rest_[end])) ++end;
      }
    } else {
      end = std::min(rest_.size(), first + 3);  // Inf, NaN
    }
    const std::string_view text = rest_.substr(0, end);
    const std::optional<double> value = parse_go_float(text);
    if (!value) return error(Code::kInvalid, "\"{}\" is no sample", rest_.substr(0, 40));
    rest_.remove_prefix(end);
    return *value;
  }

  // `x12`, if it is there.
  Result<std::optional<std::uint64_t>> count() {
    if (rest_.empty() || rest_.front() != 'x') return std::optional<std::uint64_t>();
    rest_.remove_prefix(1);
    std::uint64_t value = 0;
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (read.ec != std::errc()) return error(Code::kInvalid, "x must be followed by a count");
    rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
    return std::optional<std::uint64_t>(value);
  }

  Result<void> repeat(const std::optional<NotedSample>& sample, std::uint64_t times) {
    if (times > samples_max_ - out_.size()) return error(Code::kInvalid, "more than {} samples", samples_max_);
    out_.insert(out_.end(), times, sample);
    return {};
  }

  void skip() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::size_t samples_max_;
  Samples out_;
};

// Behind the brace that closes the one at `at`, quotes respected; the end of the text if none does.
std::size_t behind_braces(std::string_view line, std::size_t at) {
  char quote = 0;
  for (std::size_t i = at; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '}') {
      return i + 1;
    }
  }
  return line.size();
}

}  // namespace

std::size_t series_text_length(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && is_name(line[at])) ++at;
  const std::size_t name = at;
  while (at < line.size() && is_blank(line[at])) ++at;
  const bool braces = at < line.size() && line[at] == '{' && !line.substr(at).starts_with("{{");
  return braces ? behind_braces(line, at) : name;
}

Result<Samples> parse_samples_notation(std::string_view text, std::size_t samples_max) {
  return SampleParser(text, samples_max).parse();
}

Result<NotedSeries> parse_series_notation(std::string_view line, std::size_t samples_max) {
  const std::size_t length = series_text_length(line);
  if (length == 0) return error(Code::kInvalid, "\"{}\" does not start with a series", line.substr(0, 40));
  TRY(labels, parse_series(line.substr(0, length)));
  TRY(samples, parse_samples_notation(line.substr(length), samples_max));
  return NotedSeries{std::move(labels), std::move(samples)};
}

}  // namespace trilobite::metrics
