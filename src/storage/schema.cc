#include "storage/schema.h"

#include <array>

#include "storage/layout.h"

namespace trilobite::storage {
namespace {

constexpr std::array kLogs{ColumnSchema{kLineColumn, ColumnKind::kText},
                           ColumnSchema{kMetadataColumn, ColumnKind::kTextCoded}};
constexpr std::array kMetrics{ColumnSchema{kValueColumn, ColumnKind::kDouble},
                              ColumnSchema{kHistogramColumn, ColumnKind::kText}};
constexpr std::array kExemplars{ColumnSchema{kValueColumn, ColumnKind::kDouble},
                                ColumnSchema{kMetadataColumn, ColumnKind::kText}};

bool fits(const ColumnSchema& schema, const Column& column) {
  switch (schema.kind) {
    case ColumnKind::kText:
    case ColumnKind::kTextCoded: return column.is_text();
    case ColumnKind::kInt: return std::holds_alternative<std::vector<std::int64_t>>(column.values());
    case ColumnKind::kDouble: return std::holds_alternative<std::vector<double>>(column.values());
  }
  return false;
}

}  // namespace

std::span<const ColumnSchema> schema_of(Signal signal) {
  if (signal == Signal::kLogs) return kLogs;
  if (signal == Signal::kMetrics) return kMetrics;
  if (signal == Signal::kExemplars) return kExemplars;
  return {};
}

const ColumnSchema* find_column(Signal signal, std::string_view name) {
  for (const ColumnSchema& column : schema_of(signal)) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

Result<void> check_batch(Signal signal, const Batch& batch) {
  if (schema_of(signal).empty())
    return error(Code::kUnsupported, "cannot store {}: not in this version", signal_name(signal));
  TRY_VOID(batch.validate());
  for (const NamedColumn& entry : batch.columns) {
    const ColumnSchema* schema = find_column(signal, entry.name);
    if (schema == nullptr)
      return error(Code::kInvalid, "cannot store column {}: {} have none of that name", entry.name,
                   signal_name(signal));
    if (!fits(*schema, entry.column))
      return error(Code::kInvalid, "cannot store column {}: its values are of another kind", entry.name);
  }
  for (const ColumnSchema& schema : schema_of(signal)) {
    if (!schema.is_text() && batch.find(schema.name) == nullptr) {
      return error(Code::kInvalid, "cannot store {}: column {} is missing", signal_name(signal), schema.name);
    }
  }
  return {};
}

}  // namespace trilobite::storage
