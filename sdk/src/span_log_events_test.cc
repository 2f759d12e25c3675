// Proves: which lines become events of which span, what the events hold to the byte, and their limits.
#include "span_log_events.h"

#include <gtest/gtest.h>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>
#include <trilobite/trace_headers.h>

#include "logger.h"
#include "otlp_spans.h"
#include "protobuf_reader.h"
#include "recorded_spans.h"

namespace trilobite::trace {
namespace {

using log::Level;

constexpr SpanType kOuter{"shop::web", "http-request"};
constexpr SpanType kCharge{"shop::pay", "charge"};

std::int64_t clock_ns = 0;
std::int64_t test_clock() { return clock_ns; }

class SpanLogEvents : public testing::Test {
 protected:
  SpanLogEvents() {
    clock_ns = 1'000;
    init(Config{.clock = test_clock});
    log::Config config;
    config.outputs.clear();
    config.writer = log::Writer::kCaller;
    config.clock = test_clock;
    logger_ = std::move(*log::Logger::start(config));
  }
  ~SpanLogEvents() override { init(Config{}); }

  void line(Level level, std::string_view message, std::initializer_list<log::Field> fields = {},
            std::string_view target = "shop::bank") {
    const log::detail::Statement statement{target, message, "pay.cc", 12, level};
    logger_->submit({.statement = statement, .values = {}, .fields = {fields.begin(), fields.size()}});
  }

  // `message: attributes` of each event as it is exported, and how many were dropped.
  static std::vector<std::string> events_of(SpanData& span) {
    std::vector<std::string> out;
    if (span.extras == nullptr) return out;
    const EventsInOrder ordered = events_in_order(*span.extras);
    for (const SpanEvent* event : ordered.events) {
      out.push_back(event->name + ": " + (event->fields == nullptr ? "" : text_of(*event->fields)));
    }
    if (ordered.dropped != 0) out.push_back(std::to_string(ordered.dropped) + " dropped");
    return out;
  }
  using Events = std::vector<std::string>;

