// Scripts in the test language of Prometheus (promqltest): load, clear, eval, and what is expected. README.md has the
// language.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/series_notation.h"

namespace trilobite::promqltest {

struct ClearCommand {};

// Of a line `SERIES@st OFFSETS`: how far each sample's start is from its own time; none: `_`.
using StartOffsets = std::vector<std::optional<TimeNs>>;

struct LoadCommand {
  TimeNs step = 0;
  bool with_custom_buckets = false;  // load_with_nhcb
  std::vector<metrics::NotedSeries> series;
  std::map<LabelSet, StartOffsets> starts;  // of those series that have such a line
};

// `msg: TEXT`, `regex: RE` or nothing, which any text is.
struct ExpectedText {
  enum class Kind { kAny, kMessage, kRegex } kind = Kind::kAny;
  std::string text;
};

struct EvalCommand {
  std::string query;
  bool is_range = false;
  TimeNs start = 0, end = 0, step = 0;  // an instant: start only

  std::optional<ExpectedText> failure;
  std::vector<ExpectedText> warnings, infos;  // empty: not looked at
  bool no_warnings = false, no_infos = false;
  bool ordered = false;
  std::optional<std::string> string;
  std::optional<double> scalar;
  struct RangeVector {
    TimeNs start = 0, end = 0, step = 0;
  };
  std::optional<RangeVector> range_vector;
  std::vector<metrics::NotedSeries> series;
};

struct Command {
  std::size_t line = 0;  // from 1
  std::variant<ClearCommand, LoadCommand, EvalCommand> what;
};

struct Script {
  std::vector<Command> commands;
  std::vector<std::string> errors;  // "LINE: what is wrong"; the command is left out
};
Script parse_script(std::string_view text);

// `-1m 0s _x2 -1m-1mx3`. At most `count_max` of them.
Result<StartOffsets> parse_start_offsets(std::string_view text, std::size_t count_max = 1'000'000);

// `5m`, `1h30m`, `-10s`, `90`: seconds when there is no unit.
Result<TimeNs> parse_time(std::string_view text);

}  // namespace trilobite::promqltest
