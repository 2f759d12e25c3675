// The label sets of a part with what each has in it: section "series". Immutable; any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/column.h"
#include "columnar/part.h"

namespace trilobite::storage {

// Of one series in one part or head table.
// Coded texts (structured metadata) count where they differ from those of the row before in the series.
struct SeriesStats {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // raw text
  TimeNs time_min = 0, time_max = 0;

  void add(std::uint64_t more_rows, TimeNs first, TimeNs last, std::uint64_t more_bytes) {
    if (rows == 0 || first < time_min) time_min = first;
    if (rows == 0 || last > time_max) time_max = last;
    rows += more_rows;
    bytes += more_bytes;
  }
};

// Series i of the part has the label set with these bytes; sorted.
struct SeriesTable {
  StringColumn label_bytes;
  std::vector<SeriesStats> stats;

  std::uint32_t size() const { return static_cast<std::uint32_t>(stats.size()); }
  std::size_t bytes() const {
    return label_bytes.bytes.size() + stats.size() * (sizeof(SeriesStats) + sizeof(std::uint32_t));
  }

  std::string encode() const;
  static Result<std::shared_ptr<const SeriesTable>> decode(std::string_view section);
};

}  // namespace trilobite::storage
