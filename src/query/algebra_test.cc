// Aggregation, binary operators, groups and number text, as tables.
#include <gtest/gtest.h>

#include <cmath>

#include "query/aggregate.h"
#include "query/binary.h"
#include "query/group_table.h"
#include "query/number_format.h"

namespace trilobite::query {
namespace {

constexpr double kNone = kAbsent;
using Pairs = std::vector<std::pair<std::string, std::string>>;

Series series(Pairs labels, std::vector<double> values) {
  return {LabelSet::from_pairs(std::move(labels)), std::move(values)};
}

Matrix matrix(std::vector<Series> all) {
  const auto steps = static_cast<TimeNs>(all.empty() ? 1 : all[0].values.size());
  return {{0, (steps - 1) * 10, 10}, std::move(all), false};
}

std::string text(const Matrix& matrix) {
  std::string out;
  for (const Series& one : matrix.series) {
    out += one.labels.to_string();
    for (const double value : one.values) out += " " + (is_absent(value) ? "_" : number_text(value));
    out += "\n";
  }
  return out;
}

Matrix sample_input() {
  return matrix({series({{"app", "a"}, {"host", "1"}}, {1, kNone, 3}),
                 series({{"app", "a"}, {"host", "2"}}, {5, kNone, NAN}),
                 series({{"app", "b"}, {"host", "1"}}, {2, 7, 2})});
}

TEST(Aggregate, PerGroupAndStep) {
  struct Case {
    AggregateOp op;
    LabelGrouping grouping;
    std::size_t k;
    const char* want;
  };
  const Case cases[] = {
      {AggregateOp::kSum, {false, {"app"}}, 0, "{app=\"a\"} 6 _ NaN\n{app=\"b\"} 2 7 2\n"},
      {AggregateOp::kSum, {}, 0, "{} 8 7 NaN\n"},
      {AggregateOp::kSum, {true, {"host"}}, 0, "{app=\"a\"} 6 _ NaN\n{app=\"b\"} 2 7 2\n"},
      {AggregateOp::kMax, {false, {"host"}}, 0, "{host=\"1\"} 2 7 3\n{host=\"2\"} 5 _ NaN\n"},
      {AggregateOp::kMin, {}, 0, "{} 1 7 2\n"},
      {AggregateOp::kCount, {}, 0, "{} 3 1 3\n"},
      {AggregateOp::kAverage, {false, {"app"}}, 0, "{app=\"a\"} 3 _ NaN\n{app=\"b\"} 2 7 2\n"},
      {AggregateOp::kStdvar, {false, {"app"}}, 0, "{app=\"a\"} 4 _ NaN\n{app=\"b\"} 0 0 0\n"},
      {AggregateOp::kStddev, {false, {"app"}}, 0, "{app=\"a\"} 2 _ NaN\n{app=\"b\"} 0 0 0\n"},
      {AggregateOp::kTopk,
       {},
       1,
       "{app=\"a\", host=\"1\"} _ _ 3\n{app=\"a\", host=\"2\"} 5 _ _\n{app=\"b\", host=\"1\"} _ 7 _\n"},
      {AggregateOp::kBottomk, {false, {"app"}}, 1, "{app=\"a\", host=\"1\"} 1 _ 3\n{app=\"b\", host=\"1\"} 2 7 2\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(text(aggregate(sample_input(), c.op, c.grouping, c.k)), c.want) << static_cast<int>(c.op);
  }
}

TEST(Aggregate, AtOneInstantTheOrderIsThatOfValues) {
  const auto input = [] {
    return matrix(
        {series({{"a", "1"}}, {2}), series({{"a", "2"}}, {NAN}), series({{"a", "3"}}, {9}), series({{"a", "4"}}, {2})});
  };
  EXPECT_EQ(text(aggregate(input(), AggregateOp::kTopk, {}, 2)), "{a=\"3\"} 9\n{a=\"1\"} 2\n");
  EXPECT_EQ(text(aggregate(input(), AggregateOp::kBottomk, {}, 2)), "{a=\"1\"} 2\n{a=\"4\"} 2\n");
  EXPECT_EQ(text(aggregate(input(), AggregateOp::kSort, {})), "{a=\"1\"} 2\n{a=\"4\"} 2\n{a=\"3\"} 9\n{a=\"2\"} NaN\n");
  EXPECT_TRUE(aggregate(input(), AggregateOp::kSortDescending, {}).ordered);
  EXPECT_FALSE(aggregate(input(), AggregateOp::kSum, {}).ordered);
}

TEST(Binary, ScalarsFilterOrCompute) {
  const auto input = [] { return matrix({series({{"a", "1"}}, {0, 4, kNone})}); };
  BinaryOptions loki;
  loki.zero_divisor_is_nan = true;
  EXPECT_EQ(text(binary_right_scalar(BinaryOp::kAdd, input(), 1, {})), "{a=\"1\"} 1 5 _\n");
  EXPECT_EQ(text(binary_left_scalar(BinaryOp::kSub, 10, input(), {})), "{a=\"1\"} 10 6 _\n");
  EXPECT_EQ(text(binary_left_scalar(BinaryOp::kDiv, 8, input(), {})), "{a=\"1\"} +Inf 2 _\n");
  EXPECT_EQ(text(binary_left_scalar(BinaryOp::kDiv, 8, input(), loki)), "{a=\"1\"} NaN 2 _\n");
  EXPECT_EQ(text(binary_right_scalar(BinaryOp::kGreater, input(), 1, {})), "{a=\"1\"} _ 4 _\n");
  EXPECT_EQ(text(binary_left_scalar(BinaryOp::kLess, 1, input(), {})), "{a=\"1\"} _ 4 _\n");
  EXPECT_EQ(text(binary_right_scalar(BinaryOp::kGreater, input(), 9, {})), "");
  loki.return_bool = true;
  EXPECT_EQ(text(binary_right_scalar(BinaryOp::kGreater, input(), 1, loki)), "{a=\"1\"} 0 1 _\n");
  EXPECT_EQ(binary_scalars(BinaryOp::kPow, 2, 10, {}), 1024);
  EXPECT_EQ(binary_scalars(BinaryOp::kMod, -5, 3, {}), -2);
  EXPECT_EQ(binary_scalars(BinaryOp::kGreater, 2, 1, {}), 1);
}

TEST(Binary, MatchesSeriesByLabels) {
  const Matrix left =
      matrix({series({{"app", "a"}, {"code", "200"}}, {10, 10}), series({{"app", "a"}, {"code", "500"}}, {2, kNone}),
              series({{"app", "b"}, {"code", "200"}}, {7, 7})});
  const Matrix total = matrix({series({{"app", "a"}, {"team", "x"}}, {20, 40})});
  BinaryOptions many;
  many.matching = true;
  many.compared = {false, {"app"}};
  many.card = BinaryOptions::Card::kManyToOne;
  many.include = {"team"};
  Result<Matrix> result = binary(BinaryOp::kDiv, left, total, many);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(text(*result),
            "{app=\"a\", code=\"200\", team=\"x\"} 0.5 0.25\n{app=\"a\", code=\"500\", team=\"x\"} 0.1 _\n");

  many.card = BinaryOptions::Card::kOneToMany;
  result = binary(BinaryOp::kSub, total, left, many);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(text(*result), "{app=\"a\", code=\"200\", team=\"x\"} 10 30\n{app=\"a\", code=\"500\", team=\"x\"} 18 _\n");

  BinaryOptions on;
  on.matching = true;
  on.compared = {false, {"app"}};
  result = binary(BinaryOp::kDiv, left, total, on);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message,
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
  result = binary(BinaryOp::kDiv, total, left, on);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message,
            "found duplicate series on the right hand-side;many-to-many matching not allowed: matching labels must be "
            "unique on one side");

  on.compared = {false, {"app", "code"}};
  result = binary(BinaryOp::kAdd, left, left, on);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(text(*result),
            "{app=\"a\", code=\"200\"} 20 20\n{app=\"a\", code=\"500\"} 4 _\n{app=\"b\", code=\"200\"} 14 14\n");
}

TEST(Binary, SetsLookAtEveryStep) {
  const Matrix left = matrix({series({{"a", "1"}}, {1, 1}), series({{"a", "2"}}, {2, 2})});
  const Matrix right = matrix({series({{"a", "1"}}, {5, kNone}), series({{"a", "3"}}, {6, 6})});
  EXPECT_EQ(text(*binary(BinaryOp::kAnd, left, right, {})), "{a=\"1\"} 1 _\n");
  EXPECT_EQ(text(*binary(BinaryOp::kUnless, left, right, {})), "{a=\"1\"} _ 1\n{a=\"2\"} 2 2\n");
  EXPECT_EQ(text(*binary(BinaryOp::kOr, left, right, {})), "{a=\"1\"} 1 1\n{a=\"2\"} 2 2\n{a=\"3\"} 6 6\n");
  EXPECT_EQ(text(*binary(BinaryOp::kOr, right, left, {})), "{a=\"1\"} 5 1\n{a=\"2\"} 2 2\n{a=\"3\"} 6 6\n");
}

TEST(GroupTable, NumbersKeysInOrder) {
  GroupTable table;
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 10'000; ++i) ASSERT_EQ(table.find_or_add("key" + std::to_string(i)), i);
  }
  EXPECT_EQ(table.find_or_add(""), 10'000u);
  EXPECT_EQ(table.key(10'000), "");
  EXPECT_EQ(table.key(77), "key77");
}

TEST(NumberText, IsShortestWithoutExponent) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-17, "-17"},
      {0.1, "0.1"},
      {1.5, "1.5"},
      {-2.25, "-2.25"},
      {100, "100"},
      {1e15, "1000000000000000"},
      {1e21, "1000000000000000000000"},
      {4.0475225299275373e37, "40475225299275373000000000000000000000"},
      {1e-7, "0.0000001"},
      {1.25e-9, "0.00000000125"},
      {0.30000000000000004, "0.30000000000000004"},
      {123456.789, "123456.789"},
      {NAN, "NaN"},
      {INFINITY, "+Inf"},
      {-INFINITY, "-Inf"},
  };
  for (const auto& [value, want] : cases) EXPECT_EQ(number_text(value), want);
}

}  // namespace
}  // namespace trilobite::query
