// Spans: whose children they are, what ids they get, on which thread they are current, what is recorded.
#include <trilobite/trace.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>
#include <trilobite/trace_setup.h>

#include "current_span.h"
#include "recorded_spans.h"
#include "span_views.h"

namespace trilobite::trace {
namespace {

constexpr SpanType kOuter{"shop::web", "http-request"};
constexpr SpanType kInner{"shop::pay", "charge"};
constexpr SpanType kQuiet{"shop::pay", "detail", Level::kTrace};

constexpr std::string_view kTrace = "5c0ffee05c0ffee05c0ffee05c0ffee0";
constexpr std::string_view kSpan = "9d3e5a1b7c402f68";

std::int64_t clock_ns = 0;
std::int64_t test_clock() { return clock_ns; }

class TraceTest : public testing::Test {
 protected:
  ~TraceTest() override { init(Config{}); }
};

TEST_F(TraceTest, ARootHasRandomIdsAndNoParent) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const Span span = kOuter.start();
    const Context context = span.context();
    EXPECT_TRUE(context.trace_id());
    EXPECT_TRUE(context.span_id());
    EXPECT_FALSE(context.data()->parent_id);
    EXPECT_TRUE(seen.insert(context.trace_id().low).second);
    EXPECT_TRUE(seen.insert(context.span_id().value).second);
  }
}

TEST_F(TraceTest, AChildSharesTheTraceOfTheCurrentSpan) {
  EXPECT_EQ(current_span(), nullptr);
  {
    const Span outer = kOuter.start();
    const Context around = outer.context();
    {
      const Span inner = kInner.start();
      EXPECT_EQ(inner.context().trace_id(), around.trace_id());
      EXPECT_EQ(inner.context().data()->parent_id, around.span_id());
      EXPECT_EQ(current_span(), inner.context().data());
    }
    EXPECT_EQ(current_span(), around.data());
  }
  EXPECT_EQ(current_span(), nullptr);
}

TEST_F(TraceTest, AnEmptyParentBeginsANewTrace) {
  const Span outer = kOuter.start();
  const Context none;
  const Span other = kInner.start(Start{.parent = &none});
  EXPECT_NE(other.context().trace_id(), outer.context().trace_id());
  EXPECT_FALSE(other.context().data()->parent_id);
}

TEST_F(TraceTest, SpansMayEndInAnyOrder) {
  Span a = kOuter.start(), b = kInner.start(), c = kInner.start();
  a.end();
  EXPECT_EQ(current_span(), c.context().data());
  c.end();
  EXPECT_EQ(current_span(), b.context().data());
  b.end();
  b.end();
  EXPECT_EQ(current_span(), nullptr);
}

TEST_F(TraceTest, MovedSpansEndOnce) {
  RecordedSpans recorded;
  Span a = kOuter.start();
  Span b = std::move(a);
  a = kInner.start();
  a = std::move(b);  // ends the inner one
  EXPECT_EQ(recorded.size(), 1u);
  a.end();
  EXPECT_EQ(recorded.size(), 2u);
  EXPECT_EQ(current_span(), nullptr);
}

TEST_F(TraceTest, DeepNestingGrowsTheStackAndComesBack) {
  std::vector<Span> spans;
  for (int i = 0; i < 1000; ++i) spans.push_back(kInner.start());
  EXPECT_EQ(current_span(), spans.back().context().data());
  const TraceId trace = spans.front().context().trace_id();
  EXPECT_EQ(spans.back().context().trace_id(), trace);
  while (!spans.empty()) spans.pop_back();
  EXPECT_EQ(current_span(), nullptr);
  EXPECT_EQ(thread_spans.entries, nullptr);
}

TEST_F(TraceTest, AChainOfTasksDoesNotHoldAllOfThem) {
  Context last;
  for (int i = 0; i < 2000; ++i) last = kInner.start_detached(Start{.parent = &last}).context();
  int held = 0;
  for (const SpanData* span = last.data(); span != nullptr; span = span->parent) ++held;
  EXPECT_LE(held, 300);
}

TEST_F(TraceTest, TheContextGoesToAnotherThread) {
  Span outer = kOuter.start(kv("method", "POST"));
  const Context context = Context::current();
  std::thread([&] {
    EXPECT_EQ(current_span(), nullptr);
    const Entered attached = context.attach();
    const Span inner = kInner.start();
    EXPECT_EQ(inner.context().data()->parent_id, outer.context().span_id());
  }).join();
}

