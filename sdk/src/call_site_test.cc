// A line written with what its call site remembers is the line written without it.
#include "call_site.h"

#include <array>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "line_format.h"
#include "span_pieces.h"

namespace trilobite::log {
namespace {

detail::RecordHead head_of(std::string_view format, std::string_view target, Level level = Level::kInfo) {
  return {.ticks = 0,
          .format = format.data(),
          .file = "a \"b\".cc",
          .target = target.data(),
          .span = nullptr,
          .span_attribute_bytes = 0,
          .format_size = static_cast<std::uint32_t>(format.size()),
          .target_size = static_cast<std::uint32_t>(target.size()),
          .line = 7,
          .value_count = 0,
          .field_count = 0,
          .level = level};
}

TEST(CallSiteTest, LinesAreTheSameWithAndWithoutIt) {
  const std::string long_text(5'000, 'x');
  const std::vector<std::string> texts{"",    "plain",   "with \"quotes\"", "ctrl\x01\n",        "caf\xc3\xa9", "\xff",
                                       "123", "true",    "truth",           "{\"a\": 1}",        "{no",         "nul",
                                       "-",   long_text, "exactly8",        "sixteen bytes ok\\"};
  const std::vector<std::string> keys{"b", "a", "time", "message", "trace_id", "span_name", "z\"", "a", "x_request_id"};
  const std::array<double, 6> doubles{
      0.5, -0.0, 1e300, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 3.0};
  std::mt19937 random(3);
  const auto pick = [&](const auto& list) -> const auto& { return list[random() % list.size()]; };
  const auto any_value = [&]() -> Value {
    switch (random() % 9) {
      case 0:
        return Value::of_int(std::numeric_limits<std::int64_t>::min() + static_cast<std::int64_t>(random() % 2));
      case 1:
        return Value::of_uint(std::numeric_limits<std::uint64_t>::max() - random() % 2);
      case 2:
        return Value::of_double(pick(doubles));
      case 3:
        return Value::of_double(static_cast<float>(pick(doubles)), ValueKind::kFloat);
      case 4:
        return Value::of_bool(random() % 2 == 0);
      case 5:
        return Value::of_char(static_cast<char>(random() % 256));
      case 6:
        return Value::of_pointer(nullptr);
      case 7:
        return Value::of_text(pick(texts), random() % 2 == 0 ? ValueKind::kDisplay : ValueKind::kJson);
      default:
        return Value::of_text(pick(texts));
    }
  };
  CallSites sites("program");
  const std::array<detail::RecordHead, 3> heads{head_of("a \"{}\" \n b", "shop::pay"), head_of("x", ""),
                                                head_of("y", "t", Level::kError)};
  TimestampWriter time(Zone::kUtc);
  SpanPieces pieces;
  const std::array<SpanView, 4> spans{
      SpanView{.name = "outer", .fields = "a=9", .trace_id = "T", .span_id = "S", .version = 1},
      SpanView{.name = "charge \"x\"", .fields = "b=1 time=2 order=\"A 7\"", .trace_id = "T", .span_id = "S2",
               .x_request_id = "cart", .version = 2},
      SpanView{.name = "unknown", .fields = "zz=1 a=\xff"},
      SpanView{.name = "last", .fields = "zz=1 zz=2 trace_id=forged", .span_id = "S3", .parent_id = "S2",
               .tracestate = "v=1", .version = 2 + 16}};
  for (int round = 0; round < 20'000; ++round) {
    const detail::RecordHead& head = pick(heads);
    CallSite& site = sites.of(head);
    std::vector<Field> fields;
    for (std::size_t i = random() % 4; i > 0; --i) fields.push_back({pick(keys), any_value()});
    std::vector<SpanView> around;
    for (std::size_t i = random() % 3; i > 0; --i) around.push_back(pick(spans));
    const std::vector<Value> arguments{any_value()};
    std::string message = pick(texts);
    const bool in_pieces = site.simple() && random() % 2 == 0;
    if (in_pieces) {
      message.clear();
      append_message(message, site, arguments);
    }
    Event event{.time_ns = static_cast<std::int64_t>(random()) * 1'000'003,
                .level = head.level,
                .target = site.target(),
                .file = head.file,
                .line = head.line,
                .message = message,
                .fields = fields,
                .spans = around};
    std::string general, remembered;
    append_jsonl_line(general, event, time);
    event.site = &site;
    if (in_pieces) {
      event.message = {};
      event.message_in_pieces = true;
      event.arguments = arguments;
    }
    append_jsonl_line(remembered, event, time, pieces);
    ASSERT_EQ(remembered, general);
  }
}

TEST(CallSiteTest, SplitsFormats) {
  CallSites sites("program");
  const CallSite& plain = sites.of(head_of("a {} b{{}} {}", "t"));
  EXPECT_TRUE(plain.simple());
  ASSERT_EQ(plain.pieces().size(), 2u);
  EXPECT_EQ(plain.pieces()[0].text, "a ");
  EXPECT_EQ(plain.pieces()[1].text, " b{} ");
  EXPECT_EQ(plain.pieces()[1].argument, 1u);
  EXPECT_FALSE(sites.of(head_of("{:>5}", "t")).simple());
  EXPECT_FALSE(sites.of(head_of("{0}", "t")).simple());
  EXPECT_EQ(sites.of(head_of("", "")).target(), "program");
}

}  // namespace
}  // namespace trilobite::log
