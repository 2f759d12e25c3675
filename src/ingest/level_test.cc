// Which level a line gets: the table is what Loki 3.7 was seen to answer, and the edges of its rules.
#include "ingest/level.h"

#include <gtest/gtest.h>

namespace trilobite::ingest {
namespace {

TEST(Level, OfALine) {
  struct Case {
    std::string_view line, want;
  };
  const Case cases[] = {
      // JSON: the first string under a level name, to depth two.
      {R"({"level":"error","msg":"json error level"})", "error"},
      {R"({"severity":"CRITICAL","msg":"upper severity"})", "critical"},
      {R"(  {"Level" : "WRN"}  )", "warn"},
      {R"({"log":{"level":"debug"}})", "debug"},
      {R"({"a":{"b":{"level":"dbg"}}})", "unknown"},
      {R"({"a":[{"level":"debug"}],"lvl":"inf"})", "info"},
      {R"({"level":5,"severity":"error"})", "error"},
      {R"({"msg":"a \"level\": \"error\" b","level":"info"})", "info"},
      {R"({"msg":"back\\","level":"info"})", "info"},
      {R"({"dup":"first","dup":"second","level":"warn"})", "warn"},
      {R"({"level":"notice","x":"y"})", "unknown"},
      {R"({"level":"notice","msg":"an error here"})", "error"},
      {R"({"level":"error")", "error"},
      {R"({"_entry":"{\"level\":\"warn\",\"id\":1}","container":"db"})", "unknown"},
      {R"({"_entry":"level=info msg=ready id=0","container":"db"})", "info"},
      {R"({})", "unknown"},
      {R"({"a":"unterminated)", "unknown"},
      // logfmt.
      {R"(level=error {"level":"info"})", "error"},
      {R"(ts=1 level=info msg="x error")", "info"},
      {R"(msg="level=error" level=warn)", "warn"},
      {R"(severity=debug LEVEL="Error")", "error"},
      {R"(severity=debug lvl=error)", "debug"},
      {R"(level="WARNING" x)", "warn"},
      {R"(a=b=c level=info)", "info"},
      {R"(a"b level=info)", "info"},
      {R"(a=1 b="open level=error)", "error"},
      {"level=", "unknown"},
      {"=", "unknown"},
      // Words.
      {"FATAL: something broke", "fatal"},
      {"debug: mode on", "debug"},
      {"2026-01-15T00:29:30.969Z ERROR [main] com.example - info follows", "error"},
      {"2026/01/15 00:29:30 [error] 30#0: *4171 upstream timed out", "error"},
      {"[WARNING] x", "warn"},
      {"(err) x", "error"},
      {"err", "error"},
      {"errors only", "unknown"},
      {"terror", "unknown"},
      {"\x1b[31mERROR\x1b[0m step", "unknown"},
      {"trace-id is no level", "unknown"},
      {"warn.", "unknown"},
      {"warn!", "warn"},
      {"x\tinfo\ty", "info"},
      {"x info, y", "info"},
      {"information", "unknown"},
      {"warnings warning", "warn"},
      {"", "unknown"},
      {" ", "unknown"},
  };
  for (const Case& c : cases) EXPECT_EQ(level_name(level_of_line(c.line)), c.want) << c.line;
}

TEST(Level, OfAValue) {
  for (const auto& [value, want] : {std::pair<std::string_view, std::string_view>{"TRC", "trace"},
                                    {"dbg", "debug"},
                                    {"Inf", "info"},
                                    {"information", "info"},
                                    {"wrn", "warn"},
                                    {"WARNING", "warn"},
                                    {"err", "error"},
                                    {"Critical", "critical"},
                                    {"fatal", "fatal"},
                                    {"notice", "notice"},
                                    {"", ""}}) {
    EXPECT_EQ(normal_level(value), want);
  }
}

TEST(Level, OfALabelByPrecedence) {
  const auto label = [](std::vector<std::pair<std::string, std::string>> pairs) {
    return std::string(level_label(LabelSet::from_pairs(std::move(pairs))).value_or("none"));
  };
  EXPECT_EQ(label({{"severity", "b"}, {"level", "a"}}), "a");
  EXPECT_EQ(label({{"severity_text", "b"}, {"lvl", "a"}}), "a");
  EXPECT_EQ(label({{"levels", "b"}}), "none");
}

TEST(Level, OfASeverityNumber) {
  for (const auto& [number, want] : {std::pair<std::string_view, std::string_view>{"0", "unknown"},
                                     {"1", "trace"},
                                     {"4", "trace"},
                                     {"5", "debug"},
                                     {"9", "info"},
                                     {"13", "warn"},
                                     {"17", "error"},
                                     {"24", "fatal"},
                                     {"25", "unknown"},
                                     {"x", "info"}}) {
    EXPECT_EQ(level_name(level_of_severity_number(number)), want) << number;
  }
}

}  // namespace
}  // namespace trilobite::ingest
