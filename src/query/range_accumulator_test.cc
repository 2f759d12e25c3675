// Every range function against a model that looks at all rows for every window, with rows spread over blocks and
// accumulators in random order, as parallel workers do.
#include "query/range_accumulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "query/matrix.h"
#include "query/quantile.h"

namespace trilobite::query {
namespace {

using Op = RangeFunction::Op;

double spread(std::span<const Sample> samples, TimeNs range) {
  return samples.back().value - samples.front().value + static_cast<double>(range);
}

double naive(const RangeFunction& function, std::vector<Sample> window, TimeNs range) {
  if (window.empty()) return kAbsent;
  std::sort(window.begin(), window.end(),
            [](const Sample& a, const Sample& b) { return a.time != b.time ? a.time < b.time : a.value < b.value; });
  const auto n = static_cast<double>(window.size());
  double sum = 0, squares = 0, least = window[0].value, most = window[0].value;
  std::vector<double> values;
  for (const Sample& sample : window) {
    sum += sample.value;
    least = std::min(least, sample.value);
    most = std::max(most, sample.value);
    values.push_back(sample.value);
  }
  for (const Sample& sample : window) squares += (sample.value - sum / n) * (sample.value - sum / n);
  switch (function.op) {
    case Op::kCount:
      return n;
    case Op::kSum:
      return sum;
    case Op::kAverage:
      return sum / n;
    case Op::kMin:
      return least;
    case Op::kMax:
      return most;
    case Op::kStdvar:
      return squares / n;
    case Op::kStddev:
      return std::sqrt(squares / n);
    case Op::kFirst: {
      double first = window[0].value;
      return first;
    }
    case Op::kLast:
      return window.back().value;
    case Op::kQuantile:
      return quantile(function.quantile, values);
    case Op::kKernel:
      return function.kernel(window, range);
  }
  return 0;
}

struct Row {
  std::uint32_t group;
  Sample sample;
};

// Splits the rows over two accumulators in blocks, merges them, compares every group and step.
void compare(const RangeFunction& function, const Windows& windows, TimeNs offset, const std::vector<Row>& rows,
             std::mt19937& random) {
  auto one = make_range_accumulator(function, windows);
  auto two = make_range_accumulator(function, windows);
  for (std::size_t at = 0; at < rows.size();) {
    std::vector<std::uint32_t> groups;
    std::vector<TimeNs> times;
    std::vector<double> values;
    const bool second = random() % 2 == 0;
    for (std::size_t n = 1 + random() % 9; n > 0 && at < rows.size(); --n, ++at) {
      groups.push_back(second ? 2 - rows[at].group : rows[at].group);  // workers number groups differently
      times.push_back(rows[at].sample.time);
      values.push_back(rows[at].sample.value);
    }
    (second ? two : one)->add({groups, times, values});
  }
  const std::vector<std::uint32_t> map = {2, 1, 0};
  one->merge(*two, map);

  for (std::uint32_t group = 0; group < 3; ++group) {
    const std::vector<double> got = one->finish(group);
    for (std::size_t step = 0; step < got.size(); ++step) {
      const TimeNs end = windows.grid().at(step) - offset;
      std::vector<Sample> window;
      for (const Row& row : rows) {
        if (row.group == group && row.sample.time > end - windows.range() && row.sample.time <= end) {
          window.push_back(row.sample);
        }
      }
      const double want = naive(function, window, windows.range());
      ASSERT_EQ(is_absent(got[step]), is_absent(want)) << "step " << step << " rows " << window.size();
      if (is_absent(want)) continue;
      ASSERT_NEAR(got[step], want, 1e-9 * std::max(1.0, std::fabs(want))) << "step " << step;
    }
  }
}

TEST(RangeAccumulator, EqualsTheNaiveModel) {
  const unsigned seed = 81;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  const std::vector<RangeFunction> functions = {
      {Op::kCount},  {Op::kSum},   {Op::kAverage}, {Op::kMin},           {Op::kMax},           {Op::kStdvar},
      {Op::kStddev}, {Op::kFirst}, {Op::kLast},    {Op::kQuantile, 0.9}, {Op::kQuantile, 0.5}, {Op::kKernel, 0, spread},
  };
  for (int round = 0; round < 60; ++round) {
    const TimeNs range = pick(0, 60), offset = pick(-10, 10);
    const TimeGrid grid{0, pick(0, 100), pick(0, 20)};
    const Windows windows(grid, range, offset);
    std::vector<Row> rows;
    for (int i = pick(0, 200); i > 0; --i) {
      rows.push_back({static_cast<std::uint32_t>(pick(0, 2)), {pick(-80, 130), pick(-100, 100) / 4.0}});
    }
    for (const RangeFunction& function : functions) {
      SCOPED_TRACE(testing::Message() << "round " << round << " op " << static_cast<int>(function.op) << " end "
                                      << grid.end << " step " << grid.step << " range " << range << " offset "
                                      << offset);
      compare(function, windows, offset, rows, random);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(RangeAccumulator, CountNeedsNoValues) {
  const Windows windows(TimeGrid{10, 20, 10}, 10, 0);
  auto counts = make_range_accumulator({Op::kCount}, windows);
  const std::vector<std::uint32_t> groups = {0, 0, 0};
  const std::vector<TimeNs> times = {1, 10, 11};
  counts->add({groups, times, {}});
  EXPECT_EQ(counts->finish(0), (std::vector<double>{2, 1}));
  EXPECT_TRUE(is_absent(counts->finish(5)[0])) << "a group nobody added to";
}

// Sorted rows of value 1 give the same whether they come one by one or as a stretch of times.
TEST(RangeAccumulator, OnesAsAStretchOfTimes) {
  std::mt19937 random(7);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int round = 0; round < 400; ++round) {
    const Windows windows(TimeGrid{0, pick(0, 100), pick(0, 20)}, pick(0, 60), pick(-10, 10));
    std::vector<TimeNs> times;
    for (int i = pick(0, 300); i > 0; --i) times.push_back(pick(-80, 130));
    std::sort(times.begin(), times.end());
    const std::vector<std::uint32_t> groups(times.size(), 3);
    const std::vector<double> ones(times.size(), 1.0);
    for (const Op op : {Op::kCount, Op::kSum, Op::kLast, Op::kQuantile}) {
      auto one_by_one = make_range_accumulator({op, 0.5}, windows);
      auto stretch = make_range_accumulator({op, 0.5}, windows);
      one_by_one->add({groups, times, ones});
      stretch->add_ones(3, times);
      const auto want = one_by_one->finish(3), got = stretch->finish(3);
      for (std::size_t step = 0; step < want.size(); ++step) {
        ASSERT_EQ(is_absent(got[step]), is_absent(want[step])) << "round " << round << " step " << step;
        if (is_absent(want[step])) continue;
        ASSERT_EQ(got[step], want[step]) << "round " << round << " step " << step;
      }
    }
  }
}

TEST(RangeAccumulator, AnInfinityLeavesWithItsWindow) {
  const Windows windows(TimeGrid{10, 30, 10}, 15, 0);
  auto sums = make_range_accumulator({Op::kSum}, windows);
  const std::vector<std::uint32_t> groups = {0, 0};
  const std::vector<TimeNs> times = {6, 25};
  const std::vector<double> values = {INFINITY, 2};
  sums->add({groups, times, values});
  EXPECT_EQ(sums->finish(0), (std::vector<double>{INFINITY, INFINITY, 2}));
}

TEST(Quantile, FollowsLokiAtTheEdges) {
  const auto of = [](double q, std::vector<double> values) { return quantile(q, values); };
  EXPECT_EQ(of(0.5, {3, 1, 2}), 2);
  EXPECT_EQ(of(0.25, {1, 2, 3, 4}), 1.75);
  EXPECT_EQ(of(1, {5, 9, 7}), 9);
  EXPECT_EQ(of(0, {5, 9, 7}), 5);
  EXPECT_EQ(of(1.1, {1}), INFINITY);
  EXPECT_EQ(of(-0.1, {1}), -INFINITY);
  EXPECT_TRUE(std::isnan(of(0.5, {})));
  EXPECT_TRUE(std::isnan(of(NAN, {1})));
  EXPECT_TRUE(std::isnan(of(0, {NAN, 1}))) << "NaN sorts first";
}

}  // namespace
}  // namespace trilobite::query
