// The functions of templates. One row each: name, how many arguments, and what it does. The tables are in the files
// template_functions_*.cc, by subject.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "logs/template.h"

namespace trilobite::logql {

inline constexpr std::size_t kAnyCount = ~std::size_t{0};

struct TemplateCall {
  std::span<const TemplateValue> arguments;
  const TemplateInput& input;

  const TemplateValue& operator[](std::size_t i) const { return arguments[i]; }
  // The i-th argument, which must be a string (a time).
  Result<std::string_view> text(std::size_t i) const;
  Result<GoTime> time(std::size_t i) const;
};

struct TemplateFunction {
  std::string_view name;
  std::size_t min = 0, max = 0;  // arguments
  Result<TemplateValue> (*call)(const TemplateCall& call);
};

// nullptr when there is none.
const TemplateFunction* find_template_function(std::string_view name);
// All of them, for documentation and tests.
std::span<const std::span<const TemplateFunction>> template_functions();

// eq, lt...: -1, 0, 1, or an error for kinds that cannot be compared.
Result<int> compare_values(const TemplateValue& a, const TemplateValue& b);
Result<TemplateValue> index_value(const TemplateValue& value, const TemplateValue& key, const TemplateInput& input);
std::string print_root(const TemplateInput& input);  // map[a:1 b:2]
std::string print_any(const TemplateValue& value, const TemplateInput& input);

std::span<const TemplateFunction> builtin_functions();
std::span<const TemplateFunction> text_functions();
std::span<const TemplateFunction> number_functions();
std::span<const TemplateFunction> time_functions();
std::span<const TemplateFunction> codec_functions();

}  // namespace trilobite::logql
