#include "json_value.h"

#include <fmt/format.h>

#include "json.h"
#include "number.h"

namespace trilobite::log {

void append_json_value(std::string& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kInt:
      return append_integer(out, value.as_int());
    case ValueKind::kUint:
      return append_integer(out, value.as_uint());
    case ValueKind::kFloat:
      return append_json_number(out, static_cast<float>(value.as_double()));
    case ValueKind::kDouble:
      return append_json_number(out, value.as_double());
    case ValueKind::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case ValueKind::kPointer:
      return append_json_string(out, fmt::format("{}", value.as_pointer()));
    case ValueKind::kChar: {
      const char c = value.as_char();
      return append_json_string(out, {&c, 1});
    }
    case ValueKind::kDisplay:
      return append_json_string(out, value.text());
    case ValueKind::kString:
    case ValueKind::kJson:
      if (!append_if_json(out, value.text())) append_json_string(out, value.text());
      return;
  }
}

}  // namespace trilobite::log
