// The buckets of a histogram as intervals, and its text forms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/histogram.h"

namespace trilobite::metrics {

struct Bucket {
  double lower = 0, upper = 0;
  bool lower_inclusive = false, upper_inclusive = false;
  double count = 0;
  std::int32_t index = 0;
};

// The upper bound of a positive bucket. Exponential: 2^(index * 2^-schema), where the last one of finite numbers ends
// at the largest double. Custom: the bound, +Inf behind the last, -Inf in front of the first (index -1).
double bucket_bound(std::int32_t index, std::int32_t schema, const std::vector<double>& custom_bounds);

// All buckets in ascending order, also empty ones, but not those between spans: negative, zero (if it has a count),
// positive. Those that overlap the zero bucket end at it.
std::vector<Bucket> buckets_ascending(const Histogram& histogram);

// What the query API answers: {"count":"3","sum":"5","buckets":[[0,"1","2","2"]]}, empty buckets left out.
void append_histogram_json(std::string& out, const Histogram& histogram);

// {count:3, sum:5, [-0.001,0.001]:1, (1,2]:2}
std::string histogram_text(const Histogram& histogram);

// {{schema:0 sum:5 count:3 buckets:[1 2]}}: what scripts and rule tests write.
Result<Histogram> parse_histogram_literal(std::string_view text);  // kInvalid
std::string histogram_literal(const Histogram& histogram);

}  // namespace trilobite::metrics
