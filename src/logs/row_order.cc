#include "logs/row_order.h"

#include <algorithm>
#include <cmath>

#include "logs/text.h"

namespace trilobite::logql {
namespace {

// Missing values come last whatever the direction; so do NaNs among numbers.
int compare(const SortValue& a, const SortValue& b, bool descending) {
  const bool a_missing = a.kind == SortValue::Kind::kMissing, b_missing = b.kind == SortValue::Kind::kMissing;
  if (a_missing || b_missing) return static_cast<int>(a_missing) - static_cast<int>(b_missing);
  int order = 0;
  if (a.kind != b.kind) {
    order = a.kind < b.kind ? -1 : 1;
  } else if (a.kind == SortValue::Kind::kText) {
    order = a.text.compare(b.text);
  } else {
    const bool a_nan = std::isnan(a.number), b_nan = std::isnan(b.number);
    if (a_nan || b_nan) return static_cast<int>(a_nan) - static_cast<int>(b_nan);
    order = a.number < b.number ? -1 : a.number > b.number ? 1 : 0;
  }
  return descending ? -order : order;
}

}  // namespace

int compare_content(const LogRow& a, const LogRow& b) {
  if (a.stream != b.stream) {
    if (const int streams = a.stream->bytes().compare(b.stream->bytes()); streams != 0) return streams;
  }
  if (const int lines = a.line.compare(b.line); lines != 0) return lines;
  const std::size_t count = std::min(a.labels.size(), b.labels.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (const int names = a.labels[i].name.compare(b.labels[i].name); names != 0) return names;
    if (const int values = a.labels[i].value.compare(b.labels[i].value); values != 0) return values;
  }
  return a.labels.size() < b.labels.size() ? -1 : a.labels.size() > b.labels.size() ? 1 : 0;
}

const std::string& label_of(const LogRow& row, std::string_view name) {
  static const std::string kNone;
  const auto found = std::lower_bound(row.labels.begin(), row.labels.end(), name,
                                      [](const LogRow::Label& label, std::string_view n) { return label.name < n; });
  return found != row.labels.end() && found->name == name ? found->value : kNone;
}

SortValue SortValue::of(const std::string& text) {
  if (text.empty()) return {};
  if (const auto number = parse_number(text)) return {Kind::kNumber, *number, {}};
  if (const auto duration = parse_go_duration(text)) return {Kind::kDuration, static_cast<double>(*duration), {}};
  if (const auto bytes = parse_bytes(text)) return {Kind::kBytes, static_cast<double>(*bytes), {}};
  return {Kind::kText, 0, text};
}

RankedRow RowOrder::rank(LogRow row) const {
  RankedRow out{std::move(row), {}};
  if (!sort_) return out;
  for (const std::string& label : sort_->labels) out.values.push_back(SortValue::of(label_of(out.row, label)));
  return out;
}

bool RowOrder::before(const RankedRow& a, const RankedRow& b) const {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (const int order = compare(a.values[i], b.values[i], sort_->descending); order != 0) return order < 0;
  }
  if (a.row.time != b.row.time) return (a.row.time < b.row.time) == forward_;
  return compare_content(a.row, b.row) < 0;
}

}  // namespace trilobite::logql
