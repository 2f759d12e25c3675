// Conditions on a text column that a store may apply before rows leave it.
#pragma once

#include <string>
#include <vector>

#include "columnar/column.h"

namespace trilobite {

struct Predicate {
  enum class Op : std::uint8_t {
    kContainsAny,   // at least one of `needles` occurs in the value
    kContainsNone,  // none of them occurs
  };
  std::string column;
  Op op = Op::kContainsAny;
  std::vector<std::string> needles;  // bytes; an empty needle occurs everywhere
  // Letters are equal to their other case, as (?i) has it in the regular expressions of Go and RE2.
  bool fold_case = false;
};

// Keeps those of `rows` (ascending row numbers) whose value passes. The search runs over the whole buffer of the
// column where that is faster than row by row.
void select_rows(const Predicate& predicate, const Column& column, std::vector<std::uint32_t>& rows);

}  // namespace trilobite
