#include "logs/stage_json.h"

#include <charconv>

#include "logs/json_walk.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

constexpr std::string_view kPackedEntry = "_entry";

// Puts the fields of a line into a row.
class RowFields {
 public:
  explicit RowFields(Row& row) : row_(row) {}

  bool enter(std::string_view prefix) const { return row_.wants_prefix(prefix); }

  bool field(std::string_view name, bool nested, const json::Value& value) {
    if (value.kind == json::Kind::kNull || value.kind == json::Kind::kArray) return true;
    const NameId id = nested ? row_.intern(name) : row_.field(name);
    const NameId target = id == kNoName ? kNoName : row_.target(id);
    if (target == kNoName) return true;
    const bool text = value.kind == json::Kind::kString;
    result_ = row_.put(target, text ? json::label_value(value.text, row_.arena()) : value.text);
    return result_ == Extracted::kGoOn;
  }

  Extracted result() const { return result_; }

 private:
  Row& row_;
  Extracted result_ = Extracted::kGoOn;
};

}  // namespace

bool JsonFields::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  if (row.parse_nothing()) return true;
  RowFields fields(row);
  JsonWalk<RowFields> walk(fields, scratch.key, scratch.prefix);
  const std::string_view error = walk.walk(line);
  if (fields.result() == Extracted::kDrop) return false;
  if (!error.empty() && fields.result() == Extracted::kGoOn) row.fail(kJsonError, error);
  return true;
}

// ---- Paths --------------------------------------------------------------------------------------------------------

Result<JsonPath> parse_json_path(std::string_view expression) {
  const auto fail = [&](std::string_view text) {
    return error(Code::kInvalid, "cannot parse expression [{}]: syntax error: unexpected {}", expression, text);
  };
  const auto letter = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  JsonPath out;
  std::string_view rest = expression;
  while (out.empty() || !rest.empty()) {
    if (!rest.empty() && rest.front() == '[') {
      rest.remove_prefix(1);
      std::size_t end = 0;
      if (!rest.empty() && rest.front() == '"') {
        end = 1;
        while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
        if (end >= rest.size()) return fail("$end, expecting STRING or INDEX");
        auto field = unquote(rest.substr(1, end - 1));
        if (!field) return fail("$end, expecting STRING or INDEX");
        out.emplace_back(std::move(*field));
        ++end;
      } else {
        std::size_t index = 0;
        while (end < rest.size() && digit(rest[end])) ++end;
        const bool closed = end < rest.size() && rest[end] == ']';
        if (end == 0 || !closed || std::from_chars(rest.data(), rest.data() + end, index).ec != std::errc()) {
          return fail("$end, expecting STRING or INDEX");
        }
        out.emplace_back(index);
      }
      if (end >= rest.size() || rest[end] != ']') return fail("$end, expecting RSB");
      rest.remove_prefix(end + 1);
      continue;
    }
    if (!out.empty()) {
      if (rest.front() != '.') return fail("FIELD");
      rest.remove_prefix(1);
    }
    if (rest.empty() || !letter(rest.front()))
      return fail(out.empty() ? "$end, expecting LSB or FIELD" : "$end, expecting FIELD");
    std::size_t end = 1;
    while (end < rest.size() && (letter(rest[end]) || digit(rest[end]))) ++end;
    out.emplace_back(std::string(rest.substr(0, end)));
    rest.remove_prefix(end);
  }
  return out;
}

