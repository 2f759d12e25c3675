// Numbers, durations, sizes and strings as LogQL spells them.
#include "logs/text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "query/number_format.h"

namespace trilobite::logql {
namespace {

TEST(Text, Numbers) {
  EXPECT_EQ(parse_number("1e3"), 1000);
  EXPECT_EQ(parse_number("-.5"), -0.5);
  EXPECT_EQ(parse_number("+Inf"), INFINITY);
  EXPECT_TRUE(std::isnan(*parse_number("nan")));
  for (const char* wrong : {"", "-", "x", "1x", " 1", "1 ", "0x10", "--1"}) EXPECT_FALSE(parse_number(wrong)) << wrong;
  EXPECT_EQ(query::number_text(40475225299275373000000000000000000000.0), "40475225299275373000000000000000000000");
  EXPECT_EQ(query::number_text(0.1), "0.1");
  EXPECT_EQ(query::number_text(-INFINITY), "-Inf");
}

TEST(Text, Durations) {
  EXPECT_EQ(parse_go_duration("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(parse_go_duration("-1.5s"), -1'500'000'000);
  EXPECT_EQ(parse_go_duration("8888888888888888888ms8888888888888888888ms"), std::nullopt) << "beyond 64 bits, twice";
  EXPECT_EQ(parse_go_duration("54.745ms"), 54'745'000);
  EXPECT_EQ(parse_go_duration("3\xC2\xB5s"), 3000);
  EXPECT_EQ(parse_go_duration("0"), 0);
  for (const char* wrong : {"", "5", "1d", "s", "1h x", "99999999999h"})
    EXPECT_FALSE(parse_go_duration(wrong)) << wrong;
  EXPECT_EQ(*parse_prometheus_duration("1d12h"), 129'600'000'000'000);
  EXPECT_FALSE(parse_prometheus_duration("1m1h").ok());
  EXPECT_FALSE(parse_prometheus_duration("1.5s").ok());
  EXPECT_EQ(format_prometheus_duration(90'000'000'000), "1m30s");
  EXPECT_EQ(format_prometheus_duration(7 * 86'400'000'000'000), "1w");
  EXPECT_EQ(format_go_duration(5'400'000'000'000), "1h30m0s");
  EXPECT_EQ(format_go_duration(1'500'000), "1.5ms");
  EXPECT_EQ(format_go_duration(-1), "-1ns");
}

TEST(Text, Bytes) {
  EXPECT_EQ(parse_bytes("10KB"), 10'000U);
  EXPECT_EQ(parse_bytes("1.5 MiB"), 1'572'864U);
  EXPECT_EQ(parse_bytes("17"), 17U);
  for (const char* wrong : {"", "x", "1x", "-1B", "1KBB", "99999999EB"}) EXPECT_FALSE(parse_bytes(wrong)) << wrong;
  EXPECT_EQ(format_bytes(3000), "3.0kB");
  EXPECT_EQ(format_bytes(1'234'567), "1234567B");
}

TEST(Text, Quoting) {
  const std::string odd("a\"\\\n\x01\xFF\xC3\xA9", 8);
  const std::string quoted = quote(odd);
  EXPECT_EQ(quoted, "\"a\\\"\\\\\\n\\x01\\xffé\"");
  EXPECT_EQ(unquote(quoted.substr(1, quoted.size() - 2)), odd);
  for (const char* wrong : {"\\q", "\\", "\\x1", "\\u12", "\\400", "\\ud800"}) EXPECT_FALSE(unquote(wrong)) << wrong;
}

}  // namespace
}  // namespace trilobite::logql
