// sort and its relatives: the order of an instant vector. Ranges are ordered by labels whatever is asked for.
#include <algorithm>
#include <cmath>
#include <string>

#include "metrics/function_table.h"
#include "query/matrix.h"

namespace trilobite::metrics {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The next run of digits or of other characters.
std::string_view next_run(std::string_view text) {
  std::size_t end = 1;
  while (end < text.size() && is_digit(text[end]) == is_digit(text[0])) ++end;
  return text.substr(0, end);
}

int compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

// Runs of digits compare as numbers: node2 before node10.
int compare_naturally(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view x = next_run(a), y = next_run(b);
    const int order = is_digit(x[0]) && is_digit(y[0]) ? compare_numbers(x, y) : x.compare(y);
    if (order != 0) return order;
    a.remove_prefix(x.size());
    b.remove_prefix(y.size());
  }
  return a.empty() ? (b.empty() ? 0 : -1) : 1;
}

// In a range query, says that the order is lost.
bool has_order(Evaluator& evaluator, const Expr& expr) {
  if (evaluator.steps() == 1) return true;
  evaluator.annotations().warn("sort is ineffective for range queries since results are always ordered by labels",
                               expr.position);
  return false;
}

template <bool descending>
Result<StepVector> sort_by_value(Evaluator& evaluator, const Expr& expr, const Call& call) {
  TRY(result, evaluator.vector(*call.arguments[0]));
  for (StepSeries& series : result.series) series.histograms.clear();
  drop_empty(result);
  if (!has_order(evaluator, expr)) return result;
  std::stable_sort(result.series.begin(), result.series.end(), [](const StepSeries& a, const StepSeries& b) {
    const double x = a.values[0], y = b.values[0];
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);  // NaN comes last either way
    return descending ? x > y : x < y;
  });
  return result;
}

template <bool descending>
Result<StepVector> sort_by_label(Evaluator& evaluator, const Expr& expr, const Call& call) {
  TRY(result, evaluator.vector(*call.arguments[0]));
  if (!has_order(evaluator, expr)) return result;
  std::vector<std::string> names;
  for (std::size_t i = 1; i < call.arguments.size(); ++i) names.push_back(string_of(*call.arguments[i]));
  std::stable_sort(result.series.begin(), result.series.end(), [&](const StepSeries& a, const StepSeries& b) {
    for (const std::string& name : names) {
      const int order = compare_naturally(a.labels.get(name), b.labels.get(name));
      if (order != 0) return descending ? order > 0 : order < 0;
    }
    const int order = query::compare_labels(a.labels, b.labels);
    return descending ? order > 0 : order < 0;
  });
  return result;
}

constexpr Function kFunctions[] = {
    {.name = "sort", .vector = sort_by_value<false>},
    {.name = "sort_desc", .vector = sort_by_value<true>},
    {.name = "sort_by_label", .vector = sort_by_label<false>},
    {.name = "sort_by_label_desc", .vector = sort_by_label<true>},
};

}  // namespace

std::span<const Function> order_functions() { return kFunctions; }

}  // namespace trilobite::metrics
