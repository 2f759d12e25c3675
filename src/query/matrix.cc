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

void sort_by_labels(Matrix& matrix) {
  std::sort(matrix.series.begin(), matrix.series.end(),
            [](const Series& a, const Series& b) { return compare_labels(a.labels, b.labels) < 0; });
}

void drop_empty(Matrix& matrix) {
  std::erase_if(matrix.series, [](const Series& series) {
    return std::none_of(series.values.begin(), series.values.end(), is_present);
  });
}

}  // namespace trilobite::query
