// The short way to write a number gives what the long ways give.
#include "number.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace trilobite::log {
namespace {

std::string short_decimal(double value, bool point_always) {
  char text[64];
  return {text, put_short_decimal(text, value, point_always)};
}

void expect_same(double value) {
  std::string json;
  append_json_number(json, value);
  const std::string with_point = short_decimal(value, true), without = short_decimal(value, false);
  if (!with_point.empty()) {
    EXPECT_EQ(with_point, json);
    EXPECT_EQ(without, fmt::format("{}", value));
  }
  EXPECT_EQ(with_point.empty(), without.empty());
}

TEST(NumberTest, ShortDecimalsAreWhatTheLongWayWrites) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200'000; ++round) {
    const double whole = static_cast<double>(random() % 2'000'000'000) - 1e9;
    const double scale = std::pow(10.0, static_cast<double>(random() % 9));
    expect_same(whole / scale);
    expect_same(whole * 0.001);
    expect_same(std::nextafter(whole / scale, 2e9));
    expect_same(std::bit_cast<double>(random()));
  }
}

TEST(NumberTest, KnowsWhatIsTooMuchForTheShortWay) {
  EXPECT_EQ(short_decimal(0.5, true), "0.5");
  EXPECT_EQ(short_decimal(0, true), "0.0");
  EXPECT_EQ(short_decimal(0, false), "0");
  EXPECT_EQ(short_decimal(-3, true), "-3.0");
  EXPECT_EQ(short_decimal(-3, false), "-3");
  EXPECT_EQ(short_decimal(999'999'999.999999, false), "999999999.999999");
  EXPECT_EQ(short_decimal(12.345678, false), "12.345678");
  for (const double value : {-0.0, 1e9, 1e-4, 0.1234567, 1.0 / 3, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(short_decimal(value, true), "") << value;
  }
}

}  // namespace
}  // namespace trilobite::log
