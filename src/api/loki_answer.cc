#include "api/loki_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/bytes.h"
#include "query/group_table.h"
#include "query/number_format.h"

namespace trilobite::api {
namespace {

using logql::LabelCategory;
using logql::LogRow;

constexpr std::size_t kStreamBytesMin = 1u << 20;  // answers from here on are sent in pieces
constexpr std::size_t kPieceBytes = 256u << 10;

// Rows by the labels that make their stream, streams in order of those labels.
struct StreamGroups {
  std::vector<std::vector<std::uint32_t>> rows;
};

bool in_stream(const LogRow::Label& label, LabelEncoding encoding) {
  return encoding == LabelEncoding::kFlat || label.category == LabelCategory::kStream;
}

// Rows that follow each other and have the same labels, in the order of the rows.
StreamGroups group_neighbours(const std::vector<LogRow>& rows, LabelEncoding encoding) {
  StreamGroups groups;
  const auto same = [&](const LogRow& a, const LogRow& b) {
    if (a.labels.size() != b.labels.size()) return false;
    for (std::size_t i = 0; i < a.labels.size(); ++i) {
      if (in_stream(a.labels[i], encoding) != in_stream(b.labels[i], encoding)) return false;
      if (!in_stream(a.labels[i], encoding)) continue;
      if (a.labels[i].name != b.labels[i].name || a.labels[i].value != b.labels[i].value) return false;
    }
    return true;
  };
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || !same(rows[i - 1], rows[i])) groups.rows.emplace_back();
    groups.rows.back().push_back(i);
  }
  return groups;
}

StreamGroups group_rows(const std::vector<LogRow>& rows, LabelEncoding encoding) {
  query::GroupTable table;
  StreamGroups groups;
  std::string key;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    key.clear();
    ByteWriter bytes(key);
    for (const LogRow::Label& label : rows[i].labels) {
      if (!in_stream(label, encoding)) continue;
      bytes.text(label.name);
      bytes.text(label.value);
    }
    const std::uint32_t group = table.find_or_add(key);
    if (group == groups.rows.size()) groups.rows.emplace_back();
    groups.rows[group].push_back(i);
  }
  std::vector<std::uint32_t> order(groups.rows.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return table.key(a) < table.key(b); });
  StreamGroups sorted;
  for (const std::uint32_t group : order) sorted.rows.push_back(std::move(groups.rows[group]));
  return sorted;
}

void write_entry(JsonWriter& json, const LogRow& row, LabelEncoding encoding) {
  json.begin_array().string(fmt::format_int(row.time).c_str()).string(row.line);
  if (encoding == LabelEncoding::kCategorized) {
    json.begin_object();
    write_category(json, "structuredMetadata", row, LabelCategory::kMetadata);
    write_category(json, "parsed", row, LabelCategory::kParsed);
    json.end_object();
  }
  json.end_array();
}

void begin_success(JsonWriter& json, const query::QueryStatistics& statistics) {
  json.begin_object().key("status").string("success");
  if (statistics.scan.warnings.empty()) return;
  json.key("warnings").begin_array();
  for (const std::string& warning : statistics.scan.warnings) json.string(warning);
  json.end_array();
}

void write_stream(JsonWriter& json, const LogRow& row, LabelEncoding encoding) {
  json.key("stream").begin_object();
  for (const LogRow::Label& label : row.labels) {
    if (in_stream(label, encoding)) json.key(label.name).string(label.value);
  }
  json.end_object();
}

// Everything a streams answer is made of; shared with the connection that sends it.
struct StreamsAnswer {
  std::vector<LogRow> rows;
  LabelEncoding encoding;
  query::QueryStatistics statistics;
  std::optional<AnswerExtensions> extensions;

  StreamGroups groups() const {
    return extensions && extensions->ordered ? group_neighbours(rows, encoding) : group_rows(rows, encoding);
  }
  void write_extensions(JsonWriter& json) const {
    if (!extensions) return;
    json.key("truncated").boolean(extensions->truncated);
    if (extensions->rows_more) json.key("rowsMore").number(*extensions->rows_more);
    if (!extensions->cursor.empty()) json.key("cursor").string(extensions->cursor);
    if (extensions->ordered) json.key("ordered").boolean(true);
  }

  // `sent` is called between entries and may empty `out`; false stops.
  template <class Sent>
  void write(std::string& out, Sent&& sent) const {
    JsonWriter json(out);
    begin_success(json, statistics);
    json.key("data").begin_object().key("resultType").string("streams");
    if (encoding == LabelEncoding::kCategorized) {
      json.key("encodingFlags").begin_array().string("categorize-labels").end_array();
    }
    json.key("result").begin_array();
    for (const auto& members : groups().rows) {
      json.begin_object();
      write_stream(json, rows[members.front()], encoding);
      json.key("values").begin_array();
      for (const std::uint32_t i : members) {
        write_entry(json, rows[i], encoding);
        if (!sent()) return;
      }
      json.end_array().end_object();
    }
    json.end_array();
    write_extensions(json);
    json.key("stats");
    write_statistics(json, statistics);
    json.end_object().end_object();
  }
};

void write_sample(std::string& out, TimeNs time, double value) {
  out += '[';
  write_time_seconds(out, time);
  out += ",\"";
  query::append_number(out, value);
  out += "\"]";
}

