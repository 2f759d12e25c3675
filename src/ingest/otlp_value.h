// AnyValue of OpenTelemetry's protocol (protobuf) and how it reads as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "logs/arena.h"

namespace trilobite::ingest {

// Lists and maps in each other; more is refused.
inline constexpr std::size_t kOtlpDepthMax = 64;

struct OtlpValue {
  enum class Kind : std::uint8_t { kNothing, kText, kFlag, kInteger, kDecimal, kList, kMap, kBytes };
  Kind kind = Kind::kNothing;
  std::string_view bytes;  // text, bytes, or the message of a list or map
  std::int64_t integer = 0;
  double decimal = 0;
  bool flag = false;
};
struct OtlpAttribute {
  std::string_view key;
  std::string_view value;  // message AnyValue
};

// All of them throw protozero's exceptions on a broken message; whoever starts decoding catches them.
OtlpValue read_otlp_value(std::string_view message);
OtlpAttribute read_otlp_attribute(std::string_view message);  // KeyValue

// Text as it is, numbers as Go prints them, true and false, base64 of bytes, lists and maps as JSON with sorted keys,
// "" for nothing. Of what the message holds, or made in `arena`.
Result<std::string_view> otlp_text(const OtlpValue& value, logql::Arena& arena);

}  // namespace trilobite::ingest
