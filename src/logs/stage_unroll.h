// | unroll label="expression": a row per element of a JSON array. An extension, see docs/logql-extensions.md.
#pragma once

#include <string>
#include <string_view>

#include "logs/ast.h"
#include "logs/stage_json.h"

namespace trilobite::logql {

// The label becomes the element: a string without its quotes, other values as they stand. The members of an object
// become labels too: LABEL_member. A line without the array, or with an empty one, gives no row; a value that is no
// array gives one row, as if it were the only element.
class Unroll {
 public:
  static Result<Unroll> compile(const UnrollStage& stage, LabelPlan& plan);
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;  // shows the element at row.unrolled().at
  NameId label() const { return label_; }

 private:
  void show(Row& row, const json::Value& element) const;
  void show_members(Row& row, std::string_view object, const std::string& prefix, std::size_t depth) const;

  std::string name_;
  NameId label_ = kNoName;
  JsonPath path_;
};

}  // namespace trilobite::logql
