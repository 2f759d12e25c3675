#include "line_format.h"

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace trilobite::log {
namespace {

// 2026-03-01T08:15:30.004217Z
constexpr std::int64_t kBoot = 1'772'352'930'004'217'000;

std::string jsonl(const Event& event) {
  TimestampWriter time(Zone::kUtc);
  std::string out;
  append_jsonl_line(out, event, time);
  return out;
}

std::string readable(const Event& event, Paint paint = Paint::kPlain) {
  TimestampWriter time(Zone::kUtc);
  std::string out;
  append_readable_line(out, event, time, paint);
  return out;
}

// {"k":VALUE} of a JSONL line whose only field is k.
std::string json_field(const Value& value) {
  const Field field{"k", value};
  const std::string line = jsonl({.time_ns = 0, .target = "t", .message = "", .fields = {&field, 1}});
  const std::string before = "\"message\":\"\",\"k\":";
  return line.substr(line.find(before) + before.size(), line.size() - line.find(before) - before.size() - 2);
}

std::string readable_field(const Value& value) {
  const Field field{"k", value};
  const std::string line = readable({.time_ns = 0, .target = "t", .message = "m", .fields = {&field, 1}});
  const std::string before = " t: m k=";
  return line.substr(line.find(before) + before.size(), line.size() - line.find(before) - before.size() - 1);
}

const Field kBootFields[] = {{"port", Value::of_int(8080)}, {"tls", Value::of_bool(false)}};
const Event kBootEvent{.time_ns = kBoot,
                       .level = Level::kInfo,
                       .target = "shop_api::boot",
                       .file = "src/boot.rs",
                       .line = 41,
                       .message = "listening",
                       .fields = kBootFields,
                       .spans = {}};

const Field kRetryFields[] = {{"attempt", Value::of_int(2)}, {"reason", Value::of_text("timeout")}};
const SpanView kRetrySpans[] = {
    {.name = "http-request", .fields = "method=POST uri=/pay", .trace_id = "5c0ffee05c0ffee05c0ffee05c0ffee0"},
    {.name = "charge", .fields = "order=\"A-7\""}};
Event retry_event(std::span<const SpanView> spans) {
  return {.time_ns = kBoot + 1'865'785'000,
          .level = Level::kWarn,
          .target = "shop_api::pay",
          .file = "src/pay.rs",
          .line = 112,
          .message = "retrying",
          .fields = kRetryFields,
          .spans = spans};
}

TEST(ReadableFormatTest, WritesTheGoldenLines) {
  EXPECT_EQ(readable(kBootEvent), "2026-03-01T08:15:30.004217Z  INFO shop_api::boot: listening port=8080 tls=false\n");
  EXPECT_EQ(readable(retry_event(kRetrySpans)),
            "2026-03-01T08:15:31.870002Z  WARN http-request:charge: shop_api::pay: retrying attempt=2 "
            "reason=\"timeout\" method=POST uri=/pay order=\"A-7\"\n");
}

TEST(ReadableFormatTest, PadsLevelsToFiveColumns) {
  for (const auto& [level, want] : {std::pair{Level::kError, "Z ERROR t"},
                                    {Level::kWarn, "Z  WARN t"},
                                    {Level::kInfo, "Z  INFO t"},
                                    {Level::kDebug, "Z DEBUG t"},
                                    {Level::kTrace, "Z TRACE t"}}) {
    const std::string line = readable({.level = level, .target = "t"});
    EXPECT_NE(line.find(want), std::string::npos) << line;
  }
}

TEST(ReadableFormatTest, ColorsWhatTheSpecificationSays) {
  const Field field{"port", Value::of_int(1)};
  const SpanView span{.name = "boot", .fields = "a=1"};
  const Event event{.time_ns = kBoot,
                    .level = Level::kInfo,
                    .target = "shop",
                    .message = "up",
                    .fields = {&field, 1},
                    .spans = {&span, 1}};
  EXPECT_EQ(readable(event, Paint::kColored),
            "\x1b[2m2026-03-01T08:15:30.004217Z\x1b[0m \x1b[32m INFO\x1b[0m \x1b[1mboot\x1b[0m: "
            "\x1b[2mshop\x1b[0m\x1b[2m:\x1b[0m up \x1b[3mport\x1b[0m\x1b[2m=\x1b[0m1 \x1b[2ma=1\x1b[0m\n");
  for (const auto& [level, want] : {std::pair{Level::kError, "\x1b[31mERROR"},
                                    {Level::kWarn, "\x1b[33m WARN"},
                                    {Level::kInfo, "\x1b[32m INFO"},
                                    {Level::kDebug, "\x1b[34mDEBUG"},
                                    {Level::kTrace, "\x1b[35mTRACE"}}) {
    const std::string line = readable({.level = level, .target = "t"}, Paint::kColored);
    EXPECT_NE(line.find(want), std::string::npos) << line;
  }
}

TEST(ReadableFormatTest, ShowsControlCharactersInsteadOfObeyingThem) {
  const std::string line = readable({.target = "t",
                                     .message = "a\x1b[31mb\x07\x08\x0c\x7f\xc2\x9b"
                                                "c\nd \xc3\xa9"});
  EXPECT_NE(line.find(": a\\x1b[31mb\\x07\\x08\\x0c\\x7f\\u{9b}c\nd \xc3\xa9\n"), std::string::npos) << line;
}

TEST(ReadableFormatTest, WritesValues) {
  struct Case {
    Value value;
    std::string_view want;
  };
  const Case cases[] = {
      {Value::of_int(-7), "-7"},
      {Value::of_uint(~std::uint64_t{0}), "18446744073709551615"},
      {Value::of_bool(true), "true"},
      {Value::of_char('x'), "\"x\""},
      {Value::of_double(1), "1.0"},
      {Value::of_double(0.1), "0.1"},
      {Value::of_double(0.1F, ValueKind::kFloat), "0.1"},
      {Value::of_double(1e-5), "1e-5"},
      {Value::of_double(1e-4), "0.0001"},
      {Value::of_double(-0.0), "-0.0"},
      {Value::of_double(std::nan("")), "NaN"},
      {Value::of_double(-INFINITY), "-inf"},
      {Value::of_text("a \"b\" \\ \n\t\r\x1b\x7f\xc2\x85\xc3\xa9"),
       "\"a \\\"b\\\" \\\\ \\n\\t\\r\\u{1b}\\u{7f}\\u{85}\xc3\xa9\""},
      {Value::of_text(std::string_view("\0", 1)), "\"\\0\""},
      {Value::of_text("A 7", ValueKind::kDisplay), "A 7"},
      {Value::of_text("{\"a\":1}", ValueKind::kJson), "{\"a\":1}"},
  };
  for (const Case& c : cases) EXPECT_EQ(readable_field(c.value), c.want);
}

TEST(JsonlFormatTest, WritesTheGoldenLines) {
  EXPECT_EQ(jsonl(kBootEvent), R"({"time":"2026-03-01T08:15:30.004217Z","level":"INFO","file":"src/boot.rs","line":41,)"
                               R"("target":"shop_api::boot","message":"listening","port":8080,"tls":false})"
                               "\n");
  const SpanView span{.name = "http-request",
                      .fields = "method=POST uri=/pay version=HTTP/1.1",
                      .trace_id = "5c0ffee05c0ffee05c0ffee05c0ffee0",
                      .span_id = "9d3e5a1b7c402f68",
                      .x_request_id = "cart-17"};
  EXPECT_EQ(jsonl(retry_event({&span, 1})),
            R"({"time":"2026-03-01T08:15:31.870002Z","level":"WARN","file":"src/pay.rs","line":112,)"
            R"("target":"shop_api::pay","message":"retrying","attempt":2,"method":"POST","reason":"timeout",)"
            R"("span_id":"9d3e5a1b7c402f68","span_name":"http-request","trace_id":"5c0ffee05c0ffee05c0ffee05c0ffee0",)"
            R"("uri":"/pay","version":"HTTP/1.1","x_request_id":"cart-17"})"
            "\n");
  const Field bridged[] = {{"log.target", Value::of_text("main.load")},
                           {"log.file", Value::of_text("/srv/app/main.py")},
                           {"log.line", Value::of_int(88)}};
  EXPECT_EQ(jsonl({.time_ns = kBoot + 1'995'883'000, .target = "log", .message = "model loaded", .fields = bridged}),
            R"({"time":"2026-03-01T08:15:32.000100Z","level":"INFO","target":"log","message":"model loaded",)"
            R"("log.file":"/srv/app/main.py","log.line":88,"log.target":"main.load"})"
            "\n");
}

TEST(JsonlFormatTest, WritesValuesAndHoistsTextThatIsJson) {
  struct Case {
    Value value;
    std::string_view want;
  };
  const Case cases[] = {
      {Value::of_int(INT64_MIN), "-9223372036854775808"},
      {Value::of_double(std::nan("")), "0"},
      {Value::of_double(INFINITY), "0"},
      {Value::of_double(-INFINITY), "0"},
      {Value::of_double(1), "1.0"},
      {Value::of_double(-2.5), "-2.5"},
      {Value::of_double(1e15), "1000000000000000.0"},
      {Value::of_double(1e16), "1e16"},
      {Value::of_double(1.5e300), "1.5e300"},
      {Value::of_double(1e-5), "0.00001"},
      {Value::of_double(1e-6), "1e-6"},
      {Value::of_double(0.1F, ValueKind::kFloat), "0.1"},
      {Value::of_double(123456.789), "123456.789"},
      {Value::of_double(std::numeric_limits<double>::denorm_min()), "5e-324"},
      {Value::of_char('"'), R"("\"")"},
      {Value::of_text("plain"), R"("plain")"},
      {Value::of_text("123"), "123"},
      {Value::of_text("-1.5e3"), "-1.5e3"},
      {Value::of_text("true"), "true"},
      {Value::of_text("null"), "null"},
      {Value::of_text("{\"a\": 1, \"b\" : [ 1,\n2 ] }"), "{\"a\":1,\"b\":[1,2]}"},
      {Value::of_text(" \"x y\" "), "\"x y\""},
      {Value::of_text("[]"), "[]"},
      {Value::of_text("{}"), "{}"},
      {Value::of_text("\"\\ud83d\\ude00\""), "\"\\ud83d\\ude00\""},
      // Not JSON, so strings:
      {Value::of_text(""), R"("")"},
      {Value::of_text("01"), R"("01")"},
      {Value::of_text("1."), R"("1.")"},
      {Value::of_text("+1"), R"("+1")"},
      {Value::of_text("1e999"), R"("1e999")"},
      {Value::of_text("NaN"), R"("NaN")"},
      {Value::of_text("True"), R"("True")"},
      {Value::of_text("{a:1}"), R"("{a:1}")"},
      {Value::of_text("[1,]"), R"("[1,]")"},
      {Value::of_text("{\"a\":1"), R"("{\"a\":1")"},
      {Value::of_text("1 2"), R"("1 2")"},
      {Value::of_text("\"\\ud83d\""), R"("\"\\ud83d\"")"},
      {Value::of_text("\"a\nb\""), R"("\"a\nb\"")"},
      // Only plain strings are looked into.
      {Value::of_text("123", ValueKind::kDisplay), R"("123")"},
      {Value::of_text("{\"a\": 1}", ValueKind::kJson), R"({"a":1})"},
      {Value::of_text("{oops", ValueKind::kJson), R"("{oops")"},
      {Value::of_text("\x01\x1f\b\f\n\r\t\"\\/\x7f"), "\"\\u0001\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\x7f\""},
      {Value::of_text("\xff\xc3\xa9\xed\xa0\x80"), "\"\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const Case& c : cases) EXPECT_EQ(json_field(c.value), c.want);
}

TEST(JsonlFormatTest, RefusesNestingWithoutEnd) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(json_field(Value::of_text(deep)), "\"" + deep + "\"");
}

TEST(JsonlFormatTest, SortsFieldsAndKeepsTheLastOfEqualKeys) {
  const Field fields[] = {
      {"b", Value::of_int(1)}, {"a", Value::of_int(2)}, {"b", Value::of_int(3)}, {"B", Value::of_int(4)}};
  const std::string line = jsonl({.target = "t", .fields = fields});
  EXPECT_NE(line.find(R"("message":"","B":4,"a":2,"b":3})"), std::string::npos) << line;
}

TEST(JsonlFormatTest, RenamesFieldsNamedLikeFixedKeys) {
  const Field fields[] = {{"level", Value::of_text("mine")}, {"message", Value::of_int(1)}, {"file", Value::of_int(2)}};
  const std::string line = jsonl({.target = "t", .message = "m", .fields = fields});
  EXPECT_NE(line.find(R"("message":"m","fields.file":2,"fields.level":"mine","fields.message":1})"), std::string::npos)
      << line;
}

TEST(JsonlFormatTest, IdsCannotBeForged) {
  const Field fields[] = {{"trace_id", Value::of_text("a")},
                          {"span_id", Value::of_text("b")},
                          {"parent_id", Value::of_text("c")},
                          {"span_name", Value::of_text("d")},
                          {"tracestate", Value::of_text("e")},
                          {"x_request_id", Value::of_text("f")},
                          {"n", Value::of_int(1)}};
  const std::string outside = jsonl({.target = "t", .fields = fields});
  EXPECT_NE(outside.find(R"("message":"","n":1,"x_request_id":"f"})"), std::string::npos) << outside;
  const SpanView span{.name = "s", .fields = "n=2 q=\"two words\" x_request_id=g", .trace_id = "T", .span_id = "S"};
  const std::string inside = jsonl({.target = "t", .fields = fields, .spans = {&span, 1}});
  EXPECT_NE(inside.find(R"("message":"","n":"2","q":"two","span_id":"S","span_name":"s","trace_id":"T"})"),
            std::string::npos)
      << inside;
}

TEST(TimestampTest, WritesMicrosecondsInBothZones) {
  const auto text = [](Zone zone, std::int64_t ns) {
    TimestampWriter time(zone);
    std::string out;
    time.append(out, ns);
    return out;
  };
  EXPECT_EQ(text(Zone::kUtc, 0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(text(Zone::kUtc, -1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(text(Zone::kUtc, kBoot + 999), "2026-03-01T08:15:30.004217Z");

  struct Case {
    const char* zone;  // POSIX: the sign is that of what is added to get UTC
    const char* want;
  };
  for (const auto& [zone, want] :
       {Case{"XYZ-02:00", "2026-03-01T10:15:30.004217+02:00"}, Case{"XYZ+03:30", "2026-03-01T04:45:30.004217-03:30"},
        Case{"UTC0", "2026-03-01T08:15:30.004217+00:00"}}) {
    const char* before = std::getenv("TZ");
    const std::string saved = before == nullptr ? "" : before;
    setenv("TZ", zone, 1);
    EXPECT_EQ(text(Zone::kLocal, kBoot), want);
    if (before == nullptr) {
      unsetenv("TZ");
    } else {
      setenv("TZ", saved.c_str(), 1);
    }
    tzset();
  }
}

TEST(TimestampTest, FollowsTheClockBackwards) {
  TimestampWriter time(Zone::kUtc);
  std::string out;
  time.append(out, 5'000'000'000);
  time.append(out, 4'999'999'000);
  EXPECT_EQ(out, "1970-01-01T00:00:05.000000Z1970-01-01T00:00:04.999999Z");
}

}  // namespace
}  // namespace trilobite::log
