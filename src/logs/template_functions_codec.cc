// Encodings: base64, URLs, JSON, and the spellings of sizes and durations.
#include <simdjson.h>

#include <array>

#include "logs/template_functions.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

using Value = TemplateValue;
using Text = std::string_view;

constexpr Text kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Result<Value> encode_base64(const TemplateCall& call) {
  TRY(text, call.text(0));
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out.push_back(i + k <= text.size() ? kBase64[word >> (18 - 6 * k) & 63] : '=');
  }
  return Value(std::move(out));
}

// A text that is no base64 gives the error as the value, as in sprig.
Result<Value> decode_base64(const TemplateCall& call) {
  TRY(text, call.text(0));
  std::string out;
  std::uint32_t word = 0;
  std::size_t digits = 0, padding = 0, i = 0;
  const auto wrong = [&](std::size_t at) { return Value(fmt::format("illegal base64 data at input byte {}", at)); };
  for (; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == '\r') continue;
    const std::size_t value = kBase64.find(text[i]);
    if (text[i] == '=' && digits % 4 >= 2) {
      ++padding;
      ++digits;
      word <<= 6;
    } else {
      if (value == Text::npos || padding > 0) return wrong(i);
      word = word << 6 | static_cast<std::uint32_t>(value);
      ++digits;
    }
    if (digits % 4 == 0) {
      for (std::size_t k = 0; k < 3 - padding; ++k) out.push_back(static_cast<char>(word >> (16 - 8 * k) & 255));
      word = 0;
    }
  }
  return digits % 4 == 0 ? Value(std::move(out)) : wrong(i - i % 4);
}

Result<Value> encode_url(const TemplateCall& call) {
  TRY(text, call.text(0));
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || Text("-_.~").find(c) != Text::npos;
    if (c == ' ') {
      out.push_back('+');
    } else if (plain) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return Value(std::move(out));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Result<Value> decode_url(const TemplateCall& call) {
  TRY(text, call.text(0));
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return error(Code::kInvalid, "invalid URL escape {}", quote(text.substr(i, 3)));
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return Value(std::move(out));
}

Value from_simdjson(const simdjson::dom::element& element) {
  using simdjson::dom::element_type;
  switch (element.type()) {
    case element_type::ARRAY: {
      TemplateList list;
      for (const auto child : simdjson::dom::array(element)) list.push_back(from_simdjson(child));
      return Value(std::make_shared<const TemplateList>(std::move(list)));
    }
    case element_type::OBJECT: {
      TemplateMap map;
      for (const auto member : simdjson::dom::object(element))
        map[std::string(member.key)] = from_simdjson(member.value);
      return Value(std::make_shared<const TemplateMap>(std::move(map)));
    }
    case element_type::INT64: return Value(static_cast<double>(std::int64_t(element)));
    case element_type::UINT64: return Value(static_cast<double>(std::uint64_t(element)));
    case element_type::DOUBLE: return Value(double(element));
    case element_type::STRING: return Value(std::string(std::string_view(element)));
    case element_type::BOOL: return Value(bool(element));
    case element_type::NULL_VALUE: break;
  }
  return {};
}

// What is no JSON gives nil, as in sprig.
Result<Value> from_json(const TemplateCall& call) {
  TRY(text, call.text(0));
  try {
    constexpr std::size_t kDepthMax = 256;
    simdjson::dom::parser parser;
    if (parser.allocate(text.size() + 64, kDepthMax) != simdjson::SUCCESS) return Value();
    simdjson::dom::element root;
    if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return Value();
    return from_simdjson(root);
  } catch (const simdjson::simdjson_error&) {
    return Value();
  }
}

Result<Value> bytes(const TemplateCall& call) {
  TRY(text, call.text(0));
  const auto value = parse_bytes(text);
  if (!value)
    return error(Code::kInvalid, "strconv.ParseFloat: parsing {}: invalid syntax",
                 quote(text.substr(0, text.find_first_not_of("0123456789.,"))));
  return Value(static_cast<double>(*value));
}

Result<Value> duration(const TemplateCall& call) {
  TRY(text, call.text(0));
  const auto value = parse_go_duration(text);
  if (!value) return error(Code::kInvalid, "time: invalid duration {}", quote(text));
  return Value(static_cast<double>(*value) / 1e9);
}

constexpr std::array<TemplateFunction, 8> kFunctions{{
    {"b64enc", 1, 1, encode_base64},
    {"b64dec", 1, 1, decode_base64},
    {"urlencode", 1, 1, encode_url},
    {"urldecode", 1, 1, decode_url},
    {"fromJson", 1, 1, from_json},
    {"bytes", 1, 1, bytes},
    {"duration", 1, 1, duration},
    {"duration_seconds", 1, 1, duration},
}};

}  // namespace

std::span<const TemplateFunction> codec_functions() { return kFunctions; }

}  // namespace trilobite::logql
