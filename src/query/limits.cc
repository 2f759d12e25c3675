#include "query/limits.h"

#include <algorithm>

namespace trilobite::query {
namespace {

// Zero stands for no limit.
template <class T>
T smaller_limit(T a, T b) {
  if (a == T{}) return b;
  return b == T{} ? a : std::min(a, b);
}

std::vector<std::string> both(std::vector<std::string> a, const std::vector<std::string>& b) {
  for (const std::string& text : b) {
    if (std::find(a.begin(), a.end(), text) == a.end()) a.push_back(text);
  }
  return a;
}

}  // namespace

QueryLimits strictest(const QueryLimits& a, const QueryLimits& b) {
  QueryLimits out = a;  // what is not named below
  out.timeout = smaller_limit(a.timeout, b.timeout);
  out.length_max = smaller_limit(a.length_max, b.length_max);
  out.bytes_read_max = smaller_limit(a.bytes_read_max, b.bytes_read_max);
  out.points_max = std::min(a.points_max, b.points_max);
  out.series_max = std::min(a.series_max, b.series_max);
  out.entries_max = std::min(a.entries_max, b.entries_max);
  out.memory_max = std::min(a.memory_max, b.memory_max);
  out.interval_max = smaller_limit(a.interval_max, b.interval_max);
  out.lookback_max = smaller_limit(a.lookback_max, b.lookback_max);
  out.required_labels = both(a.required_labels, b.required_labels);
  out.matchers_min = std::max(a.matchers_min, b.matchers_min);
  out.matchers_max = smaller_limit(a.matchers_max, b.matchers_max);
  out.blocked = both(a.blocked, b.blocked);
  out.patterns_max = std::min(a.patterns_max, b.patterns_max);
  out.volumes_max = std::min(a.volumes_max, b.volumes_max);
  out.tails_max = std::min(a.tails_max, b.tails_max);
  return out;
}

}  // namespace trilobite::query