  RecordedSpans spans_;
  std::unique_ptr<log::Logger> logger_;
};

// The messages numbered `path` within one another, the last of them.
std::string_view inner(std::string_view message, std::initializer_list<std::uint32_t> path) {
  for (const std::uint32_t number : path) {
    ProtobufReader reader(message);
    std::string_view found;
    while (const auto field = reader.next()) {
      if (field->number == number) found = field->bytes;
    }
    message = found;
  }
  return message;
}

TEST_F(SpanLogEvents, ALineAsItIsExported) {
  {
    const Span span = kCharge.start();
    clock_ns = 5'000;
    line(Level::kWarn, "retrying", {kv("attempt", 2), kv("reason", "timeout")});
  }
  ASSERT_EQ(spans_.size(), 1u);
  SpanData* const batch[] = {&spans_[0]};
  const std::string request = encode_spans(batch, "", "shop", 0);
  constexpr char kEvent[] =
      "\x09\x88\x13\0\0\0\0\0\0"  // time_unix_nano: 5000
      "\x12\x08retrying"          // name
      "\x1a\x0f\x0a\x05level\x12\x06\x0a\x04WARN"
      "\x1a\x16\x0a\x06target\x12\x0c\x0a\x0ashop::bank"
      "\x1a\x0d\x0a\x07"
      "attempt\x12\x02\x18\x02"
      "\x1a\x13\x0a\x06reason\x12\x09\x0a\x07timeout"
      "\x1a\x1a\x0a\x0e"
      "code.file.path\x12\x08\x0a\x06pay.cc"
      "\x1a\x16\x0a\x10"
      "code.line.number\x12\x02\x18\x0c";
  EXPECT_EQ(inner(request, {1, 2, 2, 11}), std::string_view(kEvent, sizeof kEvent - 1));
}

TEST_F(SpanLogEvents, BelongToTheNearestRecordedSpan) {
  line(Level::kInfo, "outside");
  {
    const Span outer = kOuter.start();
    {
      const Span inner = kCharge.start();
      line(Level::kInfo, "inside");
      const Entered entered = Context::current().with_baggage("k=v").attach();
      line(Level::kInfo, "with baggage");
      const Context remote = extract(std::vector<std::pair<std::string, std::string>>{
          {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
      const Entered elsewhere = remote.attach();
      line(Level::kInfo, "of another trace");
    }
    line(Level::kInfo, "around");
  }
  ASSERT_EQ(spans_.size(), 2u);
  const std::string place = " target=\"shop::bank\" code.file.path=\"pay.cc\" code.line.number=12";
  EXPECT_EQ(events_of(spans_[0]), (Events{"inside: level=\"INFO\"" + place, "with baggage: level=\"INFO\"" + place}));
  EXPECT_EQ(events_of(spans_[1]), (Events{"around: level=\"INFO\"" + place}));
}

TEST_F(SpanLogEvents, SpansThatAreNotSampledKeepNone) {
  init(Config{.sampler = {.root = Sampler::Root::kAlwaysOff}, .clock = test_clock});
  const Span span = kCharge.start();
  line(Level::kError, "lost");
  EXPECT_EQ(span.context().data()->extras, nullptr);
  EXPECT_EQ(span.context().data()->status, Status::kUnset);
}

TEST_F(SpanLogEvents, AreBoundedTogetherWithOtherEvents) {
  init(Config{.limits = {.events_max = 3}, .clock = test_clock});
  {
    Span span = kCharge.start();
    for (int i = 0; i < 2; ++i) {
      clock_ns += 1'000;
      line(Level::kInfo, i == 0 ? "a" : "b");
      clock_ns += 1'000;
      span.event("e");
    }
    line(Level::kInfo, "c");
    line(Level::kInfo, "d");
  }
  const std::string attributes = "level=\"INFO\" target=\"shop::bank\" code.file.path=\"pay.cc\" code.line.number=12";
  EXPECT_EQ(events_of(spans_[0]), (Events{"a: " + attributes, "e: ", "b: " + attributes, "3 dropped"}));
}

TEST_F(SpanLogEvents, AreBoundedInBytes) {
  const std::string large(60'000, 'x');
  {
    const Span span = kCharge.start();
    for (int i = 0; i < 20; ++i) line(Level::kInfo, "much", {kv("text", large)});
  }
  const Events events = events_of(spans_[0]);
  EXPECT_EQ(events.size(), 6u);
  EXPECT_EQ(events.back(), "15 dropped");
}

TEST_F(SpanLogEvents, AnErrorIsTheStatusOfASpanThatHasNone) {
  {
    const Span span = kCharge.start();
    line(Level::kError, "declined");
  }
  EXPECT_EQ(spans_[0].status, Status::kError);
  {
    Span span = kCharge.start();
    span.status(Status::kOk);
    line(Level::kError, "declined");
  }
  EXPECT_EQ(spans_[1].status, Status::kOk);
  {
    const Span span = kCharge.start();
    line(Level::kInfo, "", {kv("error", "no funds")});
    line(Level::kInfo, "");
  }
  EXPECT_EQ(spans_[2].status, Status::kError);
  EXPECT_EQ(spans_[2].extras->status_description, "no funds");
  EXPECT_EQ(events_of(spans_[2]),
            (Events{"exception: level=\"INFO\" target=\"shop::bank\" exception.message=\"no funds\" "
                    "code.file.path=\"pay.cc\" code.line.number=12",
                    "event pay.cc:12: level=\"INFO\" target=\"shop::bank\" code.file.path=\"pay.cc\" "
                    "code.line.number=12"}));
}

TEST_F(SpanLogEvents, BridgedLinesSayWhereTheyComeFrom) {
  {
    const Span span = kCharge.start();
    line(Level::kInfo, "model loaded",
         {kv("log.file", "/srv/main.py"), kv("log.line", 88), kv("log.target", "main.load"), kv("n", 1)}, "log");
  }
  EXPECT_EQ(events_of(spans_[0]), (Events{"model loaded: level=\"INFO\" target=\"main.load\" n=1 "
                                          "code.file.path=\"/srv/main.py\" code.line.number=88"}));
}

TEST_F(SpanLogEvents, LinesThatTellOfTheSpanItselfAreNone) {
  static constexpr log::Target kBank{"shop::bank"};
  init(Config{.span_events = true});
  {
    const Span span = kCharge.start();
    kBank.info("inside");
  }
  log::flush();
  ASSERT_EQ(spans_[0].extras->lines.size(), 1u);
  EXPECT_EQ(spans_[0].extras->lines[0].name, "inside");
}

}  // namespace
}  // namespace trilobite::trace
