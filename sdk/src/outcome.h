// The library's own small error type: a value or the reason why there is none.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace trilobite::log {

struct Error {
  std::string text;
};

template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Outcome(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  const std::string& error() const { return std::get<1>(state_).text; }
  T& operator*() { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace trilobite::log
