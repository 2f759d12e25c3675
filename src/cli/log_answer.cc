#include "cli/log_answer.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "logs/text.h"

namespace trilobite::cli {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

Error unexpected(std::string_view what) { return error(Code::kCorrupt, "the answer cannot be read: {}", what); }

// A document that lives as long as what is read from it.
struct Document {
  simdjson::dom::parser parser;
  element root;

  static Result<std::unique_ptr<Document>> read(std::string_view json) {
    auto document = std::make_unique<Document>();
    const auto failed = document->parser.parse(json.data(), json.size()).get(document->root);
    if (failed) return unexpected(simdjson::error_message(failed));
    return document;
  }
};

template <class T>
Result<T> member(const element& from, std::string_view name) {
  T value;
  if (from[name].get(value)) return unexpected(fmt::format("\"{}\" is missing or of another kind", name));
  return value;
}

template <class T>
T member_or(const element& from, std::string_view name, T otherwise) {
  T value;
  return from[name].get(value) ? otherwise : value;
}

std::uint64_t count_or_zero(const element& from, std::string_view name) {
  return member_or<std::uint64_t>(from, name, 0);
}

Result<Labels> labels_of(const element& from) {
  object fields;
  if (from.get(fields)) return unexpected("labels are no object");
  Labels out;
  for (const auto& [name, value] : fields) {
    std::string_view text;
    if (value.get(text)) return unexpected("a label's value is no string");
    out.emplace_back(name, text);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<LogEntry> entry_of(const element& from, const std::shared_ptr<const Labels>& labels) {
  array fields;
  std::string_view time, line;
  if (from.get(fields) || fields.size() < 2 || fields.at(0).get(time) || fields.at(1).get(line)) {
    return unexpected("a line is no [time, text]");
  }
  LogEntry out{0, labels, std::string(line)};
  const auto [end, failed] = std::from_chars(time.data(), time.data() + time.size(), out.time);
  if (failed != std::errc() || end != time.data() + time.size()) return unexpected("the time of a line is no number");
  return out;
}

Result<void> add_streams(const array& streams, std::vector<LogEntry>& out) {
  for (const element& stream : streams) {
    TRY(labels_json, member<element>(stream, "stream"));
    TRY(labels, labels_of(labels_json));
    const auto shared = std::make_shared<const Labels>(std::move(labels));
    TRY(values, member<array>(stream, "values"));
    for (const element& value : values) {
      TRY(entry, entry_of(value, shared));
      out.push_back(std::move(entry));
    }
  }
  return {};
}

Result<TimeNs> time_of(const element& from) {
  double seconds = 0;
  if (from.get(seconds) || !std::isfinite(seconds) || std::fabs(seconds) > 9e9)
    return unexpected("a time is no number");
  return static_cast<TimeNs>(std::llround(seconds * 1000)) * 1'000'000;
}

Result<MetricSeries::Sample> sample_of(const element& from) {
  array fields;
  std::string_view value;
  if (from.get(fields) || fields.size() != 2 || fields.at(1).get(value)) {
    return unexpected("a sample is no [time, value]");
  }
  TRY(time, time_of(fields.at(0).value_unsafe()));
  return MetricSeries::Sample{time, std::string(value)};
}

// A bucket [rule, lower, upper, count] with the brackets of its rule.
Result<std::string> bucket_text(const element& from) {
  array fields;
  std::int64_t rule = 0;
  std::string_view lower, upper, count;
  if (from.get(fields) || fields.size() != 4 || fields.at(0).get(rule) || fields.at(1).get(lower) ||
      fields.at(2).get(upper) || fields.at(3).get(count) || rule < 0 || rule > 3) {
    return unexpected("a bucket is no [rule, lower, upper, count]");
  }
  const bool with_lower = rule == 1 || rule == 3, with_upper = rule == 0 || rule == 3;
  return fmt::format("{}{},{}{}:{}", with_lower ? '[' : '(', lower, upper, with_upper ? ']' : ')', count);
}

Result<MetricSeries::Sample> histogram_of(const element& from) {
  array fields;
  object histogram;
  if (from.get(fields) || fields.size() != 2 || fields.at(1).get(histogram)) {
    return unexpected("a histogram is no [time, object]");
  }
  TRY(time, time_of(fields.at(0).value_unsafe()));
  TRY(count, member<std::string_view>(fields.at(1).value_unsafe(), "count"));
  TRY(sum, member<std::string_view>(fields.at(1).value_unsafe(), "sum"));
  std::string text = fmt::format("{{count:{}, sum:{}", count, sum);
  array buckets;
  if (!histogram["buckets"].get(buckets)) {
    for (const element& bucket : buckets) {
      TRY(one, bucket_text(bucket));
      text += ", " + one;
    }
  }
  return MetricSeries::Sample{time, text + "}"};
}

// Samples under `values` and histograms under `histograms`; a series may have either or both.
Result<void> add_samples(const element& from, MetricSeries& out) {
  array values, histograms;
  const bool floats = !from["values"].get(values), native = !from["histograms"].get(histograms);
  if (!floats && !native) return unexpected("\"values\" is missing or of another kind");
  if (floats) {
    for (const element& value : values) {
      TRY(sample, sample_of(value));
      out.samples.push_back(std::move(sample));
    }
  }
  if (native) {
    for (const element& value : histograms) {
      TRY(sample, histogram_of(value));
      out.samples.push_back(std::move(sample));
    }
  }
  if (floats && native) {
    std::stable_sort(out.samples.begin(), out.samples.end(),
                     [](const auto& a, const auto& b) { return a.time < b.time; });
  }
  return {};
}

Result<MetricSeries> series_of(const element& from, bool matrix) {
  MetricSeries out;
  TRY(metric, member<element>(from, "metric"));
  TRY(labels, labels_of(metric));
  out.labels = std::move(labels);
  if (matrix) {
    TRY_VOID(add_samples(from, out));
    return out;
  }
  element native;
  if (!from["histogram"].get(native)) {
    TRY(sample, histogram_of(native));
    out.samples.push_back(std::move(sample));
    return out;
  }
  TRY(value, member<element>(from, "value"));
  TRY(sample, sample_of(value));
  out.samples.push_back(std::move(sample));
  return out;
}

std::vector<std::string> texts_of(const element& from, std::string_view name) {
  std::vector<std::string> out;
  array list;
  if (from[name].get(list)) return out;
  for (const element& one : list) {
    if (std::string_view text; !one.get(text)) out.emplace_back(text);
  }
  return out;
}

Result<void> add_result(const element& data, std::string_view kind, QueryAnswer& answer) {
  TRY(result, member<element>(data, "result"));
  if (kind == "scalar" || kind == "string") {
    answer.kind = QueryAnswer::Kind::kScalar;
    TRY(sample, sample_of(result));
    answer.series.push_back({{}, {std::move(sample)}});
    return {};
  }
  array list;
  if (!result.is_null() && result.get(list)) return unexpected("\"result\" is no list");
  if (result.is_null()) return {};
  if (kind == "streams") return add_streams(list, answer.entries);
  const bool matrix = kind == "matrix";
  if (!matrix && kind != "vector") return unexpected(fmt::format("unknown resultType \"{}\"", kind));
  answer.kind = matrix ? QueryAnswer::Kind::kMatrix : QueryAnswer::Kind::kVector;
  for (const element& one : list) {
    TRY(series, series_of(one, matrix));
    answer.series.push_back(std::move(series));
  }
  return {};
}

}  // namespace

std::string to_string(const Labels& labels) {
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ", ";
    out += name + "=" + logql::quote(value);
  }
  return out + "}";
}

Result<QueryAnswer> parse_query_answer(std::string_view json) {
  TRY(document, Document::read(json));
  TRY(data, member<element>(document->root, "data"));
  TRY(kind, member<std::string_view>(data, "resultType"));
  QueryAnswer answer;
  TRY_VOID(add_result(data, kind, answer));
  answer.cursor = member_or<std::string_view>(data, "cursor", "");
  answer.truncated = member_or<bool>(data, "truncated", false);
  answer.ordered = member_or<bool>(data, "ordered", false);
  if (std::uint64_t more = 0; !data["rowsMore"].get(more)) answer.lines_more = more;
  element summary;
  if (!data.at_pointer("/stats/summary").get(summary)) {
    answer.bytes = count_or_zero(summary, "totalBytesProcessed");
    answer.lines = count_or_zero(summary, "totalLinesProcessed");
    answer.seconds = member_or<double>(summary, "execTime", 0);
  }
  answer.warnings = texts_of(document->root, "warnings");
  answer.infos = texts_of(document->root, "infos");
  return answer;
}

Result<PromqlStatistics> parse_promql_statistics(std::string_view json) {
  TRY(document, Document::read(json));
  PromqlStatistics out;
  element found;
  if (!document->root.at_pointer("/data/stats/timings/evalTotalTime").get(found)) {
    double seconds = 0;
    if (!found.get(seconds)) out.seconds = seconds;
  }
  if (!document->root.at_pointer("/data/stats/samples/totalQueryableSamples").get(found)) {
    std::uint64_t samples = 0;
    if (!found.get(samples)) out.samples = samples;
  }
  return out;
}

Result<MetricMetadata> parse_metadata_answer(std::string_view json, const std::string& metric) {
  TRY(document, Document::read(json));
  MetricMetadata out;
  element data;
  array known;
  if (document->root["data"].get(data) || data[metric].get(known) || known.size() == 0) return out;
  const element first = known.at(0).value_unsafe();
  out.type = member_or<std::string_view>(first, "type", "");
  out.help = member_or<std::string_view>(first, "help", "");
  return out;
}

Result<TailFrame> parse_tail_frame(std::string_view json) {
  TRY(document, Document::read(json));
  TailFrame frame;
  array list;
  if (!document->root["streams"].get(list)) TRY_VOID(add_streams(list, frame.entries));
  if (!document->root["dropped_entries"].get(list)) frame.dropped = list.size();
  return frame;
}

Result<std::vector<std::string>> parse_list_answer(std::string_view json) {
  TRY(document, Document::read(json));
  std::vector<std::string> out;
  array list;
  if (document->root["data"].get(list)) return out;  // Loki leaves an empty list out
  for (const element& one : list) {
    std::string_view text;
    if (one.get(text)) return unexpected("a value is no string");
    out.emplace_back(text);
  }
  return out;
}

Result<std::vector<Labels>> parse_series_answer(std::string_view json) {
  TRY(document, Document::read(json));
  std::vector<Labels> out;
  array list;
  if (document->root["data"].get(list)) return out;
  for (const element& one : list) {
    TRY(labels, labels_of(one));
    out.push_back(std::move(labels));
  }
  return out;
}

Result<std::uint64_t> parse_estimate_answer(std::string_view json) {
  TRY(document, Document::read(json));
  TRY(data, member<element>(document->root, "data"));
  return member<std::uint64_t>(data, "bytes");
}

Result<IndexStatistics> parse_statistics_answer(std::string_view json) {
  TRY(document, Document::read(json));
  const element& root = document->root;
  if (!root.is_object()) return unexpected("it is no object");
  return IndexStatistics{count_or_zero(root, "streams"), count_or_zero(root, "chunks"), count_or_zero(root, "entries"),
                         count_or_zero(root, "bytes")};
}

std::string error_of_answer(std::string body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text;
  if (!body.starts_with('{') || parser.parse(body).get(root) || root["error"].get(text)) return body;
  return std::string(text);
}

}  // namespace trilobite::cli
