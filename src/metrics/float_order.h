// The smaller and the greater of two floats as Go has them: an infinity that decides wins over NaN, NaN over the rest.
#pragma once

#include <cmath>
#include <limits>

namespace trilobite::metrics {

inline double min_of(double a, double b) {
  constexpr double kLeast = -std::numeric_limits<double>::infinity();
  if (a == kLeast || b == kLeast) return kLeast;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && b == 0) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
inline double max_of(double a, double b) {
  constexpr double kMost = std::numeric_limits<double>::infinity();
  if (a == kMost || b == kMost) return kMost;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

}  // namespace trilobite::metrics
