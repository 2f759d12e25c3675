// Series as scripts write them: what each item means, and what is none.
#include "metrics/series_notation.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "metrics/go_number.h"
#include "metrics/histogram_buckets.h"

namespace trilobite::metrics {
namespace {

std::string written_out(std::string_view text) {
  const auto samples = parse_samples_notation(text, 1000);
  if (!samples.ok()) return "error";
  std::string out;
  for (const auto& sample : *samples) {
    if (!out.empty()) out += ' ';
    if (!sample) {
      out += '_';
    } else if (sample->histogram) {
      out += histogram_literal(*sample->histogram);
    } else if (std::bit_cast<std::uint64_t>(sample->value) == 0x7ff0000000000002) {
      out += "stale";
    } else {
      out += go_number(sample->value);
    }
  }
  return out;
}

TEST(SeriesNotation, Items) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"1 -2.5 1e3 .5 Inf -Inf NaN", "1 -2.5 1000 0.5 +Inf -Inf NaN"},
      {"_ 1 _x3 stale", "_ 1 _ _ _ stale"},
      {"_x0 1", "1"},
      {"5x2", "5 5 5"},
      {"0x3", "0 0 0 0"},
      {"1+2x3", "1 3 5 7"},
      {"1-2x2 4", "1 -1 -3 4"},
      {"-1+0.5x2", "-1 -0.5 0"},
      {"1e1+1e1x1", "10 20"},
      {"NaNx1 Inf-1x1", "NaN NaN +Inf +Inf"},
      {"{{count:1 buckets:[1]}}x1", "{{count:1 buckets:[1]}} {{count:1 buckets:[1]}}"},
      {"{{count:1 buckets:[1]}}+{{count:2 buckets:[1 1]}}x2 _",
       "{{count:1 buckets:[1]}} {{count:3 buckets:[2 1]}} {{count:5 buckets:[3 2]}} _"},
      {"{{count:3 buckets:[3]}}-{{count:1 buckets:[1]}}x1", "{{count:3 buckets:[3]}} {{count:2 buckets:[2]}}"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(written_out(text), want) << text;
}

TEST(SeriesNotation, ItemsThatAreNone) {
  for (const char* text :
       {"x", "1x", "1+2", "1+x3", "1 2x3y", "0x1.8p3", "_y", "stalex2y", "{{", "{{count:x}}", "{{count:1}}+2x3",
        "{{schema:1}}+{{}}x2", "{{}}+{{schema:-53}}x2", "1x1000", "_x1001", "1x99999999999999999999", "--1", "1,2"}) {
    EXPECT_EQ(written_out(text), "error") << text;
  }
}

TEST(SeriesNotation, WholeLines) {
  const auto line = parse_series_notation("up{job=\"a } b\", x='1'} 1x1");
  ASSERT_TRUE(line.ok()) << line.error().message;
  EXPECT_EQ(line->labels.get("__name__"), "up");
  EXPECT_EQ(line->labels.get("job"), "a } b");
  EXPECT_EQ(line->samples.size(), 2U);
  const auto quoted = parse_series_notation("{\"a.b\", \"c d\"=\"e\"} {{count:1 counter_reset_hint:unknown}}");
  ASSERT_TRUE(quoted.ok()) << quoted.error().message;
  EXPECT_EQ(quoted->labels.get("__name__"), "a.b");
  EXPECT_EQ(quoted->labels.get("c d"), "e");
  ASSERT_TRUE(quoted->samples[0]);
  EXPECT_TRUE(quoted->samples[0]->hint_stated);
  EXPECT_TRUE(parse_series_notation("{} 1").ok());
  EXPECT_TRUE(parse_series_notation("h {{}}").ok());
  EXPECT_TRUE(parse_series_notation("h{} {{}}").ok());
  for (const char* text : {"", "1 2", "{a=\"b\" 1", "a{b=c} 1", "a{b=~\"c\"} 1"}) {
    EXPECT_FALSE(parse_series_notation(text).ok()) << text;
  }
}

}  // namespace
}  // namespace trilobite::metrics
