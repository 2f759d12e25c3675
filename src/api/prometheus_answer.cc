#include "api/prometheus_answer.h"

#include <memory>

#include "metrics/go_number.h"
#include "metrics/histogram_buckets.h"

namespace trilobite::api {
namespace {

using metrics::Point;
using metrics::QueryResult;
using metrics::ResultSeries;
using metrics::ValueType;

constexpr std::size_t kPointsStreamed = 50'000;  // results from here on are sent in pieces
constexpr std::size_t kPieceBytes = 256u << 10;

std::string_view type_of(ValueType type) {
  switch (type) {
    case ValueType::kVector:
      return "vector";
    case ValueType::kMatrix:
      return "matrix";
    case ValueType::kString:
      return "string";
    default:
      return "scalar";
  }
}

void append_value(std::string& out, const Point& point) {
  out += '[';
  append_prometheus_time(out, point.time);
  out += ',';
  if (point.histogram) {
    metrics::append_histogram_json(out, *point.histogram);
  } else {
    out += '"';
    metrics::append_api_number(out, point.value);
    out += '"';
  }
  out += ']';
}

void append_points(std::string& out, const std::vector<Point>& points, bool histograms) {
  bool any = false;
  for (const Point& point : points) {
    if ((point.histogram != nullptr) != histograms) continue;
    out += any ? "," : histograms ? ",\"histograms\":[" : ",\"values\":[";
    any = true;
    append_value(out, point);
  }
  if (any) out += ']';
}

void append_series(std::string& out, const ResultSeries& series, ValueType type) {
  out += "{\"metric\":";
  append_prometheus_labels(out, series.labels);
  if (type == ValueType::kVector) {
    out += series.points.front().histogram ? ",\"histogram\":" : ",\"value\":";
    append_value(out, series.points.front());
  } else {
    append_points(out, series.points, false);
    append_points(out, series.points, true);
  }
  out += '}';
}

void append_seconds(std::string& out, std::string_view key, std::chrono::nanoseconds time) {
  out += fmt::format("\"{}\":{:.9f}", key, std::chrono::duration<double>(time).count());
}

std::string statistics_of(const QueryResult& result, const QueryTimings& timings) {
  std::string out = ",\"stats\":{\"timings\":{";
  append_seconds(out, "evalTotalTime", timings.total);
  append_seconds(out += ',', "resultSortTime", timings.sorting);
  append_seconds(out += ',', "queryPreparationTime", timings.preparation);
  append_seconds(out += ',', "innerEvalTime", timings.evaluation);
  append_seconds(out += ',', "execQueueTime", std::chrono::nanoseconds(0));
  append_seconds(out += ',', "execTotalTime", timings.total);
  return out + fmt::format("}},\"samples\":{{\"totalQueryableSamples\":{},\"samplesRead\":{},\"peakSamples\":{}}}}}",
                           result.samples_read, result.samples_read, result.samples_peak);
}

std::size_t points_of(const QueryResult& result) {
  std::size_t points = 0;
  for (const ResultSeries& series : result.series) points += series.points.size() + 1;
  return points;
}

void append_single(std::string& out, const QueryResult& result) {
  if (result.scalar.empty()) {
    out += "null";
  } else if (result.type == ValueType::kString) {
    out += '[';
    append_prometheus_time(out, result.scalar.front().time);
    out += ',';
    append_json_string(out, result.string);
    out += ']';
  } else {
    append_value(out, result.scalar.front());
  }
}

// In pieces, each when it is large enough. False: the client is gone.
bool write_list(const QueryResult& result, std::string& piece, const http::Write& write) {
  piece += '[';
  for (const ResultSeries& series : result.series) {
    if (&series != &result.series.front()) piece += ',';
    append_series(piece, series, result.type);
    if (piece.size() < kPieceBytes) continue;
    if (!write(piece)) return false;
    piece.clear();
  }
  piece += ']';
  return true;
}

void write_result(const QueryResult& result, const std::string& statistics, const http::Write& write) {
  std::string piece = fmt::format("{{\"resultType\":\"{}\",\"result\":", type_of(result.type));
  if (result.type == ValueType::kScalar || result.type == ValueType::kString) {
    append_single(piece, result);
  } else if (!write_list(result, piece, write)) {
    return;
  }
  piece += statistics + "}";
  write(piece);
}

}  // namespace

void append_prometheus_time(std::string& out, TimeNs time) {
  std::int64_t ms = time / 1'000'000;
  if (ms < 0) {
    out += '-';
    ms = -ms;
  }
  out += std::to_string(ms / 1000);
  if (ms % 1000 != 0) out += fmt::format(".{:03}", ms % 1000);
}

void append_prometheus_labels(std::string& out, const LabelSet& labels) {
  out += '{';
  bool first = true;
  for (const auto [name, value] : labels) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  out += '}';
}

PrometheusAnswer query_answer(QueryResult result, bool with_statistics, const QueryTimings& timings) {
  PrometheusAnswer answer;
  const std::string statistics = with_statistics ? statistics_of(result, timings) : "";
  if (points_of(result) < kPointsStreamed) {
    write_result(result, statistics, [&](std::string_view piece) {
      answer.data += piece;
      return true;
    });
    return answer;
  }
  answer.stream = [shared = std::make_shared<const QueryResult>(std::move(result)),
                   statistics](const http::Write& write) { write_result(*shared, statistics, write); };
  return answer;
}

std::string text_list(const std::vector<std::string>& texts) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
  return out;
}

}  // namespace trilobite::api
