#include "query/matrix.h"

#include <algorithm>

namespace trilobite::query {

int compare_labels(const LabelSet& a, const LabelSet& b) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    if (const int names = (*left).first.compare((*right).first); names != 0) return names;
    if (const int values = (*left).second.compare((*right).second); values != 0) return values;
  }
  if (left != a.end()) return 1;
  return right != b.end() ? -1 : 0;
}

namespace {

// Bytes that compare as compare_labels() does, for labels without a zero byte.
std::string sort_key(const LabelSet& labels) {
  std::string key;
  for (const auto& [name, value] : labels) {
    key += name;
    key += '\0';
    key += value;
    key += '\0';
  }
  return key;
}

}  // namespace

void sort_by_labels(Matrix& matrix) {
  std::vector<Series>& series = matrix.series;
  const auto less = [](const Series& a, const Series& b) { return compare_labels(a.labels, b.labels) < 0; };
  if (std::is_sorted(series.begin(), series.end(), less)) return;
  const auto has_zero = [](const Series& one) { return one.labels.bytes().find('\0') != std::string_view::npos; };
  if (std::any_of(series.begin(), series.end(), has_zero)) {
    std::sort(series.begin(), series.end(), less);
    return;
  }
  // Labels are taken apart once for each series, not for each comparison.
  std::vector<std::pair<std::string, std::size_t>> keys;
  keys.reserve(series.size());
  for (std::size_t i = 0; i < series.size(); ++i) keys.emplace_back(sort_key(series[i].labels), i);
  std::sort(keys.begin(), keys.end());
  std::vector<Series> sorted;
  sorted.reserve(series.size());
  for (const auto& [key, index] : keys) sorted.push_back(std::move(series[index]));
  series = std::move(sorted);
}

void drop_empty(Matrix& matrix) {
  std::erase_if(matrix.series, [](const Series& series) {
    return std::none_of(series.values.begin(), series.values.end(), is_present);
  });
}

}  // namespace trilobite::query
