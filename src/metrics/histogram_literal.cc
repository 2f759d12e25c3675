#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "metrics/go_number.h"
#include "metrics/histogram_buckets.h"
#include "metrics/histogram_layout.h"

namespace trilobite::metrics {
namespace {

// Empty buckets that are written out between others; a histogram with a wider gap has no literal.
constexpr std::int64_t kGapMax = 10'000;

constexpr std::array<std::string_view, 4> kHints{"unknown", "reset", "not_reset", "gauge"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// One pass over `key:value` pairs; what is wrong is said by the first error.
class LiteralParser {
 public:
  explicit LiteralParser(std::string_view text) : rest_(text) {}

  Result<Histogram> parse() {
    if (!take("{{")) return error(Code::kInvalid, "histogram must start with {{{{");
    for (skip(); !take("}}"); skip()) TRY_VOID(pair());
    if (!rest_.empty()) return error(Code::kInvalid, "unexpected \"{}\" after histogram", rest_);
    place(offset_, histogram_.positive, histogram_.positive_spans);
    place(negative_offset_, histogram_.negative, histogram_.negative_spans);
    TRY_VOID(check_histogram_layout(histogram_));
    return std::move(histogram_);
  }

 private:
  Result<void> pair() {
    const std::size_t colon = rest_.find(':');
    if (rest_.empty() || colon == rest_.npos) return error(Code::kInvalid, "histogram is not closed by }}}}");
    const std::string_view key = rest_.substr(0, colon);
    rest_.remove_prefix(colon + 1);
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) {
      return error(Code::kInvalid, "duplicate key \"{}\" in histogram", key);
    }
    seen_.push_back(key);
    if (key == "schema") return integer(key, histogram_.schema);
    if (key == "offset") return integer(key, offset_);
    if (key == "n_offset") return integer(key, negative_offset_);
    if (key == "sum") return number(key, histogram_.sum);
    if (key == "count") return number(key, histogram_.count);
    if (key == "z_bucket") return number(key, histogram_.zero_count);
    if (key == "z_bucket_w") return number(key, histogram_.zero_threshold);
    if (key == "buckets") return list(key, histogram_.positive);
    if (key == "n_buckets") return list(key, histogram_.negative);
    if (key == "custom_values") return list(key, histogram_.custom_bounds);
    if (key == "counter_reset_hint") return hint();
    return error(Code::kInvalid, "bad histogram descriptor found: \"{}\"", key);
  }

  Result<void> number(std::string_view key, double& out) {
    const std::string_view text = word();
    const std::optional<double> value = parse_go_float(text);
    if (!value) return error(Code::kInvalid, "histogram has {} \"{}\", which is no number", key, text);
    out = *value;
    return {};
  }

  Result<void> integer(std::string_view key, std::int32_t& out) {
    const std::string_view text = word();
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
      return error(Code::kInvalid, "histogram has {} \"{}\", which is no integer", key, text);
    }
    return {};
  }

  Result<void> list(std::string_view key, std::vector<double>& out) {
    if (!take("[")) return error(Code::kInvalid, "histogram has no list in {}", key);
    for (skip(); !take("]"); skip()) {
      if (rest_.empty()) return error(Code::kInvalid, "histogram has a list in {} that is not closed", key);
      TRY_VOID(number(key, out.emplace_back()));
    }
    return {};
  }

  Result<void> hint() {
    const std::string_view text = word();
    const auto found = std::find(kHints.begin(), kHints.end(), text);
    if (found == kHints.end()) return error(Code::kInvalid, "histogram has unknown counter_reset_hint \"{}\"", text);
    histogram_.reset = static_cast<CounterReset>(found - kHints.begin());
    return {};
  }

  static void place(std::int32_t offset, const std::vector<double>& counts, Spans& spans) {
    if (!counts.empty()) spans.push_back({offset, static_cast<std::uint32_t>(counts.size())});
  }

  void skip() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::string_view word() {
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n]}"), rest_.size());
    const std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return out;
  }

  std::string_view rest_;
  std::vector<std::string_view> seen_;
  Histogram histogram_;
  std::int32_t offset_ = 0, negative_offset_ = 0;
};

std::string number_list(const std::vector<double>& numbers) {
  std::string out = "[";
  for (const double number : numbers) {
    if (out.size() > 1) out += ' ';
    out += go_number(number);
  }
  return out + ']';
}

// The counts from the first bucket to the last, without gaps; none: they are too wide.
std::optional<std::vector<double>> without_gaps(const Spans& spans, const std::vector<double>& counts) {
  std::vector<double> out;
  std::int64_t next = spans.empty() ? 0 : spans[0].offset;
  bool too_wide = false;
  each_bucket(spans, counts, [&](std::int32_t index, double count) {
    too_wide |= index - next > kGapMax;
    if (too_wide) return;
    out.resize(out.size() + static_cast<std::size_t>(index - next), 0);
    out.push_back(count);
    next = static_cast<std::int64_t>(index) + 1;
  });
  if (too_wide) return std::nullopt;
  return out;
}

}  // namespace

Result<Histogram> parse_histogram_literal(std::string_view text) { return LiteralParser(text).parse(); }

std::string histogram_literal(const Histogram& given) {
  Histogram histogram = given;
  for (const bool negative : {false, true}) {
    // Leading and trailing empty buckets say nothing.
    SideBuilder side;
    each_bucket(negative ? given.negative_spans : given.positive_spans, negative ? given.negative : given.positive,
                [&](std::int32_t index, double count) {
                  if (count != 0) side.add(index, count);
                });
    (negative ? histogram.negative_spans : histogram.positive_spans) = std::move(side.spans);
    (negative ? histogram.negative : histogram.positive) = std::move(side.counts);
  }
  const auto positive = without_gaps(histogram.positive_spans, histogram.positive);
  const auto negative = without_gaps(histogram.negative_spans, histogram.negative);
  if (!positive || !negative) return histogram_text(given);
  std::vector<std::string> parts;
  const auto part = [&](std::string_view key, std::string value) { parts.push_back(std::string(key) + ':' + value); };
  if (histogram.schema != 0) part("schema", std::to_string(histogram.schema));
  if (histogram.count != 0) part("count", go_number(histogram.count));
  if (histogram.sum != 0) part("sum", go_number(histogram.sum));
  if (histogram.zero_count != 0) part("z_bucket", go_number(histogram.zero_count));
  if (histogram.zero_threshold != 0) part("z_bucket_w", go_number(histogram.zero_threshold));
  if (histogram.schema == kCustomBuckets) part("custom_values", number_list(histogram.custom_bounds));
  if (histogram.reset != CounterReset::kUnknown) {
    part("counter_reset_hint", std::string(kHints[static_cast<std::size_t>(histogram.reset)]));
  }
  if (!positive->empty()) {
    if (histogram.positive_spans[0].offset != 0) part("offset", std::to_string(histogram.positive_spans[0].offset));
    part("buckets", number_list(*positive));
  }
  if (!negative->empty()) {
    if (histogram.negative_spans[0].offset != 0) part("n_offset", std::to_string(histogram.negative_spans[0].offset));
    part("n_buckets", number_list(*negative));
  }
  std::string out = "{{";
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : " ") + parts[i];
  return out + "}}";
}

}  // namespace trilobite::metrics
