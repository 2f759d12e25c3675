// Errors as values. A function that may fail for reasons outside the program returns Result<T>; an exception or a
// failed CHECK is a bug. The message says what was being done, the value, and the limit or cause, outermost first:
// "cannot open part 2026-01-15/0042: footer checksum 9f31 differs from 77aa".
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace trilobite {

// What a caller can do about an error; each API maps a code to the status its clients expect.
enum class Code : std::uint8_t {
  kInvalid,      // the input is wrong; repeating it will not help (HTTP 400)
  kNotFound,     // (404)
  kExists,       // already there, or locked by another process (409)
  kLimit,        // a configured limit is exceeded by this request (400 for queries, 413 for bodies)
  kOverload,     // too much at once; retry later (429)
  kUnavailable,  // not ready, shutting down (503)
  kNoSpace,      // the disk is full or over its budget; retry later (507)
  kCancelled,    // the client went away (499)
  kTimeout,      // the request's time is up (504)
  kCorrupt,      // stored data does not pass its checks (500)
  kIo,           // the operating system refused (500)
  kUnsupported,  // well formed, but this version cannot do it (400)
  kInternal,     // anything else (500)
};

std::string_view code_name(Code code);

struct [[nodiscard]] Error {
  Code code = Code::kInternal;
  std::string message;

  // Puts what the caller was doing in front: error.within("cannot open part {}", name).
  template <class... Args>
  Error within(fmt::format_string<Args...> format, Args&&... args) && {
    message = fmt::format(format, std::forward<Args>(args)...) + ": " + message;
    return std::move(*this);
  }
};

template <class... Args>
Error error(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return Error{code, fmt::format(format, std::forward<Args>(args)...)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& value() & { CHECK(ok()); return std::get<0>(state_); }
  const T& value() const& { CHECK(ok()); return std::get<0>(state_); }
  T&& value() && { CHECK(ok()); return std::get<0>(std::move(state_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  // REQUIRES: !ok().
  const Error& error() const& { CHECK(!ok()); return std::get<1>(state_); }
  Error&& error() && { CHECK(!ok()); return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  void value() const { CHECK(ok()); }
  const Error& error() const& { CHECK(!ok()); return *error_; }
  Error&& error() && { CHECK(!ok()); return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace trilobite

// TRY(name, expression): declares `name` with the value, or returns the error to the caller.
#define TRILOBITE_CONCAT_(a, b) a##b
#define TRILOBITE_CONCAT(a, b) TRILOBITE_CONCAT_(a, b)
#define TRY(name, expression) TRILOBITE_TRY_(name, (expression), TRILOBITE_CONCAT(try_result_, __LINE__))
#define TRILOBITE_TRY_(name, expression, temporary)    \
  auto&& temporary = expression;                       \
  if (!temporary.ok()) return std::move(temporary).error(); \
  auto name = std::move(temporary).value()

// TRY_VOID(expression): the same for Result<void>, or to ignore the value.
#define TRY_VOID(expression)                                                          \
  do {                                                                                \
    if (auto&& try_result = (expression); !try_result.ok()) return std::move(try_result).error(); \
  } while (false)
