// What kinds of lines there are, and when they came: the lines of some streams by their pattern (line_sketch.h) and
// level. Lines that are stored as templates are counted without being put together.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "query/context.h"

namespace trilobite::logql {

struct PatternSeries {
  std::string pattern;                                    // a pattern filter; every line counted here passes it
  std::string level;                                      // of the lines; "unknown" when they have none
  std::vector<std::pair<TimeNs, std::uint64_t>> samples;  // start of a step and its lines; ascending, none empty
  std::uint64_t count = 0;
};

struct PatternRequest {
  std::vector<Matcher> matchers;
  TimeRange range;
  TimeNs step = 0;             // > 0; steps begin at its multiples
  std::size_t series_max = 0;  // in the answer
};

// Most frequent first, equally frequent ones by text. Empty lines have no pattern.
Result<std::vector<PatternSeries>> find_patterns(query::QueryContext& context, const PatternRequest& request);

}  // namespace trilobite::logql
