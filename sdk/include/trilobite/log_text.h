// Fields and display() of types that only fmt can format, for kv() where <trilobite/log.h> is not included.
#pragma once

#include <fmt/core.h>

#include <trilobite/log_value.h>

namespace trilobite::log::detail {

template <class T>
struct TextOf {
  static std::string of(const T& value) { return fmt::format("{}", value); }
};

}  // namespace trilobite::log::detail
