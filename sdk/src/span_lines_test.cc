// The lines that tell of a span, and lines logged inside one, as a program writes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include <sys/wait.h>
#include <unistd.h>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>
#include <trilobite/trace.h>
#include <trilobite/trace_setup.h>

#include "temp_dir.h"

namespace trilobite::trace {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr SpanType kCharge{"shop::pay", "charge"};
constexpr log::Target kBank{"shop::bank"};

std::int64_t clock_ns = 1'000'000'000;
std::int64_t test_clock() { return clock_ns; }

// What a program with this body writes: JSON lines, with span events.
std::vector<std::string> lines_of(const std::function<void()>& body) {
  const log::TempDir dir;
  const std::string path = dir.file("log");
  const pid_t child = fork();
  if (child == 0) {
    log::Config config;
    config.outputs = {
        {.destination = log::Output::Destination::kFile, .path = path, .format = log::LineFormat::kJsonl}};
    if (!log::try_init(config).empty()) _exit(2);
    init(Config{.span_events = true, .clock = test_clock});
    body();
    std::exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  std::vector<std::string> lines;
  const std::string text = dir.read("log");
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

TEST(SpanLines, FirstEntryAndEndAreTold) {
  const auto lines = lines_of([] {
    Span span = kCharge.start_detached(kv("order", "A-7"));
    clock_ns += 30'700'000;
    {
      const Entered entered = span.enter();
      clock_ns += 1'234'567;
    }
    { const Entered again = span.enter(); }
    span.end();
  });
  ASSERT_EQ(lines.size(), 2u);
  for (const std::string& line : lines) {
    EXPECT_THAT(line, HasSubstr(R"("level":"INFO")"));
    EXPECT_THAT(line, HasSubstr(R"("target":"shop::pay")"));
    EXPECT_THAT(line, HasSubstr("span_lines_test.cc"));
  }
  EXPECT_THAT(lines[0], HasSubstr(R"("message":"SPAN_FIRST_ENTRY")"));
  EXPECT_THAT(lines[0], Not(HasSubstr("time.busy_us")));
  EXPECT_THAT(lines[1], HasSubstr(R"("message":"SPAN_CLOSED")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("time.busy_us":1234,"time.duration_us":31934,"time.idle_us":30700)"));
}

TEST(SpanLines, ASpanThatWasNeverEnteredOnlyCloses) {
  const auto lines = lines_of([] { static_cast<void>(kCharge.start_detached()); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("SPAN_CLOSED"));
}

TEST(SpanLines, LinesInsideASpanCarryItsIdsAndFields) {
  const std::string trace = "5c0ffee05c0ffee05c0ffee05c0ffee0", span_id = "9d3e5a1b7c402f68",
                    parent = "00f067aa0ba902b7";
  const auto lines = lines_of([&] {
    const Span outer = kCharge.start(kv("trace_id", trace), kv("parent_id", parent), kv("span_id", span_id),
                                     kv("x_request_id", "cart-17"), kv("outer", 1));
    kBank.info("first");
    const Span inner = kCharge.start(kv("order", "A-7"));
    kBank.info("second", kv("span_id", "forged"));
  });
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_THAT(lines[1], HasSubstr(R"("message":"first","outer":"1","parent_id":"00f067aa0ba902b7","span_id":)"
                                  R"("9d3e5a1b7c402f68","span_name":"charge","trace_id":)"
                                  R"("5c0ffee05c0ffee05c0ffee05c0ffee0","x_request_id":"cart-17"})"));
  EXPECT_THAT(lines[3], HasSubstr(R"("message":"second","order":"A-7","parent_id":"9d3e5a1b7c402f68","span_id":)"));
  EXPECT_THAT(lines[3], HasSubstr(R"("trace_id":"5c0ffee05c0ffee05c0ffee05c0ffee0","x_request_id":"cart-17"})"));
  EXPECT_THAT(lines[3], Not(HasSubstr("forged")));
}

TEST(SpanLines, RejectedSpansAreNotTold) {
  const auto lines = lines_of([] {
    static_cast<void>(log::set_filter("warn"));
    const Span span = kCharge.start();
    kBank.warn("alone");
  });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("alone"));
}

}  // namespace
}  // namespace trilobite::trace
