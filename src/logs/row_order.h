// The order of rows in the answer of a log query: by time, or as `sort by` says. Always total: rows that are alike in
// it show no difference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "logs/log_query.h"

namespace trilobite::logql {

// By stream, line and labels: what decides between rows of one time. Negative: `a` comes first.
int compare_content(const LogRow& a, const LogRow& b);

// "" where the row has no such label.
const std::string& label_of(const LogRow& row, std::string_view name);

// What a label's value sorts by: numbers by value, then durations, byte sizes, and other texts by their bytes.
struct SortValue {
  enum class Kind : std::uint8_t { kNumber, kDuration, kBytes, kText, kMissing };
  Kind kind = Kind::kMissing;
  double number = 0;
  std::string text;

  static SortValue of(const std::string& text);
};

struct RankedRow {
  LogRow row;
  std::vector<SortValue> values;  // of the labels to sort by
};

class RowOrder {
 public:
  RowOrder(Direction direction, std::optional<SortClause> sort)
      : forward_(direction == Direction::kForward), sort_(std::move(sort)) {}

  bool forward() const { return forward_; }
  bool by_time() const { return !sort_; }
  RankedRow rank(LogRow row) const;
  bool before(const RankedRow& a, const RankedRow& b) const;

 private:
  bool forward_;
  std::optional<SortClause> sort_;
};

}  // namespace trilobite::logql
