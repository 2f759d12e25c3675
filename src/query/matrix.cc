#include "query/matrix.h"

#include <algorithm>
#include <numeric>

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

std::vector<std::size_t> order_by_labels(const std::vector<const LabelSet*>& sets) {
  std::vector<std::size_t> order(sets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto less = [&](std::size_t a, std::size_t b) { return compare_labels(*sets[a], *sets[b]) < 0; };
  if (std::is_sorted(order.begin(), order.end(), less)) return order;
  const auto has_zero = [](const LabelSet* one) { return one->bytes().find('\0') != std::string_view::npos; };
  if (std::any_of(sets.begin(), sets.end(), has_zero)) {
    std::stable_sort(order.begin(), order.end(), less);
    return order;
  }
  // Labels are taken apart once for each set, not for each comparison.
  std::vector<std::pair<std::string, std::size_t>> keys;
  keys.reserve(sets.size());
  for (std::size_t i = 0; i < sets.size(); ++i) keys.emplace_back(sort_key(*sets[i]), i);
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 0; i < keys.size(); ++i) order[i] = keys[i].second;
  return order;
}

void sort_by_labels(Matrix& matrix) {
  std::vector<Series>& series = matrix.series;
  std::vector<const LabelSet*> sets;
  sets.reserve(series.size());
  for (const Series& one : series) sets.push_back(&one.labels);
  std::vector<Series> sorted;
  sorted.reserve(series.size());
  for (const std::size_t index : order_by_labels(sets)) sorted.push_back(std::move(series[index]));
  series = std::move(sorted);
}

void drop_empty(Matrix& matrix) {
  std::erase_if(matrix.series, [](const Series& series) {
    return std::none_of(series.values.begin(), series.values.end(), is_present);
  });
}

}  // namespace trilobite::query
