#include "ingest/otlp_json.h"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <limits>
#include <protozero/pbf_writer.hpp>
#include <span>

#include "ingest/otlp_value.h"

namespace trilobite::ingest {
namespace {

namespace od = simdjson::ondemand;

enum class Kind : std::uint8_t {
  kText,
  kBase64,
  kHex,
  kFlag,
  kInteger,
  kCount,
  kFixed32,
  kFixed64,
  kDecimal,
  kSeverity,
  kTemporality,
  kSigned64,  // sfixed64
  kZigzag,    // sint32
  kWhole,     // uint64
  kMessage
};

struct Message;
struct Field {
  std::string_view name, other_name;  // timeUnixNano, time_unix_nano
  std::uint32_t number;
  Kind kind;
  const Message* message = nullptr;  // of kMessage; a JSON list holds several
};
struct Message {
  std::span<const Field> fields;
};

extern const Message kValue;

constexpr std::array kKeyValueFields = {Field{"key", "", 1, Kind::kText},
                                        Field{"value", "", 2, Kind::kMessage, &kValue}};
constexpr Message kKeyValue{kKeyValueFields};
constexpr std::array kListFields = {Field{"values", "", 1, Kind::kMessage, &kValue}};
constexpr Message kList{kListFields};
constexpr std::array kMapFields = {Field{"values", "", 1, Kind::kMessage, &kKeyValue}};
constexpr Message kMap{kMapFields};
constexpr std::array kValueFields = {
    Field{"stringValue", "string_value", 1, Kind::kText},
    Field{"boolValue", "bool_value", 2, Kind::kFlag},
    Field{"intValue", "int_value", 3, Kind::kInteger},
    Field{"doubleValue", "double_value", 4, Kind::kDecimal},
    Field{"arrayValue", "array_value", 5, Kind::kMessage, &kList},
    Field{"kvlistValue", "kvlist_value", 6, Kind::kMessage, &kMap},
    Field{"bytesValue", "bytes_value", 7, Kind::kBase64},
};
constexpr Message kValue{kValueFields};
constexpr std::array kResourceFields = {
    Field{"attributes", "", 1, Kind::kMessage, &kKeyValue},
    Field{"droppedAttributesCount", "dropped_attributes_count", 2, Kind::kCount},
};
constexpr Message kResource{kResourceFields};
constexpr std::array kScopeFields = {
    Field{"name", "", 1, Kind::kText},
    Field{"version", "", 2, Kind::kText},
    Field{"attributes", "", 3, Kind::kMessage, &kKeyValue},
    Field{"droppedAttributesCount", "dropped_attributes_count", 4, Kind::kCount},
};
constexpr Message kScope{kScopeFields};
constexpr std::array kRecordFields = {
    Field{"timeUnixNano", "time_unix_nano", 1, Kind::kFixed64},
    Field{"severityNumber", "severity_number", 2, Kind::kSeverity},
    Field{"severityText", "severity_text", 3, Kind::kText},
    Field{"body", "", 5, Kind::kMessage, &kValue},
    Field{"attributes", "", 6, Kind::kMessage, &kKeyValue},
    Field{"droppedAttributesCount", "dropped_attributes_count", 7, Kind::kCount},
    Field{"flags", "", 8, Kind::kFixed32},
    Field{"traceId", "trace_id", 9, Kind::kHex},
    Field{"spanId", "span_id", 10, Kind::kHex},
    Field{"observedTimeUnixNano", "observed_time_unix_nano", 11, Kind::kFixed64},
    Field{"eventName", "event_name", 12, Kind::kText},
};
constexpr Message kRecord{kRecordFields};
constexpr std::array kScopeLogsFields = {
    Field{"scope", "", 1, Kind::kMessage, &kScope},
    Field{"logRecords", "log_records", 2, Kind::kMessage, &kRecord},
};
constexpr Message kScopeLogs{kScopeLogsFields};
constexpr std::array kResourceLogsFields = {
    Field{"resource", "", 1, Kind::kMessage, &kResource},
    Field{"scopeLogs", "scope_logs", 2, Kind::kMessage, &kScopeLogs},
};
constexpr Message kResourceLogs{kResourceLogsFields};
constexpr std::array kLogsFields = {Field{"resourceLogs", "resource_logs", 1, Kind::kMessage, &kResourceLogs}};
constexpr Message kLogs{kLogsFields};

constexpr std::array kExemplarFields = {
    Field{"timeUnixNano", "time_unix_nano", 2, Kind::kFixed64},
    Field{"asDouble", "as_double", 3, Kind::kDecimal},
    Field{"spanId", "span_id", 4, Kind::kHex},
    Field{"traceId", "trace_id", 5, Kind::kHex},
    Field{"asInt", "as_int", 6, Kind::kSigned64},
    Field{"filteredAttributes", "filtered_attributes", 7, Kind::kMessage, &kKeyValue},
};
constexpr Message kExemplar{kExemplarFields};
constexpr std::array kNumberFields = {
    Field{"startTimeUnixNano", "start_time_unix_nano", 2, Kind::kFixed64},
    Field{"timeUnixNano", "time_unix_nano", 3, Kind::kFixed64},
    Field{"asDouble", "as_double", 4, Kind::kDecimal},
    Field{"exemplars", "", 5, Kind::kMessage, &kExemplar},
    Field{"asInt", "as_int", 6, Kind::kSigned64},
    Field{"attributes", "", 7, Kind::kMessage, &kKeyValue},
    Field{"flags", "", 8, Kind::kCount},
};
constexpr Message kNumber{kNumberFields};
constexpr std::array kHistogramPointFields = {
    Field{"startTimeUnixNano", "start_time_unix_nano", 2, Kind::kFixed64},
    Field{"timeUnixNano", "time_unix_nano", 3, Kind::kFixed64},
    Field{"count", "", 4, Kind::kFixed64},
    Field{"sum", "", 5, Kind::kDecimal},
    Field{"bucketCounts", "bucket_counts", 6, Kind::kFixed64},
    Field{"explicitBounds", "explicit_bounds", 7, Kind::kDecimal},
    Field{"exemplars", "", 8, Kind::kMessage, &kExemplar},
    Field{"attributes", "", 9, Kind::kMessage, &kKeyValue},
    Field{"flags", "", 10, Kind::kCount},
};
constexpr Message kHistogramPoint{kHistogramPointFields};
constexpr std::array kBucketsFields = {
    Field{"offset", "", 1, Kind::kZigzag},
    Field{"bucketCounts", "bucket_counts", 2, Kind::kWhole},
};
constexpr Message kBuckets{kBucketsFields};
constexpr std::array kExponentialPointFields = {
    Field{"attributes", "", 1, Kind::kMessage, &kKeyValue},
    Field{"startTimeUnixNano", "start_time_unix_nano", 2, Kind::kFixed64},
    Field{"timeUnixNano", "time_unix_nano", 3, Kind::kFixed64},
    Field{"count", "", 4, Kind::kFixed64},
    Field{"sum", "", 5, Kind::kDecimal},
    Field{"scale", "", 6, Kind::kZigzag},
    Field{"zeroCount", "zero_count", 7, Kind::kFixed64},
    Field{"positive", "", 8, Kind::kMessage, &kBuckets},
    Field{"negative", "", 9, Kind::kMessage, &kBuckets},
    Field{"flags", "", 10, Kind::kCount},
    Field{"exemplars", "", 11, Kind::kMessage, &kExemplar},
    Field{"zeroThreshold", "zero_threshold", 14, Kind::kDecimal},
};
constexpr Message kExponentialPoint{kExponentialPointFields};
constexpr std::array kQuantileFields = {
    Field{"quantile", "", 1, Kind::kDecimal},
    Field{"value", "", 2, Kind::kDecimal},
};
constexpr Message kQuantile{kQuantileFields};
constexpr std::array kSummaryPointFields = {
    Field{"startTimeUnixNano", "start_time_unix_nano", 2, Kind::kFixed64},
    Field{"timeUnixNano", "time_unix_nano", 3, Kind::kFixed64},
    Field{"count", "", 4, Kind::kFixed64},
    Field{"sum", "", 5, Kind::kDecimal},
    Field{"quantileValues", "quantile_values", 6, Kind::kMessage, &kQuantile},
    Field{"attributes", "", 7, Kind::kMessage, &kKeyValue},
    Field{"flags", "", 8, Kind::kCount},
};
constexpr Message kSummaryPoint{kSummaryPointFields};
constexpr std::array kGaugeFields = {Field{"dataPoints", "data_points", 1, Kind::kMessage, &kNumber}};
constexpr Message kGauge{kGaugeFields};
constexpr std::array kSumFields = {
    Field{"dataPoints", "data_points", 1, Kind::kMessage, &kNumber},
    Field{"aggregationTemporality", "aggregation_temporality", 2, Kind::kTemporality},
    Field{"isMonotonic", "is_monotonic", 3, Kind::kFlag},
};
constexpr Message kSum{kSumFields};
constexpr std::array kHistogramFields = {
    Field{"dataPoints", "data_points", 1, Kind::kMessage, &kHistogramPoint},
    Field{"aggregationTemporality", "aggregation_temporality", 2, Kind::kTemporality},
};
constexpr Message kHistogram{kHistogramFields};
constexpr std::array kExponentialFields = {
    Field{"dataPoints", "data_points", 1, Kind::kMessage, &kExponentialPoint},
    Field{"aggregationTemporality", "aggregation_temporality", 2, Kind::kTemporality},
};
constexpr Message kExponential{kExponentialFields};
constexpr std::array kSummaryFields = {Field{"dataPoints", "data_points", 1, Kind::kMessage, &kSummaryPoint}};
constexpr Message kSummary{kSummaryFields};
constexpr std::array kMetricFields = {
    Field{"name", "", 1, Kind::kText},
    Field{"description", "", 2, Kind::kText},
    Field{"unit", "", 3, Kind::kText},
    Field{"gauge", "", 5, Kind::kMessage, &kGauge},
    Field{"sum", "", 7, Kind::kMessage, &kSum},
    Field{"histogram", "", 9, Kind::kMessage, &kHistogram},
    Field{"exponentialHistogram", "exponential_histogram", 10, Kind::kMessage, &kExponential},
    Field{"summary", "", 11, Kind::kMessage, &kSummary},
};
constexpr Message kMetric{kMetricFields};
constexpr std::array kScopeMetricsFields = {
    Field{"scope", "", 1, Kind::kMessage, &kScope},
    Field{"metrics", "", 2, Kind::kMessage, &kMetric},
    Field{"schemaUrl", "schema_url", 3, Kind::kText},
};
constexpr Message kScopeMetrics{kScopeMetricsFields};
constexpr std::array kResourceMetricsFields = {
    Field{"resource", "", 1, Kind::kMessage, &kResource},
    Field{"scopeMetrics", "scope_metrics", 2, Kind::kMessage, &kScopeMetrics},
};
constexpr Message kResourceMetrics{kResourceMetricsFields};
constexpr std::array kMetricsFields = {
    Field{"resourceMetrics", "resource_metrics", 1, Kind::kMessage, &kResourceMetrics}};
constexpr Message kMetrics{kMetricsFields};

// A value takes two messages per level; five more are around it.
constexpr std::size_t kDepthMax = 2 * kOtlpDepthMax + 8;

Error invalid(const Field& field, std::string_view what) {
  return error(Code::kInvalid, "cannot decode OTLP JSON: {}: {}", field.name, what);
}

// A number, or the same as text: 64 bits do not fit JavaScript's numbers.
std::string_view number_text(od::value& value) {
  if (value.type().value() == od::json_type::string) return value.get_string();
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

template <class T>
Result<T> number(const Field& field, od::value& value) {
  const std::string_view text = number_text(value);
  T parsed{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (failed == std::errc() && end == text.data() + text.size()) return parsed;
  return invalid(field, fmt::format("\"{}\" is no number that fits", text));
}

Result<std::int32_t> severity(const Field& field, od::value& value) {
  if (value.type().value() != od::json_type::string) return number<std::int32_t>(field, value);
  // SEVERITY_NUMBER_WARN2
  static constexpr std::array<std::string_view, 6> kNames = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  std::string_view text = value.get_string();
  constexpr std::string_view kPrefix = "SEVERITY_NUMBER_";
  if (text.starts_with(kPrefix)) {
    text.remove_prefix(kPrefix.size());
    if (text == "UNSPECIFIED") return 0;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (!text.starts_with(kNames[i])) continue;
      const std::string_view rest = text.substr(kNames[i].size());
      if (rest.empty()) return static_cast<std::int32_t>(4 * i + 1);
      if (rest.size() == 1 && rest[0] >= '2' && rest[0] <= '4')
        return static_cast<std::int32_t>(4 * i) + (rest[0] - '0');
    }
  }
  return number<std::int32_t>(field, value);
}

Result<std::int32_t> temporality(const Field& field, od::value& value) {
  if (value.type().value() != od::json_type::string) return number<std::int32_t>(field, value);
  const std::string_view text = value.get_string();
  if (text == "AGGREGATION_TEMPORALITY_UNSPECIFIED") return 0;
  if (text == "AGGREGATION_TEMPORALITY_DELTA") return 1;
  if (text == "AGGREGATION_TEMPORALITY_CUMULATIVE") return 2;
  return number<std::int32_t>(field, value);
}

int digit_of(char c, bool hex) {
  if (hex) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

// Hex, or base64 of either alphabet with or without padding.
Result<std::string> bytes_of(const Field& field, std::string_view text) {
  const bool hex = field.kind == Kind::kHex;
  while (!hex && !text.empty() && text.back() == '=') text.remove_suffix(1);
  const unsigned width = hex ? 4 : 6;
  if (hex ? text.size() % 2 != 0 : text.size() % 4 == 1) return invalid(field, "the text ends too early");
  std::string out;
  std::uint32_t word = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const int digit = digit_of(c, hex);
    if (digit < 0) return invalid(field, hex ? "this is no hexadecimal text" : "this is no base64 text");
    word = word << width | static_cast<std::uint32_t>(digit);
    bits += width;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(word >> bits & 0xFF));
    }
  }
  return out;
}

// simdjson's accessors throw; the caller catches.
class Transcoder {
 public:
  Result<void> message(const Message& message, od::object object, protozero::pbf_writer& out, std::size_t depth) {
    for (od::field entry : object) {
      const std::string_view name = entry.unescaped_key().value();
      const Field* field = find(message, name);
      od::value value = entry.value();
      if (field == nullptr || value.is_null()) continue;
      if (field->kind == Kind::kMessage) {
        TRY_VOID(messages(*field, value, out, depth));
      } else {
        TRY_VOID(scalar(*field, value, out));
      }
    }
    return {};
  }

