// Which columns the rows of a signal have besides label set and time. A new signal is a row in the table of schema.cc.
#pragma once

#include <span>
#include <string_view>

#include "storage/store.h"

namespace trilobite::storage {

enum class ColumnKind : std::uint8_t {
  kText,      // mostly different from row to row
  kTextCoded, // few distinct values: kept and returned as a dictionary where that is smaller
  kInt,
  kDouble,
};

struct ColumnSchema {
  std::string_view name;
  ColumnKind kind;
  bool is_text() const { return kind == ColumnKind::kText || kind == ColumnKind::kTextCoded; }
};

// Empty for a signal that this version does not store.
std::span<const ColumnSchema> schema_of(Signal signal);
// A series has one value at a time: of two, the one written last counts.
constexpr bool keeps_last_of_time(Signal signal) { return signal == Signal::kMetrics; }
const ColumnSchema* find_column(Signal signal, std::string_view name);

// Well formed, only known columns, each of its kind; text columns may be absent.
Result<void> check_batch(Signal signal, const Batch& batch);

}  // namespace trilobite::storage