namespace {

struct Step {
  bool found = false;
  json::Value value;
  std::string_view error;  // only of the value that was asked for
};

Step find_member(std::string_view text, const std::string& field, StageScratch& scratch) {
  json::Cursor cursor(text);
  if (!cursor.skip_blanks() || cursor.peek() != '{') return {};
  cursor.step();
  while (cursor.skip_blanks() && cursor.peek() == '"') {
    cursor.step();
    std::string_view key;
    if (!cursor.string(key)) return {};
    if (key.find('\\') != std::string_view::npos) {
      if (!json::unescape_key(key, scratch.key)) return {};
      key = scratch.key;
    }
    if (!cursor.skip_blanks() || cursor.peek() != ':') return {};
    cursor.step();
    if (!cursor.skip_blanks()) return {};
    Step step;
    step.found = key == field;
    step.error = cursor.value(step.value);
    if (step.found) return step;
    if (!step.error.empty() || !cursor.skip_blanks() || cursor.peek() != ',') return {};
    cursor.step();
  }
  return {};
}

Step find_element(std::string_view text, std::size_t index) {
  json::Cursor cursor(text);
  if (!cursor.skip_blanks() || cursor.peek() != '[') return {};
  cursor.step();
  for (std::size_t i = 0; cursor.skip_blanks() && cursor.peek() != ']'; ++i) {
    Step step;
    step.found = i == index;
    step.error = cursor.value(step.value);
    if (step.found) return step;
    if (!step.error.empty() || !cursor.skip_blanks() || cursor.peek() != ',') return {};
    cursor.step();
  }
  return {};
}

Step find_path(std::string_view text, const JsonPath& path, StageScratch& scratch) {
  Step step;
  for (const auto& part : path) {
    const auto* field = std::get_if<std::string>(&part);
    step = field != nullptr ? find_member(text, *field, scratch) : find_element(text, std::get<std::size_t>(part));
    if (!step.found || !step.error.empty()) return step;
    text = step.value.kind == json::Kind::kString ? std::string_view() : step.value.text;
  }
  return step;
}

}  // namespace

std::optional<json::Value> find_json(std::string_view text, const JsonPath& path, StageScratch& scratch) {
  const Step step = find_path(text, path, scratch);
  if (!step.found || !step.error.empty()) return std::nullopt;
  return step.value;
}

Result<JsonPaths> JsonPaths::compile(const JsonStage& stage, LabelPlan& plan) {
  JsonPaths out;
  for (const Extraction& extraction : stage.extractions) {
    TRY(path, parse_json_path(extraction.expression));
    out.targets_.push_back({plan.id(extraction.label), std::move(path)});
  }
  return out;
}

bool JsonPaths::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  if (line.empty() || row.parse_nothing()) return true;
  if (line.front() != '{' && line.front() != '[' && line.front() != '"') {
    row.fail(kJsonError, "");
    return true;
  }
  for (const Target& target : targets_) {
    const Step step = find_path(line, target.path, scratch);
    if (!step.error.empty()) row.fail(kJsonError, step.error);
    if (!step.found || !step.error.empty()) continue;
    std::string_view value = step.value.text;
    if (step.value.kind == json::Kind::kNull) {
      value = "";
    } else if (step.value.kind != json::Kind::kObject) {
      value = json::label_value(value, row.arena());
    }
    const NameId id = row.base_has(target.id) ? row.extracted_name(target.id) : target.id;
    if (row.put(id, value) == Extracted::kDrop) return false;
  }
  // What is missing is there and empty.
  for (const Target& target : targets_) {
    if (!row.find(target.id).present && row.put(target.id, "") == Extracted::kDrop) return false;
  }
  return true;
}

// ---- unpack -------------------------------------------------------------------------------------------------------

bool Unpack::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  if (line.empty()) return true;
  const bool labels = !row.parse_nothing();
  if (line.front() != '{') {
    if (labels) row.fail(kJsonError, "expecting json object(6), but it is not");
    return true;
  }
  scratch.pairs.clear();
  std::string_view entry;
  bool packed = false;
  const std::string_view error = json::members(line, scratch.key, [&](std::string_view key, const json::Value& value) {
    if (key == kPackedEntry) {
      entry = json::label_value(value.text, row.arena());
      packed = true;
    } else if (value.kind == json::Kind::kString) {
      const NameId id = row.field(key);
      const NameId target = id == kNoName ? kNoName : row.target(id);
      if (target != kNoName) scratch.pairs.emplace_back(target, json::label_value(value.text, row.arena()));
    }
    return true;
  });
  if (!error.empty()) {
    if (labels) row.fail(kJsonError, error);
    return true;
  }
  if (!packed) return true;
  for (const auto& [id, value] : scratch.pairs) {
    if (labels && row.put(id, value) == Extracted::kDrop) return false;
  }
  line = entry;
  return true;
}

}  // namespace trilobite::logql