 private:
  static const Field* find(const Message& message, std::string_view name) {
    for (const Field& field : message.fields) {
      if (name == field.name || (!field.other_name.empty() && name == field.other_name)) return &field;
    }
    return nullptr;
  }

  Result<void> messages(const Field& field, od::value& value, protozero::pbf_writer& out, std::size_t depth) {
    if (depth == 0) return invalid(field, fmt::format("more than {} lists and maps in each other", kOtlpDepthMax));
    if (value.type().value() != od::json_type::array) return one(field, value, out, depth);
    od::array list = value.get_array();
    for (od::value item : list) TRY_VOID(one(field, item, out, depth));
    return {};
  }

  Result<void> one(const Field& field, od::value& value, protozero::pbf_writer& out, std::size_t depth) {
    std::string part;  // not written in place: an empty message would vanish, and an element of a list with it
    if (!value.is_null()) {
      if (value.type().value() != od::json_type::object) return invalid(field, "this must be an object");
      protozero::pbf_writer writer(part);
      TRY_VOID(message(*field.message, value.get_object(), writer, depth - 1));
    }
    out.add_message(field.number, part);
    return {};
  }

  static Result<void> scalar(const Field& field, od::value& value, protozero::pbf_writer& out) {
    const od::json_type type = value.type();
    if (type == od::json_type::array && repeated(field)) {
      od::array list = value.get_array();
      for (od::value item : list) TRY_VOID(single(field, item, out));
      return {};
    }
    return single(field, value, out);
  }

