// Kernels keep state from window to window; here each window is computed anew from its samples, and must agree.
#include "metrics/range_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "metrics/compensated_sum.h"
#include "query/quantile.h"

namespace trilobite::metrics {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Values = std::vector<double>;

struct Data {
  std::vector<TimeNs> times;
  Values values;
};

// Irregular times, some NaN, resets; with `special` infinities and huge numbers that cancel out.
Data random_data(std::uint32_t seed, std::size_t count, bool special) {
  std::mt19937 random(seed);
  Data data;
  TimeNs time = 0;
  double value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    time += kNsPerSecond * static_cast<TimeNs>(1 + random() % 30);
    value = random() % 20 == 0 ? 0 : value + static_cast<double>(random() % 1000) / 7;
    data.times.push_back(time);
    data.values.push_back(value);
    if (special && random() % 16 == 0) data.values.back() = kNan;
    if (special && random() % 64 == 0) data.values.back() = random() % 2 == 0 ? kInfinity : -kInfinity;
    if (special && random() % 32 == 0) data.values.back() = random() % 2 == 0 ? 1e300 : -1e300;
  }
  return data;
}

bool same(double a, double b) {
  if (query::is_absent(a) || query::is_absent(b)) return query::is_absent(a) == query::is_absent(b);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == std::isnan(b);
  return a == b || std::fabs(a - b) <= 1e-9 * std::max(std::fabs(a), std::fabs(b));
}

double least(const Values& window) {
  double out = window[0];
  for (const double value : window) {
    if (value < out || std::isnan(out)) out = value;
  }
  return out;
}
double sum(const Values& window) {
  CompensatedSum state;
  for (const double value : window) state.add(value);
  return state.total();
}
double mean(const Values& window) {
  CompensatedMean state;
  for (const double value : window) state.add(value);
  return state.mean();
}

struct Case {
  std::string_view name;
  FloatKernel kernel;
  std::function<double(const Values& window)> direct;
};
const Case kCases[] = {
    {"count", count_of_floats, [](const Values& window) { return static_cast<double>(window.size()); }},
    {"first", first_of_floats, [](const Values& window) { return window.front(); }},
    {"last", last_of_floats, [](const Values& window) { return window.back(); }},
    {"min", min_of_floats, least},
    {"max", max_of_floats,
     [](const Values& window) {
       Values negative = window;
       for (double& value : negative) value = -value;
       return -least(negative);
     }},
    {"sum", sum_of_floats, sum},
    {"avg", avg_of_floats, mean},
    {"quantile", quantile_of_floats,
     [](const Values& window) {
       Values copy = window;
       return query::quantile(0.7, copy);
     }},
    {"resets", resets_of_floats,
     [](const Values& window) {
       double count = 0;
       for (std::size_t i = 1; i < window.size(); ++i) count += window[i] < window[i - 1] ? 1 : 0;
       return count;
     }},
    {"changes", changes_of_floats,
     [](const Values& window) {
       double count = 0;
       for (std::size_t i = 1; i < window.size(); ++i) {
         const bool both = std::isnan(window[i]) && std::isnan(window[i - 1]);
         count += window[i] != window[i - 1] && !both ? 1 : 0;
       }
       return count;
     }},
    {"idelta", idelta_of_floats,
     [](const Values& window) {
       return window.size() < 2 ? query::kAbsent : window[window.size() - 1] - window[window.size() - 2];
     }},
};

TEST(RangeKernels, AgreeWithWindowsComputedAnew) {
  for (const Case& one : kCases) {
    for (const bool special : {false, true}) {
      // Huge numbers of both signs cancel in an order that sliding sums do not keep.
      if (special && (one.name == "sum" || one.name == "avg")) continue;
      for (const TimeNs range : {5, 60, 600, 6000}) {
        for (const TimeNs step : {0, 7, 90, 1000}) {
          const Data data = random_data(static_cast<std::uint32_t>(range + step), 500, special);
          RangeCall call;
          call.windows = {100 * kNsPerSecond, step * kNsPerSecond, range * kNsPerSecond, 80};
          call.scalars = {ScalarColumn{{0.7}}};
          Values out(80, query::kAbsent);
          one.kernel(call, data.times, data.values, out);
          for (std::size_t i = 0; i < out.size(); ++i) {
            Values window;
            const TimeNs end = call.windows.end_of(i);
            for (std::size_t k = 0; k < data.times.size(); ++k) {
              if (data.times[k] > end - call.windows.range && data.times[k] <= end) window.push_back(data.values[k]);
            }
            const double want = window.empty() ? query::kAbsent : one.direct(window);
            ASSERT_TRUE(same(out[i], want)) << one.name << " range " << range << " step " << step << " at " << i << ": "
                                            << out[i] << ", not " << want;
          }
        }
      }
    }
  }
}

TEST(RangeKernels, RateAddsWhatResetsTookAway) {
  RangeCall call;
  call.windows = {50 * kNsPerSecond, 10 * kNsPerSecond, 50 * kNsPerSecond, 3};
  std::vector<TimeNs> times;
  for (int i = 0; i < 8; ++i) times.push_back(i * 10 * kNsPerSecond);
  const Values values{0, 10, 20, 5, 15, 25, 3, 13};
  Values out(3, query::kAbsent);
  increase_of_floats(call, times, values, out);
  // Samples at 10..50, 20..60, 30..70: changes of 35, 28, 33 over 40 s, and 10 s more to the left edge where that does
  // not lead below zero.
  EXPECT_DOUBLE_EQ(out[0], 35 * 50.0 / 40);
  EXPECT_DOUBLE_EQ(out[1], 28 * 50.0 / 40);
  EXPECT_DOUBLE_EQ(out[2], 33 * (40 + 40.0 * 5 / 33) / 40);
}

TEST(CompensatedSum, LosesNothing) {
  CompensatedSum sum;
  for (const double value : {1e100, 1.0, -1e100}) sum.add(value);
  EXPECT_EQ(sum.total(), 1);
  CompensatedMean mean, other;
  for (const double value : {1.5e308, 1.5e308}) mean.add(value);
  EXPECT_DOUBLE_EQ(mean.mean(), 1.5e308);
  for (const double value : {1e308, 1e308}) other.add(value);
  mean.merge(other);
  EXPECT_DOUBLE_EQ(mean.mean(), 1.25e308);
  CompensatedSum infinite;
  for (const double value : {1.0, kInfinity, 2.0}) infinite.add(value);
  EXPECT_EQ(infinite.total(), kInfinity);
}

}  // namespace
}  // namespace trilobite::metrics
