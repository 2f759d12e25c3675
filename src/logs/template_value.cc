#include "logs/template_value.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "logs/text.h"

namespace trilobite::logql {

std::string_view TemplateValue::type_name() const {
  static constexpr std::array<std::string_view, 9> kNames{"nil",
                                                          "bool",
                                                          "int64",
                                                          "float64",
                                                          "string",
                                                          "time.Time",
                                                          "[]interface {}",
                                                          "map[string]interface {}",
                                                          "map[string]string"};
  return kNames[data.index()];
}

bool truth(const TemplateValue& value) {
  struct Visitor {
    bool operator()(std::monostate) const { return false; }
    bool operator()(bool b) const { return b; }
    bool operator()(std::int64_t i) const { return i != 0; }
    bool operator()(double d) const { return d != 0; }
    bool operator()(const std::string& s) const { return !s.empty(); }
    bool operator()(const GoTime&) const { return true; }
    bool operator()(const std::shared_ptr<const TemplateList>& l) const { return !l->empty(); }
    bool operator()(const std::shared_ptr<const TemplateMap>& m) const { return !m->empty(); }
    bool operator()(RootLabels) const { return true; }
  };
  return std::visit(Visitor{}, value.data);
}

std::string format_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  std::array<char, 64> buffer;
  const auto scientific =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(scientific.ptr - buffer.data()));
  int exponent = 0;
  const std::size_t e = text.find('e');
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  // With the shortest digits, Go's %v writes an exponent below -4 and from 6 on.
  if (exponent < -4 || exponent >= 6) return std::string(text);
  std::array<char, 64> plain;
  const auto fixed = std::to_chars(plain.data(), plain.data() + plain.size(), value, std::chars_format::fixed);
  return {plain.data(), fixed.ptr};
}

void print_value(const TemplateValue& value, std::string& out) {
  struct Visitor {
    std::string& out;
    void operator()(std::monostate) const { out += "<no value>"; }
    void operator()(bool b) const { out += b ? "true" : "false"; }
    void operator()(std::int64_t i) const { fmt::format_to(std::back_inserter(out), "{}", i); }
    void operator()(double d) const { out += format_float(d); }
    void operator()(const std::string& s) const { out += s; }
    void operator()(const GoTime& t) const { out += format_time(t, "2006-01-02 15:04:05.999999999 -0700 MST"); }
    void operator()(const std::shared_ptr<const TemplateList>& list) const {
      out += "[";
      for (std::size_t i = 0; i < list->size(); ++i) {
        if (i > 0) out += " ";
        inner((*list)[i]);
      }
      out += "]";
    }
    void operator()(const std::shared_ptr<const TemplateMap>& map) const {
      out += "map[";
      for (auto it = map->begin(); it != map->end(); ++it) {
        if (it != map->begin()) out += " ";
        out += it->first + ":";
        inner(it->second);
      }
      out += "]";
    }
    void operator()(RootLabels) const {}  // printed where the labels are known
    void inner(const TemplateValue& value) const {
      if (value.is_nil()) {
        out += "<nil>";
      } else {
        print_value(value, out);
      }
    }
  };
  std::visit(Visitor{out}, value.data);
}

namespace {

std::int64_t clamp_to_int(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 9.2e18) return INT64_MAX;
  if (value <= -9.2e18) return INT64_MIN;
  return static_cast<std::int64_t>(value);
}

std::int64_t text_to_int(std::string_view text) {
  // "12.0" counts as 12, "12.5" as nothing.
  if (const std::size_t dot = text.find('.'); dot != std::string_view::npos) {
    if (text.find_first_not_of('0', dot + 1) != std::string_view::npos) return 0;
    text = text.substr(0, dot);
  }
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
  if (hex) text.remove_prefix(2);
  std::int64_t out = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out, hex ? 16 : 10);
  return code == std::errc() && end == text.data() + text.size() ? out : 0;
}

}  // namespace

std::int64_t to_int(const TemplateValue& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value.data)) return *i;
  if (const auto* d = std::get_if<double>(&value.data)) return clamp_to_int(*d);
  if (const auto* b = std::get_if<bool>(&value.data)) return *b ? 1 : 0;
  return value.text() != nullptr ? text_to_int(*value.text()) : 0;
}

double to_float(const TemplateValue& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value.data)) return static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&value.data)) return *d;
  if (const auto* b = std::get_if<bool>(&value.data)) return *b ? 1 : 0;
  return value.text() != nullptr ? parse_number(*value.text()).value_or(0) : 0;
}

std::string to_text(const TemplateValue& value) {
  std::string out;
  print_value(value, out);
  return out;
}

}  // namespace trilobite::logql
