#include <cmath>

#include "metrics/histogram.h"
#include "metrics/histogram_layout.h"
#include "metrics/histogram_math.h"

namespace trilobite::metrics {
namespace {

constexpr std::int32_t kSchemaMin = -4, kSchemaMax = 8, kSchemaFinest = 52;
// Far beyond any bound a double can have in schema 8; keeps sums of indices within 32 bits.
constexpr std::int64_t kIndexMax = 1 << 29;

Error negative_offset(std::size_t number, std::int32_t offset) {
  return error(Code::kInvalid, "span number {} with offset {}: histogram has a span whose offset is negative", number,
               offset);
}

Error wrong_bucket_count(std::uint64_t needed, std::size_t there) {
  return error(
      Code::kInvalid,
      "spans need {} buckets, have {} buckets: histogram spans specify different number of buckets than provided",
      needed, there);
}

Result<void> check_spans(const Spans& spans, std::size_t buckets, std::int64_t index_max) {
  std::uint64_t length = 0;
  std::int64_t index = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) return negative_offset(i + 1, spans[i].offset);
    length += spans[i].length;
    index += spans[i].offset;
    if (index < -index_max) return error(Code::kInvalid, "bucket index {} is out of range", index);
    index += spans[i].length;
    if (index > index_max) return error(Code::kInvalid, "bucket index {} is out of range", index);
  }
  if (length != buckets) return wrong_bucket_count(length, buckets);
  return {};
}

Result<void> check_custom(const Histogram& histogram) {
  double previous = -INFINITY;
  for (const double bound : histogram.custom_bounds) {
    if (std::isnan(bound)) return error(Code::kInvalid, "histogram custom bounds must not be NaN");
    if (bound <= previous) {
      return error(
          Code::kInvalid,
          "previous bound is {:f} and current is {:f}: histogram custom bounds must be in strictly increasing order",
          previous, bound);
    }
    previous = bound;
  }
  if (previous == INFINITY) {
    return error(Code::kInvalid,
                 "last +Inf bound must not be explicitly defined: histogram custom bounds must be finite");
  }
  std::uint64_t buckets = 0, total = 0;
  for (std::size_t i = 0; i < histogram.positive_spans.size(); ++i) {
    const BucketSpan& span = histogram.positive_spans[i];
    if (span.offset < 0) return negative_offset(i + 1, span.offset);
    buckets += span.length;
    total += span.length + static_cast<std::uint64_t>(span.offset);
  }
  if (buckets != histogram.positive.size()) return wrong_bucket_count(buckets, histogram.positive.size());
  if (total > histogram.custom_bounds.size() + 1) {
    return error(
        Code::kInvalid,
        "only {} custom bounds defined which is insufficient to cover total span length of {}: histogram custom "
        "bounds are too few",
        histogram.custom_bounds.size(), total);
  }
  return {};
}

Result<void> check_layout(const Histogram& histogram, std::int32_t schema_max, std::int64_t index_max) {
  if (histogram.schema == kCustomBuckets) {
    if (auto custom = check_custom(histogram); !custom.ok()) return std::move(custom).error().within("custom buckets");
    if (histogram.zero_count != 0) return error(Code::kInvalid, "custom buckets: must have zero count of 0");
    if (histogram.zero_threshold != 0) return error(Code::kInvalid, "custom buckets: must have zero threshold of 0");
    if (!histogram.negative_spans.empty()) return error(Code::kInvalid, "custom buckets: must not have negative spans");
    if (!histogram.negative.empty()) return error(Code::kInvalid, "custom buckets: must not have negative buckets");
    return {};
  }
  if (histogram.schema < kSchemaMin || histogram.schema > schema_max) {
    return error(
        Code::kInvalid,
        "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom "
        "buckets, got schema {}",
        histogram.schema);
  }
  const auto side = [&](const Spans& spans, const std::vector<double>& counts, const char* name) -> Result<void> {
    if (auto checked = check_spans(spans, counts.size(), index_max); !checked.ok()) {
      return std::move(checked).error().within("{} side", name);
    }
    return {};
  };
  TRY_VOID(side(histogram.positive_spans, histogram.positive, "positive"));
  TRY_VOID(side(histogram.negative_spans, histogram.negative, "negative"));
  if (!histogram.custom_bounds.empty()) {
    return error(Code::kInvalid, "histogram with exponential schema must not have custom bounds");
  }
  if (!(histogram.zero_threshold >= 0)) {
    return error(Code::kInvalid, "histogram has a zero threshold of {}, which must not be negative",
                 histogram.zero_threshold);
  }
  return {};
}

Result<void> check_counts(const std::vector<double>& counts, const char* side) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] < 0) {
      return error(
          Code::kInvalid,
          "{} side: bucket number {} has observation count of {}: histogram has a bucket whose observation count is "
          "negative",
          side, i + 1, counts[i]);
    }
  }
  return {};
}

// Of floats, rounding makes sums differ; whole numbers must add up.
Result<void> check_total(const Histogram& histogram) {
  double total = histogram.zero_count;
  for (const double count : histogram.positive) total += count;
  for (const double count : histogram.negative) total += count;
  if (std::isnan(histogram.sum)) {
    if (total <= histogram.count) return {};
    return error(
        Code::kInvalid,
        "{} observations found in buckets, but the Count field is {}: histogram's observation count should be at "
        "least the number of observations found in the buckets",
        total, histogram.count);
  }
  if (total == histogram.count) return {};
  return error(
      Code::kInvalid,
      "{} observations found in buckets, but the Count field is {}: histogram's observation count should equal the "
      "number of observations found in the buckets (in absence of NaN)",
      total, histogram.count);
}

}  // namespace

Result<void> check_histogram_layout(const Histogram& histogram) {
  return check_layout(histogram, kSchemaMax, kIndexMax);
}

Result<void> check_histogram(const Histogram& histogram) {
  TRY_VOID(check_histogram_layout(histogram));
  TRY_VOID(check_counts(histogram.negative, "negative"));
  if (histogram.zero_count < 0) {
    return error(Code::kInvalid,
                 "zero bucket has observation count of {}: histogram has a bucket whose observation count is negative",
                 histogram.zero_count);
  }
  if (histogram.count < 0) {
    return error(Code::kInvalid, "observation count is {}: histogram's observation count is negative", histogram.count);
  }
  TRY_VOID(check_counts(histogram.positive, "positive"));
  return histogram.whole_numbers ? check_total(histogram) : Result<void>();
}

Result<void> accept_histogram(Histogram& histogram) {
  if (histogram.schema > kSchemaMax && histogram.schema <= kSchemaFinest) {
    TRY_VOID(check_layout(histogram, kSchemaFinest, INT32_MAX));
    reduce_resolution(histogram, kSchemaMax);
  }
  return check_histogram(histogram);
}

CounterReset appended_hint(const Histogram* previous, const Histogram& histogram) {
  if (histogram.reset != CounterReset::kUnknown) return histogram.reset;
  const bool goes_on = previous != nullptr && previous->reset != CounterReset::kGauge && !std::isnan(previous->sum) &&
                       previous->schema == histogram.schema && previous->zero_threshold == histogram.zero_threshold &&
                       previous->custom_bounds == histogram.custom_bounds && !was_reset(histogram, *previous);
  return goes_on ? CounterReset::kNotReset : CounterReset::kUnknown;
}

}  // namespace trilobite::metrics
