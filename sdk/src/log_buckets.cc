// Histogram bounds on a logarithmic scale.
#include <cmath>

#include <trilobite/log.h>
#include <trilobite/metrics.h>

namespace trilobite::instruments {
namespace {

constexpr log::Target kLog{"trilobite::metrics"};

// Half away from zero. Divides by powers of ten below one, which are exact where their inverses are not, so that the
// result is the number one would write.
double two_digits(double value) {
  if (value == 0) return 0;
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(value)))) - 1;
  if (exponent < 0) {
    const double scale = std::pow(10.0, -exponent);
    return std::round(value * scale) / scale;
  }
  const double scale = std::pow(10.0, exponent);
  return std::round(value / scale) * scale;
}

}  // namespace

std::vector<double> log_buckets(double min, double max, std::size_t count) {
  std::vector<double> out;
  if (count == 0) return out;
  out.push_back(0);
  const double low = std::log(min), high = std::log(max);
  for (std::size_t i = 1; i < count; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(count - 1);
    const double bound = two_digits(std::exp(low + (high - low) * share));
    if (bound != out.back()) out.push_back(bound);
  }
  if (out.size() * 10 < count * 9)
    kLog.warn("Of {} generated histogram buckets {} are left after rounding", count, out.size(), log::kv("min", min),
              log::kv("max", max));
  return out;
}

}  // namespace trilobite::instruments
