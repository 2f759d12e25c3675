#include "logs/template_functions.h"

#include <array>

namespace trilobite::logql {

Result<std::string_view> TemplateCall::text(std::size_t i) const {
  if (const std::string* text = arguments[i].text()) return std::string_view(*text);
  return error(Code::kInvalid, "wrong type for value; expected string; got {}", arguments[i].type_name());
}

Result<GoTime> TemplateCall::time(std::size_t i) const {
  if (const auto* time = std::get_if<GoTime>(&arguments[i].data)) return *time;
  return error(Code::kInvalid, "wrong type for value; expected time.Time; got {}", arguments[i].type_name());
}

std::span<const std::span<const TemplateFunction>> template_functions() {
  static const std::array<std::span<const TemplateFunction>, 5> kTables{
      builtin_functions(), text_functions(), number_functions(), time_functions(), codec_functions()};
  return kTables;
}

const TemplateFunction* find_template_function(std::string_view name) {
  for (const auto& table : template_functions()) {
    for (const TemplateFunction& function : table) {
      if (function.name == name) return &function;
    }
  }
  return nullptr;
}

std::string print_root(const TemplateInput& input) {
  std::string out = "map[";
  for (const auto& [name, value] : input.labels()) {
    if (out.size() > 4) out += " ";
    out += name;
    out += ":";
    out += value;
  }
  return out + "]";
}

std::string print_any(const TemplateValue& value, const TemplateInput& input) {
  return std::holds_alternative<RootLabels>(value.data) ? print_root(input) : to_text(value);
}

}  // namespace trilobite::logql
