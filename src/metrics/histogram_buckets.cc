#include "metrics/histogram_buckets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "metrics/go_number.h"
#include "metrics/histogram_layout.h"

namespace trilobite::metrics {
namespace {

constexpr std::int32_t kSchemaMax = 8;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The bounds of schema 8 in [0.5, 1); coarser schemas have every second, fourth ... of them. Each schema adds a bound
// behind each of the coarser one, as exporters compute them: bit for bit the same bounds, also in texts.
std::array<double, 1 << kSchemaMax> make_fractions() {
  std::array<double, 1 << kSchemaMax> out{};
  const std::size_t half = out.size() / 2;
  out[0] = 0.5;
  out[half] = 0.7071067811865475;
  for (std::int32_t schema = 2; schema <= kSchemaMax; ++schema) {
    const double factor = std::exp2(std::exp2(-schema));
    const std::size_t step = out.size() >> schema;
    for (std::size_t i = step; i < out.size(); i += 2 * step) out[i] = out[i - step] * factor;
  }
  return out;
}

double exponential_bound(std::int32_t index, std::int32_t schema) {
  static const std::array<double, 1 << kSchemaMax> kFractions = make_fractions();
  // Beyond these every bound is 0 or infinite; ldexp takes an int.
  constexpr std::int64_t kExponentMax = 5000;
  if (schema < 0) {
    const std::int64_t exponent = static_cast<std::int64_t>(index) * (1 << std::min(-schema, 16));
    if (exponent == 1024) return std::numeric_limits<double>::max();
    return std::ldexp(1, static_cast<int>(std::clamp(exponent, -kExponentMax, kExponentMax)));
  }
  schema = std::min(schema, kSchemaMax);
  const std::int32_t fraction = index & ((1 << schema) - 1);
  const std::int64_t exponent = (static_cast<std::int64_t>(index) >> schema) + 1;
  // The bucket of the largest doubles; the one above it is that of infinity.
  if (fraction == 0 && exponent == 1025) return std::numeric_limits<double>::max();
  return std::ldexp(kFractions[static_cast<std::size_t>(fraction) << (kSchemaMax - schema)],
                    static_cast<int>(std::clamp(exponent, -kExponentMax, kExponentMax)));
}

Bucket positive_bucket(const Histogram& histogram, std::int32_t index, double count) {
  Bucket bucket;
  bucket.upper = bucket_bound(index, histogram.schema, histogram.custom_bounds);
  bucket.lower = bucket_bound(index - 1, histogram.schema, histogram.custom_bounds);
  bucket.lower_inclusive = histogram.schema == kCustomBuckets ? index == 0 : bucket.lower < 0;
  bucket.upper_inclusive = histogram.schema == kCustomBuckets || bucket.upper > 0;
  bucket.count = count;
  bucket.index = index;
  return bucket;
}

Bucket negative_bucket(const Histogram& histogram, std::int32_t index, double count) {
  Bucket bucket = positive_bucket(histogram, index, count);
  std::swap(bucket.lower, bucket.upper);
  bucket.lower = -bucket.lower;
  bucket.upper = -bucket.upper;
  bucket.lower_inclusive = bucket.lower < 0;
  bucket.upper_inclusive = bucket.upper > 0;
  return bucket;
}

Bucket zero_bucket(const Histogram& histogram) {
  return {-histogram.zero_threshold, histogram.zero_threshold, true, true, histogram.zero_count, 0};
}

void append_bucket_text(std::string& out, const Bucket& bucket) {
  out += ", ";
  out += bucket.lower_inclusive ? '[' : '(';
  out += go_number(bucket.lower);
  out += ',';
  out += go_number(bucket.upper);
  out += bucket.upper_inclusive ? ']' : ')';
  out += ':';
  out += go_number(bucket.count);
}

}  // namespace

double bucket_bound(std::int32_t index, std::int32_t schema, const std::vector<double>& custom_bounds) {
  if (schema != kCustomBuckets) return exponential_bound(index, schema);
  if (index < 0) return -kInfinity;
  const auto at = static_cast<std::size_t>(index);
  return at < custom_bounds.size() ? custom_bounds[at] : kInfinity;
}

std::vector<Bucket> buckets_ascending(const Histogram& histogram) {
  std::vector<Bucket> out;
  out.reserve(histogram.positive.size() + histogram.negative.size() + 1);
  const double zero = histogram.zero_threshold;
  each_bucket(histogram.negative_spans, histogram.negative, [&](std::int32_t index, double count) {
    out.push_back(negative_bucket(histogram, index, count));
    Bucket& bucket = out.back();
    if (bucket.upper < 0 && bucket.upper > -zero) bucket.upper = -zero;
  });
  std::reverse(out.begin(), out.end());
  if (histogram.zero_count > 0) out.push_back(zero_bucket(histogram));
  each_bucket(histogram.positive_spans, histogram.positive, [&](std::int32_t index, double count) {
    out.push_back(positive_bucket(histogram, index, count));
    Bucket& bucket = out.back();
    if (bucket.lower > 0 && bucket.lower < zero) bucket.lower = zero;
  });
  return out;
}

std::string histogram_text(const Histogram& histogram) {
  std::string out = "{count:" + go_number(histogram.count) + ", sum:" + go_number(histogram.sum);
  std::vector<Bucket> negative;
  each_bucket(histogram.negative_spans, histogram.negative, [&](std::int32_t index, double count) {
    if (count != 0) negative.push_back(negative_bucket(histogram, index, count));
  });
  for (auto bucket = negative.rbegin(); bucket != negative.rend(); ++bucket) append_bucket_text(out, *bucket);
  if (histogram.zero_count != 0) append_bucket_text(out, zero_bucket(histogram));
  each_bucket(histogram.positive_spans, histogram.positive, [&](std::int32_t index, double count) {
    if (count != 0) append_bucket_text(out, positive_bucket(histogram, index, count));
  });
  return out + '}';
}

void append_histogram_json(std::string& out, const Histogram& histogram) {
  out += R"({"count":")" + api_number(histogram.count) + R"(","sum":")" + api_number(histogram.sum) + '"';
  bool any = false;
  for (const Bucket& bucket : buckets_ascending(histogram)) {
    if (bucket.count == 0) continue;
    out += any ? "," : R"(,"buckets":[)";
    any = true;
    // The rule of the bounds: 0 open on the left, 1 open on the right, 2 open, 3 closed.
    const char rule = bucket.lower_inclusive   ? (bucket.upper_inclusive ? '3' : '1')
                      : bucket.upper_inclusive ? '0'
                                               : '2';
    out += '[';
    out += rule;
    for (const double number : {bucket.lower, bucket.upper, bucket.count}) out += ",\"" + api_number(number) + '"';
    out += ']';
  }
  out += any ? "]}" : "}";
}

}  // namespace trilobite::metrics
