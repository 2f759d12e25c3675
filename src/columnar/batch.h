// Rows of one signal as columns: the one shape that decoders produce and that WAL, head, parts, scans and operators
// speak. Identity is apart from the rows: each row names a label set of the batch.
//
// Logs have the columns kLineColumn (text) and kMetadataColumn (text: the canonical bytes of a LabelSet with the row's
// structured metadata; usually a DictionaryColumn). A column that is absent is empty text in every row.
// Samples have kValueColumn (doubles) and kHistogramColumn (text: a native histogram as metrics/histogram.h writes it,
// whose row has the histogram's sum as value; empty: a float). Exemplars have kValueColumn and kMetadataColumn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "columnar/column.h"
#include "columnar/label_set.h"

namespace trilobite {

inline constexpr std::string_view kLineColumn = "line";
inline constexpr std::string_view kMetadataColumn = "metadata";
inline constexpr std::string_view kValueColumn = "value";
inline constexpr std::string_view kHistogramColumn = "histogram";

struct NamedColumn {
  std::string name;
  Column column;
};

struct Batch {
  std::vector<LabelSetRef> label_sets;
  std::vector<std::uint32_t> label_set_of_row;  // index into label_sets
  std::vector<TimeNs> times;
  std::vector<NamedColumn> columns;

  std::size_t rows() const { return times.size(); }
  const Column* find(std::string_view name) const {
    for (const NamedColumn& entry : columns) {
      if (entry.name == name) return &entry.column;
    }
    return nullptr;
  }
  // All columns have rows() rows, every label set index is in range. Cheap; the store refuses a batch that fails.
  Result<void> validate() const;
  std::size_t bytes() const;  // memory of the rows, for limits
};

}  // namespace trilobite
