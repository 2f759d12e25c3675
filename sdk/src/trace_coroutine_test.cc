// A coroutine that moves between threads takes its span along and leaves none behind.
#include <trilobite/trace_coroutine.h>

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "current_span.h"

namespace trilobite::trace {
namespace {

constexpr SpanType kWork{"shop::pay", "work"};

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// Suspends, and lets whoever holds `wake` go on.
struct Sleep {
  std::coroutine_handle<>& wake;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { wake = handle; }
  int await_resume() const { return 7; }
};

struct Ready {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  int await_resume() const { return 8; }
};

TEST(TraceCoroutine, TheSpanIsCurrentWhereTheCoroutineRuns) {
  std::coroutine_handle<> wake;
  bool finished = false;
  const auto run = [&]() -> Task {
    Span span = kWork.start();
    const SpanData* const data = span.context().data();
    EXPECT_EQ(co_await outside(span, Sleep{wake}), 7);
    EXPECT_EQ(current_span(), data);
    EXPECT_EQ(co_await outside(span, Ready{}), 8);
    EXPECT_EQ(current_span(), data);
    EXPECT_EQ(co_await outside(span, Sleep{wake}), 7);
    EXPECT_EQ(current_span(), data);
    finished = true;
  };
  run();
  EXPECT_EQ(current_span(), nullptr);
  const Span mine = kWork.start();
  std::thread([&] {
    wake.resume();
    EXPECT_EQ(current_span(), nullptr);
  }).join();
  std::thread([&] {
    wake.resume();
    EXPECT_EQ(current_span(), nullptr);
  }).join();
  EXPECT_TRUE(finished);
  EXPECT_EQ(current_span(), mine.context().data());
}

}  // namespace
}  // namespace trilobite::trace
