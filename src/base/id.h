// Numbers that mean different things have different types.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>

namespace trilobite {

template <class Tag, std::unsigned_integral T>
struct Id {
  T value{};
  friend auto operator<=>(Id, Id) = default;
};

}  // namespace trilobite

template <class Tag, class T>
struct std::hash<trilobite::Id<Tag, T>> {
  std::size_t operator()(trilobite::Id<Tag, T> id) const noexcept { return std::hash<T>{}(id.value); }
};
