// Loki's JSON answers to queries. Large ones are streamed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "base/json_writer.h"
#include "logs/log_query.h"
#include "logs/metric_query.h"
#include "query/statistics.h"

namespace trilobite::api {

enum class LabelEncoding : std::uint8_t {
  kFlat,         // every label is part of the stream
  kCategorized,  // streams have stream labels only; each line tells its structured metadata and parsed labels
};

// What an answer has besides with extensions on.
struct AnswerExtensions {
  bool truncated = false;                  // more rows matched than were asked for
  std::optional<std::uint64_t> rows_more;  // so many; none: not counted
  std::string cursor;                      // to go on from; "" where there is none
  bool ordered = false;                    // rows stand in the order of the query's sort, not by stream
};
http::Response streams_answer(std::vector<logql::LogRow> rows, LabelEncoding encoding,
                              const query::QueryStatistics& statistics,
                              std::optional<AnswerExtensions> extensions = {});
// `instant`: a vector (or scalar) at the only step of the grid, else a matrix.
http::Response metric_answer(const logql::MetricValue& value, const query::TimeGrid& grid, bool instant,
                             const query::QueryStatistics& statistics);
// {"status":"success","data":[...]}; without data when there is none.
http::Response list_answer(const std::vector<std::string>& values);

// Parts of answers that other files use.
void write_time_seconds(std::string& out, TimeNs time);  // 1768435200.5
void write_labels(JsonWriter& json, const LabelSet& labels);
// The labels of one category as `"key":{...}`; nothing when there is none.
void write_category(JsonWriter& json, std::string_view key, const logql::LogRow& row, logql::LabelCategory category);
// One row: {"stream":{..},"values":[[time,line]]}.
void write_row(JsonWriter& json, const logql::LogRow& row, LabelEncoding encoding);
LabelEncoding label_encoding(const http::Request& request);
void write_statistics(JsonWriter& json, const query::QueryStatistics& statistics);

}  // namespace trilobite::api
