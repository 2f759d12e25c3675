// json: values of a JSON text, by path.
#include <simdjson.h>

#include <charconv>

#include "agent/json_path.h"
#include "agent/stages.h"

namespace trilobite::agent {
namespace {

struct Expression {
  std::string name;
  JsonPath path;
};

std::string number_text(double value) {
  char buffer[512];  // the longest double without an exponent has 309 digits in front of the point
  const auto [end, failure] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return failure == std::errc() ? std::string(buffer, end) : std::string();
}

// Nothing for null.
std::optional<std::string> text_of(simdjson::dom::element element) {
  using Type = simdjson::dom::element_type;
  switch (element.type()) {
    case Type::STRING: return std::string(std::string_view(element.get_string().value_unsafe()));
    case Type::INT64: return fmt::format("{}", element.get_int64().value_unsafe());
    case Type::UINT64: return fmt::format("{}", element.get_uint64().value_unsafe());
    case Type::DOUBLE: return number_text(element.get_double().value_unsafe());
    case Type::BOOL: return element.get_bool().value_unsafe() ? "true" : "false";
    case Type::ARRAY:
    case Type::OBJECT: return simdjson::minify(element);
    case Type::NULL_VALUE: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<simdjson::dom::element> step(simdjson::dom::element from, const JsonStep& to) {
  simdjson::dom::element out;
  if (const auto* name = std::get_if<std::string>(&to)) {
    simdjson::dom::object object;
    if (from.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
    if (object.at_key(*name).get(out) != simdjson::SUCCESS) return std::nullopt;
    return out;
  }
  simdjson::dom::array array;
  if (from.get_array().get(array) != simdjson::SUCCESS) return std::nullopt;
  std::int64_t index = std::get<std::int64_t>(to);
  if (index < 0) index += static_cast<std::int64_t>(array.size());
  if (index < 0 || array.at(static_cast<std::size_t>(index)).get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

class JsonStage final : public Stage {
 public:
  JsonStage(std::vector<Expression> expressions, std::string source, bool drop_malformed, Metrics& metrics)
      : expressions_(std::move(expressions)), source_(std::move(source)), drop_malformed_(drop_malformed),
        metrics_(metrics) {}

  void run(Entries& entries, SourceId) override {
    std::uint64_t malformed = 0;
    std::erase_if(entries, [&](Entry& entry) {
      const bool ok = extract(entry);
      malformed += !ok;
      return !ok && drop_malformed_;
    });
    if (drop_malformed_) metrics_.drop_lines("malformed_json", malformed);
  }

 private:
  bool extract(Entry& entry) {
    const std::string* text = source_of(entry, source_);
    if (text == nullptr) return true;  // nothing to parse is not malformed
    simdjson::dom::element root;
    if (parser_.parse(text->data(), text->size()).get(root) != simdjson::SUCCESS) return false;
    if (!root.is_object()) return false;
    for (const Expression& expression : expressions_) {
      std::optional<simdjson::dom::element> at = root;
      for (const JsonStep& to : expression.path) {
        if (at) at = step(*at, to);
      }
      if (!at) continue;
      if (const auto value = text_of(*at)) entry.extracted.set(expression.name, *value);
    }
    return true;
  }

  const std::vector<Expression> expressions_;
  const std::string source_;
  const bool drop_malformed_;
  Metrics& metrics_;
  simdjson::dom::parser parser_;
};

}  // namespace

Result<StagePtr> make_json_stage(const yaml::Node& config, const std::string& where, const StageContext& context) {
  Fields fields(&config, where);
  std::vector<std::pair<std::string, std::string>> texts;
  std::string source;
  bool drop_malformed = false;
  fields.text_map("expressions", texts);
  fields.text("source", source);
  fields.boolean("drop_malformed", drop_malformed);
  std::vector<Expression> expressions;
  for (const auto& [name, text] : texts) {
    auto path = text.empty() ? Result<JsonPath>(JsonPath{name}) : parse_json_path(text);
    if (path.ok()) {
      expressions.push_back({name, std::move(*path)});
    } else {
      fields.mistake("expressions", path.error().message);
    }
  }
  if (texts.empty()) fields.mistake("expressions", "must be given");
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<JsonStage>(std::move(expressions), source, drop_malformed, context.metrics));
}

}  // namespace trilobite::agent
