// | json, | json a="b.c[0]", | unpack.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "logs/ast.h"
#include "logs/json_scan.h"
#include "logs/row.h"

namespace trilobite::logql {

// Scratch of a worker, so that stages stay immutable.
struct StageScratch {
  std::string key, prefix;
  std::vector<std::string_view> values;
  std::vector<std::pair<NameId, std::string_view>> pairs;
};

inline constexpr std::string_view kJsonError = "JSONParserErr";

// Every field of the object becomes a label, nested ones with "_" between.
class JsonFields {
 public:
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;
};

// Steps into a value: a field or an index each.
using JsonPath = std::vector<std::variant<std::string, std::size_t>>;
Result<JsonPath> parse_json_path(std::string_view expression);
// What the path leads to in `text`; nothing where it leads nowhere or the JSON is broken on the way.
std::optional<json::Value> find_json(std::string_view text, const JsonPath& path, StageScratch& scratch);

class JsonPaths {
 public:
  static Result<JsonPaths> compile(const JsonStage& stage, LabelPlan& plan);
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;

 private:
  struct Target {
    NameId id;
    JsonPath path;
  };
  std::vector<Target> targets_;
};

class Unpack {
 public:
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;
};

}  // namespace trilobite::logql
