// Loki's JSON answers, as the command line needs them. They come from outside: anything that is not as expected is an
// error, never a guess.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace trilobite::cli {

using Labels = std::vector<std::pair<std::string, std::string>>;  // sorted by name

std::string to_string(const Labels& labels);  // {a="b", c="d"}

struct LogEntry {
  TimeNs time = 0;
  std::shared_ptr<const Labels> labels;
  std::string line;
};

struct MetricSeries {
  Labels labels;
  struct Sample {
    TimeNs time = 0;
    std::string value;  // as the server wrote it; of a native histogram {count:9, sum:4.5, (0.5,1]:9}
  };
  std::vector<Sample> samples;
};

struct QueryAnswer {
  enum class Kind : std::uint8_t { kStreams, kMatrix, kVector, kScalar };
  Kind kind = Kind::kStreams;
  std::vector<LogEntry> entries;     // kStreams; in the order of the answer, stream after stream
  std::vector<MetricSeries> series;  // the others
  std::string cursor;                // Trilobite's, to go on from; "" when there is no more or the server has none
  bool truncated = false;            // Trilobite's: more lines matched
  std::optional<std::uint64_t> lines_more;  // so many
  bool ordered = false;                     // Trilobite's: as the query's sort says, not by time
  std::uint64_t bytes = 0, lines = 0;       // looked at by the server
  double seconds = 0;
  std::vector<std::string> warnings, infos;  // Prometheus'
};
Result<QueryAnswer> parse_query_answer(std::string_view json);

struct PromqlStatistics {
  double seconds = 0;
  std::uint64_t samples = 0;
};
Result<PromqlStatistics> parse_promql_statistics(std::string_view json);  // zeros where the answer has none

struct MetricMetadata {
  std::string type, help;  // "" where nothing is known
};
Result<MetricMetadata> parse_metadata_answer(std::string_view json, const std::string& metric);

struct TailFrame {
  std::vector<LogEntry> entries;
  std::size_t dropped = 0;  // lines that the server left out because we were too slow
};
Result<TailFrame> parse_tail_frame(std::string_view json);

Result<std::vector<std::string>> parse_list_answer(std::string_view json);  // labels and their values
Result<std::vector<Labels>> parse_series_answer(std::string_view json);

struct IndexStatistics {
  std::uint64_t streams = 0, chunks = 0, entries = 0, bytes = 0;
};
Result<IndexStatistics> parse_statistics_answer(std::string_view json);
Result<std::uint64_t> parse_estimate_answer(std::string_view json);  // bytes; Trilobite's

// What a refused request says: the text inside Prometheus' {"status":"error","error":"..."}, any other body as it is.
std::string error_of_answer(std::string body);

}  // namespace trilobite::cli