void write_vector(JsonWriter& json, const query::Matrix& matrix, std::string& scratch) {
  for (const query::Series& series : matrix.series) {
    if (query::is_absent(series.values[0])) continue;
    json.begin_object().key("metric");
    write_labels(json, series.labels);
    scratch.clear();
    write_sample(scratch, matrix.grid.start, series.values[0]);
    json.key("value").raw(scratch).end_object();
  }
}

void write_matrix(JsonWriter& json, const query::Matrix& matrix, std::string& scratch) {
  for (const query::Series& series : matrix.series) {
    json.begin_object().key("metric");
    write_labels(json, series.labels);
    scratch = "[";
    for (std::size_t step = 0; step < series.values.size(); ++step) {
      if (query::is_absent(series.values[step])) continue;
      if (scratch.size() > 1) scratch += ',';
      write_sample(scratch, matrix.grid.at(step), series.values[step]);
    }
    scratch += ']';
    json.key("values").raw(scratch).end_object();
  }
}

// A literal over a time range is a series without labels.
query::Matrix as_matrix(double value, const query::TimeGrid& grid) {
  return {grid, {{LabelSet(), std::vector<double>(grid.steps(), value)}}, false};
}

}  // namespace

void write_time_seconds(std::string& out, TimeNs time) {
  const TimeNs milliseconds = time / 1'000'000;
  fmt::format_to(std::back_inserter(out), "{}", milliseconds / 1000);
  if (const TimeNs rest = milliseconds % 1000; rest != 0) {
    std::string digits = fmt::format(".{:03}", rest < 0 ? -rest : rest);
    while (digits.back() == '0') digits.pop_back();
    out += digits;
  }
}

void write_category(JsonWriter& json, std::string_view key, const logql::LogRow& row, logql::LabelCategory category) {
  bool open = false;
  for (const logql::LogRow::Label& label : row.labels) {
    if (label.category != category) continue;
    if (!open) json.key(key).begin_object();
    open = true;
    json.key(label.name).string(label.value);
  }
  if (open) json.end_object();
}

void write_labels(JsonWriter& json, const LabelSet& labels) {
  json.begin_object();
  for (const auto& [name, value] : labels) json.key(name).string(value);
  json.end_object();
}

void write_row(JsonWriter& json, const LogRow& row, LabelEncoding encoding) {
  json.begin_object();
  write_stream(json, row, encoding);
  json.key("values").begin_array();
  write_entry(json, row, encoding);
  json.end_array().end_object();
}

LabelEncoding label_encoding(const http::Request& request) {
  std::string_view flags = request.header("x-loki-response-encoding-flags");
  while (!flags.empty()) {
    const std::size_t comma = std::min(flags.find(','), flags.size());
    if (flags.substr(0, comma) == "categorize-labels") return LabelEncoding::kCategorized;
    flags.remove_prefix(std::min(comma + 1, flags.size()));
  }
  return LabelEncoding::kFlat;
}

http::Response streams_answer(std::vector<LogRow> rows, LabelEncoding encoding,
                              const query::QueryStatistics& statistics, std::optional<AnswerExtensions> extensions) {
  auto answer =
      std::make_shared<StreamsAnswer>(StreamsAnswer{std::move(rows), encoding, statistics, std::move(extensions)});
  answer->statistics.rows_returned = answer->rows.size();
  std::size_t bytes = 0;
  for (const LogRow& row : answer->rows) bytes += row.line.size();
  http::Response response = http::Response::json(200, "");
  if (bytes < kStreamBytesMin) {
    answer->write(response.body, [] { return true; });
    return response;
  }
  response.stream = [answer](const http::Write& write) {
    std::string piece;
    const auto send = [&] {
      const bool open = write(piece);
      piece.clear();
      return open;
    };
    answer->write(piece, [&] { return piece.size() < kPieceBytes || send(); });
    if (!piece.empty()) send();
  };
  return response;
}

http::Response metric_answer(const logql::MetricValue& value, const query::TimeGrid& grid, bool instant,
                             const query::QueryStatistics& statistics) {
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  std::string scratch;
  query::QueryStatistics stats = statistics;
  const double* number = std::get_if<double>(&value);
  begin_success(json, stats);
  json.key("data").begin_object().key("resultType");
  if (number != nullptr && instant) {
    write_sample(scratch, grid.start, *number);
    json.string("scalar").key("result").raw(scratch);
  } else {
    const query::Matrix made = number != nullptr ? as_matrix(*number, grid) : query::Matrix();
    const query::Matrix& matrix = number != nullptr ? made : std::get<query::Matrix>(value);
    stats.rows_returned = matrix.series.size();
    json.string(instant ? "vector" : "matrix").key("result").begin_array();
    instant ? write_vector(json, matrix, scratch) : write_matrix(json, matrix, scratch);
    json.end_array();
  }
  json.key("stats");
  write_statistics(json, stats);
  json.end_object().end_object();
  return response;
}

http::Response list_answer(const std::vector<std::string>& values) {
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("status").string("success");
  if (!values.empty()) {
    json.key("data").begin_array();
    for (const std::string& value : values) json.string(value);
    json.end_array();
  }
  json.end_object();
  return response;
}

}  // namespace trilobite::api
