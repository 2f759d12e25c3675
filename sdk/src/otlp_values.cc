#include "otlp_values.h"

#include <limits>

#include <fmt/format.h>

#include "utf8.h"

namespace trilobite::otlp {

void put_text(ProtobufWriter& writer, std::uint32_t field, std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t length = log::utf8_length(rest);
    if (length == 0) break;
    rest.remove_prefix(length);
  }
  if (rest.empty()) return writer.bytes(field, text);
  std::string repaired(text.substr(0, text.size() - rest.size()));
  while (!rest.empty()) {
    const std::size_t length = log::utf8_length(rest);
    repaired += length == 0 ? std::string_view("\xef\xbf\xbd") : rest.substr(0, length);
    rest.remove_prefix(length == 0 ? 1 : length);
  }
  writer.bytes(field, repaired);
}

void put_value(ProtobufWriter& writer, std::uint32_t field, const log::Value& value) {
  constexpr std::uint32_t kString = 1, kBool = 2, kInt = 3, kDouble = 4;
  writer.message(field, [&] {
    switch (value.kind()) {
      case log::ValueKind::kInt:
        return writer.int64(kInt, value.as_int());
      case log::ValueKind::kUint:
        if (value.as_uint() <= std::numeric_limits<std::int64_t>::max()) return writer.uint64(kInt, value.as_uint());
        return writer.bytes(kString, fmt::format("{}", value.as_uint()));
      case log::ValueKind::kFloat:
      case log::ValueKind::kDouble:
        return writer.float64(kDouble, value.as_double());
      case log::ValueKind::kBool:
        return writer.boolean(kBool, value.as_bool());
      case log::ValueKind::kChar: {
        const char c = value.as_char();
        return put_text(writer, kString, {&c, 1});
      }
      case log::ValueKind::kPointer:
        return writer.bytes(kString, fmt::format("{}", value.as_pointer()));
      default:
        return put_text(writer, kString, value.text());
    }
  });
}

void put_attribute(ProtobufWriter& writer, std::uint32_t field, std::string_view key, const log::Value& value) {
  writer.message(field, [&] {
    put_text(writer, 1, key);
    put_value(writer, 2, value);
  });
}

}  // namespace trilobite::otlp