  static bool repeated(const Field& field) {
    return field.name == "bucketCounts" || field.name == "explicitBounds";
  }

  static Result<void> single(const Field& field, od::value& value, protozero::pbf_writer& out) {
    const od::json_type type = value.type();
    if (type == od::json_type::object || type == od::json_type::array)
      return invalid(field, "this must be a single value");
    switch (field.kind) {
      case Kind::kText:
      case Kind::kBase64:
      case Kind::kHex:
        return text(field, value, out);
      case Kind::kFlag:
        if (type != od::json_type::boolean) return invalid(field, "this must be true or false");
        out.add_bool(field.number, value.get_bool());
        return {};
      case Kind::kInteger: {
        TRY(parsed, number<std::int64_t>(field, value));
        out.add_int64(field.number, parsed);
        return {};
      }
      case Kind::kCount:
      case Kind::kFixed32: {
        TRY(parsed, number<std::uint32_t>(field, value));
        field.kind == Kind::kCount ? out.add_uint32(field.number, parsed) : out.add_fixed32(field.number, parsed);
        return {};
      }
      case Kind::kFixed64: {
        TRY(parsed, number<std::uint64_t>(field, value));
        out.add_fixed64(field.number, parsed);
        return {};
      }
      case Kind::kDecimal:
        return decimal(field, value, out);
      case Kind::kSeverity: {
        TRY(parsed, severity(field, value));
        out.add_int32(field.number, parsed);
        return {};
      }
      case Kind::kTemporality: {
        TRY(parsed, temporality(field, value));
        out.add_int32(field.number, parsed);
        return {};
      }
      case Kind::kSigned64: {
        TRY(parsed, number<std::int64_t>(field, value));
        out.add_sfixed64(field.number, parsed);
        return {};
      }
      case Kind::kZigzag: {
        TRY(parsed, number<std::int32_t>(field, value));
        out.add_sint32(field.number, parsed);
        return {};
      }
      case Kind::kWhole: {
        TRY(parsed, number<std::uint64_t>(field, value));
        out.add_uint64(field.number, parsed);
        return {};
      }
      case Kind::kMessage:
        break;
    }
    return {};
  }

