// | pattern and | regexp: named captures become labels.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "logs/ast.h"
#include "logs/pattern.h"
#include "logs/regex.h"
#include "logs/stage_json.h"

namespace trilobite::logql {

class PatternFields {
 public:
  static Result<PatternFields> compile(const PatternStage& stage, LabelPlan& plan);
  const Pattern& pattern() const { return pattern_; }
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;

 private:
  explicit PatternFields(Pattern pattern) : pattern_(std::move(pattern)) {}
  Pattern pattern_;
  std::vector<NameId> ids_;  // of pattern_.names()
};

class RegexpFields {
 public:
  static Result<RegexpFields> compile(const RegexpStage& stage, LabelPlan& plan);
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;

 private:
  explicit RegexpFields(Regex regex) : regex_(std::move(regex)) {}
  Regex regex_;
  std::vector<std::pair<std::size_t, NameId>> groups_;
};

}  // namespace trilobite::logql
