// Row filters made ready for one scan or the rewriting of one part.
#pragma once

#include <vector>

#include "storage/label_matcher.h"
#include "storage/row_filter.h"
#include "storage/scan_rows.h"

namespace trilobite::storage {

// Any number of threads.
class HiddenRows {
 public:
  HiddenRows() = default;
  // Of the filters those that concern these rows.
  static Result<HiddenRows> compile(const RowFilters& filters, const std::string& tenant, Signal signal,
                                    TimeRange range);

  bool empty() const { return filters_.empty(); }
  // Of series with these labels, what is hidden whatever the rows are like.
  std::vector<TimeRange> ranges_of(const LabelSet& labels) const;
  // Takes deleted rows of the block out.
  Result<void> apply(const RowSource& source, BlockReader& reader, WantedRows& rows) const;

 private:
  struct Compiled {
    RowFilter filter;
    std::vector<LabelMatcher> matchers;
    bool matches(const LabelSet& labels) const;
  };
  static Result<void> apply(const Compiled& hidden, const RowSource& source, BlockReader& reader, WantedRows& rows);

  std::vector<Compiled> filters_;
};

}  // namespace trilobite::storage
