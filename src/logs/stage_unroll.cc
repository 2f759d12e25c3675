#include "logs/stage_unroll.h"

namespace trilobite::logql {
namespace {

constexpr std::size_t kDepthMax = 32;  // of objects in objects; what is deeper is not shown
constexpr std::string_view kError = "JSONParserErr";

}  // namespace

Result<Unroll> Unroll::compile(const UnrollStage& stage, LabelPlan& plan) {
  TRY(path, parse_json_path(stage.field.expression));
  Unroll out;
  out.name_ = stage.field.label;
  out.label_ = plan.id(stage.field.label);
  out.path_ = std::move(path);
  return out;
}

bool Unroll::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  const Row::Found found = row.find(label_);
  std::string_view array = found.value;
  if (!found.present || array.empty()) {
    const auto value = find_json(line, path_, scratch);
    if (!value || value->kind == json::Kind::kNull) return false;
    if (value->kind != json::Kind::kArray) {
      show(row, *value);
      return true;
    }
    array = value->text;
  }
  Row::Unrolled& place = row.unrolled();
  json::Cursor cursor(array.substr(place.at));
  if (!cursor.skip_blanks()) return false;
  if (place.at == 0) {
    if (cursor.peek() != '[') return true;  // no array: the label keeps its value
    cursor.step();
    if (!cursor.skip_blanks() || cursor.peek() == ']') return false;
  }
  json::Value element;
  if (const std::string_view error = cursor.value(element); !error.empty()) {
    row.fail(kError, error);
    return true;
  }
  if (!cursor.skip_blanks() || (cursor.peek() != ',' && cursor.peek() != ']')) {
    row.fail(kError, json::kBadArray);
  } else if (cursor.peek() == ',') {
    cursor.step();
    place.next = static_cast<std::size_t>(cursor.position() - array.data());
  }
  show(row, element);
  return true;
}

void Unroll::show(Row& row, const json::Value& element) const {
  std::string_view text = element.text;
  if (element.kind == json::Kind::kNull) text = "";
  if (element.kind == json::Kind::kString) text = json::label_value(text, row.arena());
  row.set(label_, LabelCategory::kParsed, json::valid_utf8(text, row.arena()));
  if (element.kind == json::Kind::kObject) show_members(row, element.text, name_, 0);
}

void Unroll::show_members(Row& row, std::string_view object, const std::string& prefix, std::size_t depth) const {
  std::string key_scratch;
  const std::string_view error =
      json::members(object, key_scratch, [&](std::string_view key, const json::Value& value) {
        std::string name = prefix + "_";
        append_label_name(name, key, true);
        if (value.kind == json::Kind::kObject) {
          if (depth < kDepthMax) show_members(row, value.text, name, depth + 1);
          return true;
        }
        const NameId id = row.intern(name);
        if (row.base_has(id)) return true;  // a stream's label is never hidden by a line's content
        std::string_view text = value.kind == json::Kind::kNull ? std::string_view() : value.text;
        if (value.kind == json::Kind::kString) text = json::label_value(text, row.arena());
        row.set(id, LabelCategory::kParsed, json::valid_utf8(text, row.arena()));
        return true;
      });
  if (!error.empty()) row.fail(kError, error);
}

}  // namespace trilobite::logql