  static Result<void> text(const Field& field, od::value& value, protozero::pbf_writer& out) {
    if (value.type().value() != od::json_type::string) return invalid(field, "this must be a text");
    const std::string_view content = value.get_string();
    if (field.kind == Kind::kText) {
      out.add_string(field.number, content.data(), content.size());
    } else {
      TRY(bytes, bytes_of(field, content));
      out.add_bytes(field.number, bytes);
    }
    return {};
  }

  static Result<void> decimal(const Field& field, od::value& value, protozero::pbf_writer& out) {
    double parsed = 0;
    const std::string_view word = number_text(value);
    if (word == "NaN") {
      parsed = std::numeric_limits<double>::quiet_NaN();
    } else if (word == "Infinity" || word == "-Infinity") {
      parsed = word.front() == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    } else {
      TRY(finite, number<double>(field, value));
      parsed = finite;
    }
    out.add_double(field.number, parsed);
    return {};
  }
};

Result<std::string> transcode(const Message& root, std::string& json) {
  json.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  od::parser parser;
  od::document document = parser.iterate(json.data(), json.size(), json.capacity());
  std::string out;
  protozero::pbf_writer writer(out);
  od::object object = document.get_object();
  TRY_VOID(Transcoder().message(root, object, writer, kDepthMax));
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return error(Code::kInvalid, "cannot decode OTLP JSON: unexpected text behind the request");
  }
  return out;
}

Result<std::string> to_protobuf(const Message& root, std::string& json) {
  try {
    return transcode(root, json);
  } catch (const simdjson::simdjson_error& failed) {
    return error(Code::kInvalid, "cannot decode OTLP JSON: {}", simdjson::error_message(failed.error()));
  }
}

}  // namespace

Result<std::string> otlp_logs_json_to_protobuf(std::string json) { return to_protobuf(kLogs, json); }
Result<std::string> otlp_metrics_json_to_protobuf(std::string json) { return to_protobuf(kMetrics, json); }

}  // namespace trilobite::ingest
