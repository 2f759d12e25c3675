// Rows that are deleted. Scans hide them from the moment a filter is given to the store; parts are rewritten without
// them when the store is told to. What the line must be like is for those above to say.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"

namespace trilobite {

// Looks at rows of one block. One thread.
class RowJudge {
 public:
  virtual ~RowJudge() = default;
  virtual void begin_stream(const LabelSetRef& labels) = 0;  // of the rows that follow
  virtual bool is_deleted(TimeNs time, std::string_view line, std::string_view metadata) = 0;
};

struct RowFilter {
  std::uint64_t id = 0;  // no two filters have the same
  std::string tenant;
  Signal signal = Signal::kLogs;
  TimeRange range;
  std::vector<Matcher> matchers;                           // all must hold
  std::function<std::unique_ptr<RowJudge>()> make_judge;   // null: every row of the above; any thread may call
};
using RowFilters = std::vector<RowFilter>;

// How far the removal of rows has got.
enum class RowRemoval : std::uint8_t {
  kMore,  // one part was looked at, there may be others
  kBusy,  // the parts that are left are being merged: come back later
  kDone,  // no part has such rows
};

}  // namespace trilobite
