// Values inside a template, with the kinds that Go's text/template tells apart.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "logs/go_time.h"

namespace trilobite::logql {

struct TemplateValue;
using TemplateList = std::vector<TemplateValue>;
using TemplateMap = std::map<std::string, TemplateValue>;
struct RootLabels {};  // the dot that a template starts with: all labels of the row

struct TemplateValue {
  // Lists and maps come from fromJson and never change; copies share them.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, GoTime, std::shared_ptr<const TemplateList>,
               std::shared_ptr<const TemplateMap>, RootLabels>
      data;

  TemplateValue() = default;
  template <class T>
  TemplateValue(T value) : data(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  bool is_nil() const { return data.index() == 0; }
  const std::string* text() const { return std::get_if<std::string>(&data); }
  std::string_view type_name() const;  // Go's, for error texts
};

bool truth(const TemplateValue& value);
// As fmt's %v prints it; nil is "<no value>", a list "[1 2]", a map "map[a:1]".
void print_value(const TemplateValue& value, std::string& out);
std::string format_float(double value);  // Go's %v: 0.25, 2.21e+06

// What the sprig functions make of any value: 0 where it is no number.
std::int64_t to_int(const TemplateValue& value);
double to_float(const TemplateValue& value);
std::string to_text(const TemplateValue& value);

}  // namespace trilobite::logql
