// A log query page by page, and lines around a line. Rows have one total order (row_order.h); a position in it is the
// place behind a row, and stays right when rows are added or deleted elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/log_query.h"

namespace trilobite::logql {

// Behind a row that was given out.
struct LogPosition {
  Direction direction = Direction::kBackward;
  TimeNs time = 0;
  std::uint32_t rows = 1;   // given out of that time, the row included
  std::uint64_t hash = 0;   // of the row's content: finds it again when others of its time come or go
};

// A cursor as clients see it. They give it back as it is.
std::string to_cursor(const LogPosition& position);
Result<LogPosition> parse_cursor(std::string_view cursor);

// Of stream, line and labels.
std::uint64_t content_hash(const LogRow& row);

struct LogPage {
  std::vector<LogRow> rows;
  bool truncated = false;           // more rows matched
  std::optional<LogPosition> next;  // to go on from; none at the end, and with distinct or sort
};

// The first query.limit rows behind `after`; none: from the start of the range. kInvalid when the cursor is of the
// other direction, or the query has distinct or sort.
Result<LogPage> run_log_page(query::QueryContext& context, const LogExpr& log, const LogQuery& query,
                             const std::optional<LogPosition>& after);

// How many rows of the query are behind the page. Reads what is left of the range, so it may cost as much as the query
// without a limit: give it a context with a short time. REQUIRES: page.next.
Result<std::uint64_t> count_behind(query::QueryContext& context, const LogExpr& log, const LogQuery& query,
                                   const LogPage& page);

struct LogSurroundings {
  std::vector<LogRow> before, at, after;  // all oldest first
};
struct SurroundingsQuery {
  TimeRange range;          // in which to look
  TimeNs time = 0;          // of the line
  std::optional<std::uint64_t> hash;   // content_hash of the line
  std::optional<std::string> line;     // or its text; neither: every line of that time
  std::size_t before = 10, after = 10;
};
// The line and those around it. `at` is empty when there is no such line; before and after are those of its time then.
Result<LogSurroundings> run_surroundings(query::QueryContext& context, const LogExpr& log,
                                         const SurroundingsQuery& query);

}  // namespace trilobite::logql
