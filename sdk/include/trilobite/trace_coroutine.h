// Spans in coroutines. A span that start() made current belongs to a thread; a coroutine that sleeps gives its thread
// away and may wake up on another one. So it leaves its span while it sleeps:
//
//   trace::Span span = kCharge.start(kv("order", id));
//   auto answer = co_await trace::outside(span, bank.charge(id));   // not current meanwhile
//   log::info("charged");                                           // current again, on whatever thread this is
//
// What is awaited begins outside of the span too: to make it part of it, hand it span.context() and let it attach.
#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include <trilobite/trace.h>

namespace trilobite::trace {

namespace detail {

template <class T>
decltype(auto) awaiter_of(T&& awaitable) {
  if constexpr (requires { std::forward<T>(awaitable).operator co_await(); }) {
    return std::forward<T>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<T>(awaitable)); }) {
    return operator co_await(std::forward<T>(awaitable));
  } else {
    return std::forward<T>(awaitable);
  }
}

template <class Awaiter>
class OutsideAwaiter {
 public:
  OutsideAwaiter(Span& span, Awaiter&& awaiter) : span_(span), awaiter_(std::forward<Awaiter>(awaiter)) {}

  bool await_ready() { return awaiter_.await_ready(); }

  // Leaves before the inner awaiter may hand the coroutine to another thread: from then on this object may be gone.
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> handle) {
    span_.suspend();
    return awaiter_.await_suspend(handle);
  }

  decltype(auto) await_resume() {
    span_.resume();
    return awaiter_.await_resume();
  }

 private:
  Span& span_;
  Awaiter awaiter_;
};

}  // namespace detail

// Awaits what is given, outside of span. The span must outlive the expression, as a local variable of the coroutine
// does.
template <class Awaitable>
auto outside(Span& span, Awaitable&& awaitable) {
  using Awaiter = decltype(detail::awaiter_of(std::forward<Awaitable>(awaitable)));
  return detail::OutsideAwaiter<Awaiter>(span, detail::awaiter_of(std::forward<Awaitable>(awaitable)));
}

}  // namespace trilobite::trace
