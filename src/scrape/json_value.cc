#include "scrape/json_value.h"

#include <simdjson.h>

#include <cstring>
#include <type_traits>

namespace trilobite::scrape::json {
namespace {

using Element = simdjson::dom::element;
static_assert(sizeof(Element) == 2 * sizeof(void*) && std::is_trivially_copyable_v<Element>);

}  // namespace

struct Value::Access {
  static Element get(const Value& value) {
    Element out;
    std::memcpy(&out, value.element_, sizeof out);
    return out;
  }
  static Value make(const Element& element) {
    Value out;
    std::memcpy(out.element_, &element, sizeof element);
    out.there_ = true;
    return out;
  }
};

struct Document::Parser {
  simdjson::dom::parser parser;
};

Document::Document() : parser_(std::make_unique<Parser>()) {}
Document::~Document() = default;

Value Document::parse(std::string_view text) {
  Element root;
  if (parser_->parser.parse(text.data(), text.size()).get(root)) return {};
  return Value::Access::make(root);
}

Value Value::operator[](std::string_view name) const {
  Element inner;
  if (!is_object() || Access::get(*this)[name].get(inner)) return {};
  return Access::make(inner);
}

std::string_view Value::text() const {
  std::string_view out;
  return there_ && !Access::get(*this).get(out) ? out : std::string_view();
}

bool Value::flag(bool otherwise) const {
  bool out = otherwise;
  return there_ && !Access::get(*this).get(out) ? out : otherwise;
}

std::int64_t Value::number() const {
  std::int64_t out = 0;
  return there_ && !Access::get(*this).get(out) ? out : 0;
}

std::string Value::scalar() const {
  if (!there_ || is_list() || is_object()) return {};
  const Element element = Access::get(*this);
  if (element.is_null()) return {};
  return element.is_string() ? std::string(text()) : simdjson::minify(element);
}

bool Value::is_list() const { return there_ && Access::get(*this).is_array(); }
bool Value::is_object() const { return there_ && Access::get(*this).is_object(); }

void Value::each(const std::function<void(const Value&)>& visit) const {
  simdjson::dom::array list;
  if (!there_ || Access::get(*this).get(list)) return;
  for (const Element item : list) visit(Access::make(item));
}

void Value::each_field(const std::function<void(std::string_view, const Value&)>& visit) const {
  simdjson::dom::object object;
  if (!there_ || Access::get(*this).get(object)) return;
  for (const auto [name, item] : object) visit(name, Access::make(item));
}

}  // namespace trilobite::scrape::json
