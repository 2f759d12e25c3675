#include "ingest/otlp_value.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <map>
#include <protozero/pbf_reader.hpp>

#include "base/json_writer.h"
#include "query/number_format.h"

namespace trilobite::ingest {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

std::string_view view(protozero::data_view data) { return {data.data(), data.size()}; }

// Exponents only for very small and very large numbers, and without a zero in front: 1e-7, 1e+21.
void append_decimal(std::string& out, double value) {
  const double size = std::fabs(value);
  if (!std::isfinite(value) || size == 0 || (size >= 1e-6 && size < 1e21)) return query::append_number(out, value);
  char buffer[40];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
  if (text.size() > 4 && text.substr(text.size() - 4, 3) == "e-0") {
    out.append(text.substr(0, text.size() - 2)).push_back(text.back());
  } else {
    out.append(text);
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (k < have ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= have ? kDigits[word >> (18 - 6 * k) & 63] : '=';
  }
}

Result<void> append_json(std::string& out, const OtlpValue& value, std::size_t depth);

Result<void> append_list(std::string& out, std::string_view message, std::size_t depth) {
  protozero::pbf_reader reader(message.data(), message.size());
  out += '[';
  bool first = true;
  while (reader.next(1, pbf_wire_type::length_delimited)) {
    if (!first) out += ',';
    first = false;
    TRY_VOID(append_json(out, read_otlp_value(view(reader.get_view())), depth));
  }
  out += ']';
  return {};
}

Result<void> append_map(std::string& out, std::string_view message, std::size_t depth) {
  std::map<std::string_view, std::string_view> sorted;  // of equal keys the last wins, as in a map of Go
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next(1, pbf_wire_type::length_delimited)) {
    const OtlpAttribute attribute = read_otlp_attribute(view(reader.get_view()));
    sorted[attribute.key] = attribute.value;
  }
  out += '{';
  bool first = true;
  for (const auto& [key, content] : sorted) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);
    out += ':';
    TRY_VOID(append_json(out, read_otlp_value(content), depth));
  }
  out += '}';
  return {};
}

Result<void> append_json(std::string& out, const OtlpValue& value, std::size_t depth) {
  if (depth == 0) return error(Code::kInvalid, "a value has more than {} lists and maps in each other", kOtlpDepthMax);
  switch (value.kind) {
    case OtlpValue::Kind::kNothing:
      out += "null";
      return {};
    case OtlpValue::Kind::kText:
      append_json_string(out, value.bytes);
      return {};
    case OtlpValue::Kind::kFlag:
      out += value.flag ? "true" : "false";
      return {};
    case OtlpValue::Kind::kInteger:
      out += fmt::format("{}", value.integer);
      return {};
    case OtlpValue::Kind::kDecimal:
      // JSON has no word for those that are no number.
      if (!std::isfinite(value.decimal)) out += '"';
      append_decimal(out, value.decimal);
      if (!std::isfinite(value.decimal)) out += '"';
      return {};
    case OtlpValue::Kind::kBytes:
      out += '"';
      append_base64(out, value.bytes);
      out += '"';
      return {};
    case OtlpValue::Kind::kList:
      return append_list(out, value.bytes, depth - 1);
    case OtlpValue::Kind::kMap:
      return append_map(out, value.bytes, depth - 1);
  }
  return {};
}

}  // namespace

OtlpValue read_otlp_value(std::string_view message) {
  protozero::pbf_reader reader(message.data(), message.size());
  OtlpValue value;
  const auto hold = [&](OtlpValue::Kind kind) { value = {.kind = kind, .bytes = view(reader.get_view())}; };
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited):
        hold(OtlpValue::Kind::kText);
        break;
      case tag_and_type(2, pbf_wire_type::varint):
        value = {.kind = OtlpValue::Kind::kFlag, .flag = reader.get_bool()};
        break;
      case tag_and_type(3, pbf_wire_type::varint):
        value = {.kind = OtlpValue::Kind::kInteger, .integer = reader.get_int64()};
        break;
      case tag_and_type(4, pbf_wire_type::fixed64):
        value = {.kind = OtlpValue::Kind::kDecimal, .decimal = reader.get_double()};
        break;
      case tag_and_type(5, pbf_wire_type::length_delimited):
        hold(OtlpValue::Kind::kList);
        break;
      case tag_and_type(6, pbf_wire_type::length_delimited):
        hold(OtlpValue::Kind::kMap);
        break;
      case tag_and_type(7, pbf_wire_type::length_delimited):
        hold(OtlpValue::Kind::kBytes);
        break;
      default:
        reader.skip();
    }
  }
  return value;
}

OtlpAttribute read_otlp_attribute(std::string_view message) {
  protozero::pbf_reader reader(message.data(), message.size());
  OtlpAttribute attribute;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited):
        attribute.key = view(reader.get_view());
        break;
      case tag_and_type(2, pbf_wire_type::length_delimited):
        attribute.value = view(reader.get_view());
        break;
      default:
        reader.skip();
    }
  }
  return attribute;
}

Result<std::string_view> otlp_text(const OtlpValue& value, logql::Arena& arena) {
  std::string text;
  switch (value.kind) {
    case OtlpValue::Kind::kNothing:
      return std::string_view();
    case OtlpValue::Kind::kText:
      return value.bytes;
    case OtlpValue::Kind::kDecimal:
      append_decimal(text, value.decimal);
      break;
    case OtlpValue::Kind::kBytes:
      append_base64(text, value.bytes);
      break;
    default:
      TRY_VOID(append_json(text, value, kOtlpDepthMax));
  }
  return arena.copy(text);
}

}  // namespace trilobite::ingest
