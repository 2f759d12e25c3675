// What people and programs read: lines, tables, times, progress.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "cli/line_printer.h"
#include "cli/metric_table.h"
#include "cli/progress.h"

namespace trilobite::cli {
namespace {

constexpr TimeNs kTime = 1'768'435'200'000'000'000;  // 2026-01-15T00:00:00Z
constexpr TimeStyle kUtc{TimeForm::kSeconds, Zone::kUtc};

LogEntry entry(Labels labels, std::string line, TimeNs time = kTime) {
  return {time, std::make_shared<const Labels>(std::move(labels)), std::move(line)};
}

std::string print_all(const std::vector<LogEntry>& entries, LinePrinterOptions options, std::string* common = nullptr) {
  options.time.zone = Zone::kUtc;
  LinePrinter printer(options);
  printer.look_at(entries);
  std::string out;
  for (const LogEntry& one : entries) printer.print(one, out);
  if (common != nullptr) *common = to_string(printer.common());
  return out;
}

TEST(LinePrinter, HidesWhatAllLinesHaveAlikeAndAligns) {
  const std::vector<LogEntry> entries{entry({{"app", "web"}, {"host", "a"}}, "one"),
                                      entry({{"app", "web"}, {"host", "bbb"}}, "two\n", kTime + kNsPerSecond)};
  std::string common;
  EXPECT_EQ(print_all(entries, {}, &common),
            "2026-01-15T00:00:00Z {host=\"a\"}   one\n"
            "2026-01-15T00:00:01Z {host=\"bbb\"} two\n");
  EXPECT_EQ(common, "{app=\"web\"}");
  EXPECT_EQ(print_all(entries, {.labels = false}), "2026-01-15T00:00:00Z one\n2026-01-15T00:00:01Z two\n");
  EXPECT_EQ(print_all({entries[0]}, {.common_labels = true, .exclude = {"host"}}),
            "2026-01-15T00:00:00Z {app=\"web\"} one\n");
  EXPECT_EQ(print_all(entries, {.form = OutputForm::kRaw}), "one\ntwo\n");
  EXPECT_EQ(print_all({entry({{"a", "\"q\""}}, "x\ty", kTime + 5)}, {.form = OutputForm::kJsonl}),
            "{\"labels\":{\"a\":\"\\\"q\\\"\"},\"line\":\"x\\ty\",\"timestamp\":\"2026-01-15T00:00:00.000000005Z\"}\n");
}

// Later pages may have lines without what the first page had in common: nothing of them is lost.
TEST(LinePrinter, AnotherValueOfACommonLabelIsShown) {
  LinePrinter printer({.time = kUtc});
  printer.look_at({entry({{"app", "web"}}, "one")});
  std::string out;
  printer.print(entry({{"app", "db"}}, "two"), out);
  EXPECT_EQ(out, "2026-01-15T00:00:00Z {app=\"db\"} two\n");
}

TEST(LinePrinter, ColorsTimeAndLabels) {
  const std::string out = print_all({entry({{"a", "b"}}, "x")}, {.colors = true, .common_labels = true});
  EXPECT_THAT(out, ::testing::MatchesRegex("\x1b\\[34m2026-01-15T00:00:00Z\x1b\\[0m \x1b\\[[0-9]+m.*\x1b\\[0m x\n"));
}

TEST(TerminalSafe, ShowsControlCharactersAndKeepsColors) {
  struct Case {
    std::string input, want;
  };
  const Case cases[] = {{"plain\ttext\n", "plain\ttext\n"},
                        {"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m\x1b[0m"},
                        {"\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"},
                        {"\x1b[31", "\\x1b[31"},
                        {"a\rb\x7f", "a\\x0db\\x7f"},
                        {"\xC2\x9B" "31m", "\\u009b31m"},
                        {"\xC2", "\xC2"},
                        {"\xC3\xA4", "\xC3\xA4"}};
  for (const Case& c : cases) EXPECT_EQ(terminal_safe(c.input), c.want);
}

QueryAnswer matrix(std::vector<MetricSeries> series) {
  QueryAnswer answer;
  answer.kind = QueryAnswer::Kind::kMatrix;
  answer.series = std::move(series);
  return answer;
}

TEST(MetricText, StandsSideBySideWhereThatFits) {
  const QueryAnswer answer =
      matrix({{{{"app", "web"}, {"host", "a"}}, {{kTime, "1"}, {kTime + kNsPerSecond, "20.5"}}},
              {{{"app", "web"}, {"host", "b"}}, {{kTime + kNsPerSecond, "3"}}}});
  EXPECT_EQ(metric_text(answer, {.time = kUtc}),
            "TIME                  {host=\"a\"}  {host=\"b\"}\n"
            "2026-01-15T00:00:00Z           1           -\n"
            "2026-01-15T00:00:01Z        20.5           3\n");
  EXPECT_EQ(metric_text(answer, {.time = kUtc, .width_max = 40}),
            "TIME                  app  host  VALUE\n"
            "2026-01-15T00:00:00Z  web  a         1\n"
            "2026-01-15T00:00:01Z  web  a      20.5\n"
            "2026-01-15T00:00:01Z  web  b         3\n");
  EXPECT_EQ(metric_text(answer, {.form = OutputForm::kRaw, .time = kUtc}).substr(0, 46),
            "2026-01-15T00:00:00Z\t{app=\"web\", host=\"a\"}\t1\n2");
  EXPECT_EQ(metric_text(matrix({{{}, {{kTime, "7"}}}}), {.form = OutputForm::kJsonl, .time = kUtc}),
            "{\"metric\":{},\"timestamp\":\"2026-01-15T00:00:00Z\",\"value\":\"7\"}\n");
  EXPECT_EQ(metric_text(matrix({}), {}), "");
}

TEST(MetricText, AnInstantAnswerHasARowPerSeries) {
  QueryAnswer answer = matrix({{{{"a", "x"}}, {{kTime, "1"}}}, {{{"b", "\x1b[2J"}}, {{kTime, "10"}}}});
  answer.kind = QueryAnswer::Kind::kVector;
  EXPECT_EQ(metric_text(answer, {}), "a  b        VALUE\nx  -            1\n-  \\x1b[2J     10\n");
}

TEST(LocalTime, FormatsInBothZones) {
  ::setenv("TZ", "IST-5:30", 1);
  ::tzset();
  EXPECT_EQ(format_time(kTime, {}), "2026-01-15T05:30:00+05:30");
  EXPECT_EQ(format_time(kTime + 1'500'000, {TimeForm::kNanoseconds, Zone::kUtc}), "2026-01-15T00:00:00.0015Z");
  EXPECT_EQ(format_time(-1, {TimeForm::kNanoseconds, Zone::kUtc}), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_time(kTime, {TimeForm::kUnixNs, Zone::kUtc}), "1768435200000000000");
}

TEST(LocalTime, ReadsWhatPeopleWrite) {
  struct Case {
    std::string text;
    TimeNs want;
  };
  const Case cases[] = {{"now", kTime},
                        {"now-1h30m", kTime - 5400 * kNsPerSecond},
                        {"2026-01-15", kTime},
                        {"2026-01-15T01:00:00+01:00", kTime},
                        {"1768435200", kTime},
                        {"1768435200000000001", kTime + 1}};
  for (const Case& c : cases) {
    const auto time = parse_time(c.text, kTime);
    ASSERT_TRUE(time.ok()) << time.error().message;
    EXPECT_EQ(*time, c.want) << c.text;
  }
  for (const char* wrong : {"", "tomorrow", "now-", "now-x", "2026-13-45", "12:30"}) {
    EXPECT_FALSE(parse_time(wrong, kTime).ok()) << wrong;
  }
}

TEST(ProgressText, SaysHowFarItIs) {
  EXPECT_EQ(progress_text(3, 0, 0), "3 s");
  EXPECT_EQ(progress_text(12, 3400, 1'234'567'890), "12 s, 3,400 lines so far, 1.2 GB in the time range");
  EXPECT_EQ(readable_bytes(999), "999 B");
  EXPECT_EQ(readable_bytes(999'999), "1.0 MB");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(0), "0");
}

}  // namespace
}  // namespace trilobite::cli