TEST_F(TraceTest, ASpanThatEndsElsewhereStaysOnlyWhereItWasEntered) {
  Span span = kOuter.start();
  SpanData* const data = span.context().data();
  std::thread([moved = std::move(span)]() mutable {
    moved.end();
    EXPECT_EQ(current_span(), nullptr);
  }).join();
  EXPECT_EQ(current_span(), data);  // and is still there to be looked at
  std::int64_t entered = 0;
  EXPECT_TRUE(pop_current(data, entered));
}

TEST_F(TraceTest, ADetachedSpanIsCurrentOnlyWhereEntered) {
  Span span = kInner.start_detached();
  EXPECT_EQ(current_span(), nullptr);
  {
    const Entered here = span.enter();
    EXPECT_EQ(current_span(), span.context().data());
    std::thread([&] {
      const Entered there = span.enter();
      EXPECT_EQ(current_span(), span.context().data());
    }).join();
  }
  EXPECT_EQ(current_span(), nullptr);
}

TEST_F(TraceTest, BusyTimeIsTheTimeInside) {
  init(Config{.clock = test_clock});
  RecordedSpans recorded;
  clock_ns = 1'000;
  Span span = kInner.start_detached();
  clock_ns = 1'500;
  Entered first = span.enter();
  clock_ns = 1'700;
  first.leave();
  clock_ns = 2'000;
  {
    const Entered second = span.enter();
    clock_ns = 2'050;
  }
  clock_ns = 3'000;
  span.end();
  ASSERT_EQ(recorded.size(), 1u);
  EXPECT_EQ(recorded[0].start_ns, 1'000);
  EXPECT_EQ(recorded[0].end_ns.load(), 3'000);
  EXPECT_EQ(recorded[0].busy_ns.load(), 250);
}

TEST_F(TraceTest, ASuspendedSpanIsNotCurrentUntilItIsResumed) {
  init(Config{.clock = test_clock});
  RecordedSpans recorded;
  clock_ns = 100;
  Span span = kInner.start();
  clock_ns = 200;
  span.suspend();
  span.suspend();
  EXPECT_EQ(current_span(), nullptr);
  clock_ns = 500;
  std::thread([&] {
    span.resume();
    span.resume();
    EXPECT_NE(current_span(), nullptr);
    clock_ns = 600;
    span.end();
    EXPECT_EQ(current_span(), nullptr);
  }).join();
  ASSERT_EQ(recorded.size(), 1u);
  EXPECT_EQ(recorded[0].busy_ns.load(), 200);
}

TEST_F(TraceTest, StartAndEndMayBeGiven) {
  init(Config{.clock = test_clock});
  RecordedSpans recorded;
  clock_ns = 5'000;
  kInner.start(Start{.time_ns = 4'000}).end(4'500);
  kInner.start(Start{.time_ns = 4'000}).end(3'000);  // not before it began
  EXPECT_EQ(recorded[0].start_ns, 4'000);
  EXPECT_EQ(recorded[0].end_ns.load(), 4'500);
  EXPECT_EQ(recorded[1].end_ns.load(), 4'000);
}

TEST_F(TraceTest, AttributesKeepTheirTypesAndOrder) {
  RecordedSpans recorded;
  {
    Span span = kInner.start(kv("order", "A-7"), kv("amount", 12.5), kv("n", -3));
    span.set(kv("ok", true), kv("n", 4u), kv("shown", log::display("as it is")));
  }
  EXPECT_EQ(text_of(recorded[0].attributes), R"(order="A-7" amount=12.5 n=-3 ok=true n=4 shown=as it is)");
}

TEST_F(TraceTest, LongAttributesFindRoomAndTooManyAreCounted) {
  init(Config{.limits = {.attributes_max = 10}});
  RecordedSpans recorded;
  const std::string large(5'000, 'x');
  {
    Span span = kInner.start(kv("large", large));
    for (int i = 0; i < 20; ++i) span.set(kv("key", i));
  }
  EXPECT_EQ(recorded[0].attribute_count, 10u);
  EXPECT_EQ(recorded[0].dropped_attributes, 11u);
  EXPECT_EQ(text_of(recorded[0].attributes).substr(0, 5'011), "large=\"" + large + "\" ke");
  {
    Span span = kInner.start();
    for (int i = 0; i < 9; ++i) span.set(kv("huge", std::string(20'000, 'y')));
  }
  EXPECT_EQ(recorded[1].attribute_count, 3u);  // 64 KiB
  EXPECT_EQ(recorded[1].dropped_attributes, 6u);
}

TEST_F(TraceTest, TextsAreCutBetweenLetters) {
  init(Config{.limits = {.attribute_bytes_max = 5}});
  RecordedSpans recorded;
  static_cast<void>(kInner.start(kv("a", "1234567"), kv("b", "123\u00e9\u00e9"), kv("c", "1234\u00e9"),
                                 kv("d", "12\u20ac\u20ac"), kv("e", 1234567)));
  EXPECT_EQ(text_of(recorded[0].attributes), "a=\"12345\" b=\"123\u00e9\" c=\"1234\" d=\"12\u20ac\" e=1234567");
}

TEST_F(TraceTest, EventsLinksStatusAndNames) {
  init(Config{.limits = {.events_max = 2, .links_max = 1}, .clock = test_clock});
  RecordedSpans recorded;
  const Span other = kOuter.start();
  {
    Span span = kInner.start(Start{.kind = Kind::kClient});
    EXPECT_TRUE(span.recording());
    clock_ns = 77;
    span.event("cache miss", kv("key", "k1"));
    span.event("b");
    span.event("c");
    span.link(other.context(), kv("why", "batch"));
    span.link(other.context());
    span.link(Context());
    span.status(Status::kError, "no funds");
    span.status(Status::kUnset);
    span.rename("charge card");
  }
  SpanData& span = recorded[0];
  EXPECT_EQ(span.kind, Kind::kClient);
  ASSERT_EQ(span.extras->events.size(), 2u);
  EXPECT_EQ(span.extras->events[0].name, "cache miss");
  EXPECT_EQ(span.extras->events[0].time_ns, 77);
  EXPECT_EQ(text_of(*span.extras->events[0].fields), "key=\"k1\"");
  EXPECT_EQ(span.extras->dropped_events, 1u);
  ASSERT_EQ(span.extras->links.size(), 1u);
  EXPECT_EQ(span.extras->links[0].span_id, other.context().span_id());
  EXPECT_EQ(span.extras->dropped_links, 1u);
  EXPECT_EQ(span.status, Status::kError);
  EXPECT_EQ(span.extras->status_description, "no funds");
  EXPECT_EQ(span.extras->new_name, "charge card");
}

TEST_F(TraceTest, OkIsFinal) {
  RecordedSpans recorded;
  {
    Span span = kInner.start();
    span.status(Status::kError, "first");
    span.status(Status::kOk, "not kept");
    span.status(Status::kError, "late");
  }
  EXPECT_EQ(recorded[0].status, Status::kOk);
  EXPECT_EQ(recorded[0].extras->status_description, "");
}

TEST_F(TraceTest, AnExceptionIsAnEventAndAnError) {
  RecordedSpans recorded;
  {
    Span span = kInner.start();
    span.exception(std::out_of_range("no such order"));
    span.exception("Timeout", "after 3 s", "at pay()");
  }
  const auto& events = recorded[0].extras->events;
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].name, "exception");
  EXPECT_EQ(text_of(*events[0].fields), "exception.type=std::out_of_range exception.message=no such order");
  EXPECT_EQ(text_of(*events[1].fields),
            "exception.type=Timeout exception.message=after 3 s exception.stacktrace=at pay()");
  EXPECT_EQ(recorded[0].status, Status::kError);
  EXPECT_EQ(recorded[0].extras->status_description, "no such order");
}

TEST_F(TraceTest, FieldsMayNameTheParent) {
  const Span span = kOuter.start(kv("trace_id", kTrace), kv("parent_id", kSpan), kv("x_request_id", "cart-17"),
                                 kv("tracestate", "a=1"));
  const Context context = span.context();
  EXPECT_EQ(to_hex(context.trace_id()), kTrace);
  EXPECT_EQ(to_hex(context.data()->parent_id), kSpan);
  EXPECT_EQ(context.x_request_id(), "cart-17");
  EXPECT_EQ(context.tracestate(), "a=1");
  const Span child = kInner.start();
  EXPECT_EQ(child.context().x_request_id(), "cart-17");
  EXPECT_EQ(child.context().tracestate(), "a=1");
}

TEST_F(TraceTest, ACurrentSpanGoesBeforeATraceIdButNotBeforeAParentId) {
  const Span outer = kOuter.start();
  const Span inherits = kInner.start_detached(kv("trace_id", kTrace), kv("span_id", kSpan));
  EXPECT_EQ(inherits.context().trace_id(), outer.context().trace_id());
  EXPECT_EQ(to_hex(inherits.context().span_id()), kSpan);
  const Span named = kInner.start_detached(kv("trace_id", kTrace), kv("parent_id", kSpan));
  EXPECT_EQ(to_hex(named.context().trace_id()), kTrace);
}

TEST_F(TraceTest, MalformedAndIncompleteIdsAreDropped) {
  for (const std::string_view bad :
       {"5C0FFEE05C0FFEE05C0FFEE05C0FFEE0", "00000000000000000000000000000000", "5c0f", ""}) {
    const Span span = kOuter.start(kv("trace_id", bad), kv("parent_id", kSpan));
    EXPECT_NE(to_hex(span.context().trace_id()), bad);
    EXPECT_TRUE(span.context().trace_id());
    EXPECT_FALSE(span.context().data()->parent_id);
  }
  const Span alone = kOuter.start(kv("span_id", kSpan));
  EXPECT_NE(to_hex(alone.context().span_id()), kSpan);
}

TEST_F(TraceTest, WhatTheFilterRejectsDoesNotExist) {
  ASSERT_EQ(log::set_filter("info"), "");
  const Span outer = kOuter.start();
  Span quiet = kQuiet.start(kv("a", 1));
  EXPECT_FALSE(quiet);
  quiet.set(kv("b", 2));
  quiet.event("nothing");
  EXPECT_EQ(current_span(), outer.context().data());
  ASSERT_EQ(log::set_filter("info,shop::pay=trace"), "");
  EXPECT_TRUE(kQuiet.start());
  ASSERT_EQ(log::set_filter("error"), "");
  EXPECT_FALSE(kOuter.start());
  ASSERT_EQ(log::set_filter("info"), "");
}

TEST_F(TraceTest, ARejectedSpanLeavesItsWorkInTheTraceItWasToldToBeIn) {
  ASSERT_EQ(log::set_filter("info"), "");
  const Context parent = kOuter.start_detached().context();
  {
    const Span quiet = kQuiet.start(Start{.parent = &parent});
    EXPECT_FALSE(quiet);
    EXPECT_EQ(current_span(), parent.data());
    EXPECT_EQ(kInner.start().context().trace_id(), parent.trace_id());
  }
  EXPECT_EQ(current_span(), nullptr);
}

TEST_F(TraceTest, DirectivesMayAskForSpansAndTheirFields) {
  constexpr log::Target kTarget{"shop::pay"};
  ASSERT_EQ(log::set_filter("info,[detail]=debug,[{id=\"7.*\"}]=trace"), "");
  EXPECT_FALSE(kTarget.enabled(Level::kDebug));
  {
    const Span detail = kQuiet.start();
    EXPECT_TRUE(detail);
    EXPECT_TRUE(kTarget.enabled(Level::kDebug));
    EXPECT_FALSE(kTarget.enabled(Level::kTrace));
    const Span seven = kInner.start(kv("id", 71));
    EXPECT_TRUE(kTarget.enabled(Level::kTrace));
  }
  {
    const Span eight = kInner.start(kv("id", 87));
    EXPECT_FALSE(kTarget.enabled(Level::kDebug));
  }
  EXPECT_NE(log::set_filter("[{id=\"(\"}]=trace"), "");
  ASSERT_EQ(log::set_filter("info"), "");
}

TEST_F(TraceTest, WithoutIdsSpansAreOnlyNamesAndFields) {
  init(Config{.ids = false});
  const Span span = kOuter.start(kv("method", "GET"));
  EXPECT_TRUE(span);
  EXPECT_FALSE(span.context().span_id());
  SpanViews views;
  const auto shown = views.of(current_span(), current_span()->attributes.size());
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0].name, "http-request");
  EXPECT_EQ(shown[0].fields, "method=\"GET\"");
  EXPECT_EQ(shown[0].trace_id, "");
}

TEST_F(TraceTest, ViewsAreOutermostFirstAndShowWhatWasSetByThen) {
  Span outer = kOuter.start(kv("method", "GET"));
  Span inner = kInner.start(Start{.name = "charge card"}, kv("order", "A-7"));
  const Entered with_baggage = Context::current().with_baggage("k=v").attach();
  const std::uint32_t bytes = inner.context().data()->attributes.size();
  inner.set(kv("late", 1));
  SpanViews views;
  const auto shown = views.of(inner.context().data(), bytes);
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[0].name, "http-request");
  EXPECT_EQ(shown[1].name, "charge card");
  EXPECT_EQ(shown[1].fields, "order=\"A-7\"");
  EXPECT_EQ(shown[1].parent_id, shown[0].span_id);
  EXPECT_EQ(shown[1].trace_id, to_hex(outer.context().trace_id()));
  const auto through_baggage = views.of(current_span(), 0);
  ASSERT_EQ(through_baggage.size(), 2u);
  EXPECT_EQ(through_baggage[1].fields, "order=\"A-7\" late=1");
}

TEST_F(TraceTest, BaggageGoesToChildren) {
  const Span outer = kOuter.start();
  const Context with = outer.context().with_baggage(" user=anna;p=1 , bad, key=v%20w ");
  EXPECT_EQ(with.baggage(), "user=anna;p=1,key=v%20w");
  EXPECT_EQ(with.span_id(), outer.context().span_id());
  const Entered attached = with.attach();
  const Span inner = kInner.start();
  EXPECT_EQ(inner.context().baggage(), "user=anna;p=1,key=v%20w");
  EXPECT_EQ(inner.context().data()->parent_id, outer.context().span_id());
}

TEST_F(TraceTest, SamplingDecidesAboutExportNotAboutIds) {
  RecordedSpans recorded;
  init(Config{.sampler = {.root = Sampler::Root::kAlwaysOff}});
  {
    const Span root = kOuter.start();
    EXPECT_TRUE(root.context().span_id());
    EXPECT_FALSE(root.context().sampled());
    EXPECT_FALSE(root.recording());
    init(Config{});
    EXPECT_FALSE(kInner.start().context().sampled()) << "a child follows its parent";
    init(Config{.sampler = {.parent_based = false}});
    EXPECT_TRUE(kInner.start().context().sampled()) << "unless the sampler does not look at parents";
  }
  EXPECT_EQ(recorded.size(), 1u);
}

TEST_F(TraceTest, ARatioTakesItsShareByTraceId) {
  init(Config{.sampler = {.root = Sampler::Root::kRatio, .ratio = 0.25}});
  int sampled = 0;
  for (int i = 0; i < 4000; ++i) {
    const Span root = kOuter.start();
    sampled += root.context().sampled() ? 1 : 0;
    EXPECT_EQ(kInner.start().context().sampled(), root.context().sampled());
    EXPECT_EQ(root.context().sampled(), (root.context().trace_id().low >> 1) < (std::uint64_t{1} << 61));
  }
  EXPECT_NEAR(sampled, 1000, 200);
  init(Config{.sampler = {.root = Sampler::Root::kRatio, .ratio = 0}});
  EXPECT_FALSE(kOuter.start().context().sampled());
  init(Config{.sampler = {.root = Sampler::Root::kRatio, .ratio = 1}});
  EXPECT_TRUE(kOuter.start().context().sampled());
}

TEST_F(TraceTest, NamedTypesAreMadeOnce) {
  const SpanType& a = SpanType::named("py::app", "handle");
  EXPECT_EQ(&a, &SpanType::named("py::app", "handle"));
  EXPECT_NE(&a, &SpanType::named("py::app", "other"));
  EXPECT_EQ(a.file(), nullptr);
  EXPECT_EQ(a.name(), "handle");
  EXPECT_TRUE(a.start());
}

TEST_F(TraceTest, AForkedChildDrawsOtherIds) {
  static_cast<void>(kOuter.start());
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const TraceId id = kOuter.start().context().trace_id();
    const bool written = write(ends[1], &id, sizeof id) == sizeof id;
    _exit(written ? 0 : 1);
  }
  const TraceId here = kOuter.start().context().trace_id();
  TraceId there;
  ASSERT_EQ(read(ends[0], &there, sizeof there), static_cast<ssize_t>(sizeof there));
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[0]);
  close(ends[1]);
  EXPECT_NE(here, there);
}

TEST_F(TraceTest, ManyThreadsShareASpan) {
  init(Config{.limits = {.attributes_max = 100'000, .events_max = 100'000}});
  RecordedSpans recorded;
  {
    Span span = kOuter.start();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, context = span.context()] {
        const Entered attached = context.attach();
        SpanViews views;
        for (int i = 0; i < 200; ++i) {
          span.set(kv("i", i));
          span.event("e", kv("i", i));
          const Span child = kInner.start(kv("t", i), kv("text", "some text"));
          EXPECT_EQ(views.of(current_span(), current_span()->attributes.size()).size(), 2u);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(recorded.size(), 801u);
  EXPECT_EQ(recorded[800].attribute_count, 800u);
  EXPECT_EQ(recorded[800].extras->events.size(), 800u);
}

}  // namespace
}  // namespace trilobite::trace
