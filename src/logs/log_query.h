// Execution of a log query: the newest (or oldest) `limit` lines that pass a pipeline.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "logs/ast.h"
#include "logs/pipeline.h"
#include "query/context.h"

namespace trilobite::logql {

struct LogQuery {
  TimeRange range;
  Direction direction = Direction::kBackward;
  std::size_t limit = 100;
  TimeNs interval = 0;  // lines at least that far apart; 0: all
};

// A line that leaves the engine. Labels are final: sorted by name, without empty values.
struct LogRow {
  struct Label {
    std::string name;
    std::string value;
    LabelCategory category = LabelCategory::kStream;
  };
  TimeNs time = 0;
  LabelSetRef stream;  // as stored
  std::string line;
  std::vector<Label> labels;
};

// Rows in the order of `direction`, or of the query's `sort`. Rows of one time come in an order that does not depend on
// timing: by stream, then line.
Result<std::vector<LogRow>> run_log_query(query::QueryContext& context, const LogExpr& log, const LogQuery& request);

}  // namespace trilobite::logql
