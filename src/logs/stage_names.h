// | drop and | keep: which labels stay.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/ast.h"
#include "logs/regex.h"
#include "logs/stage_json.h"

namespace trilobite::logql {

// Names with an optional condition on the value.
class NameTests {
 public:
  static Result<NameTests> compile(const std::vector<NameOrMatcher>& labels, LabelPlan& plan);

  struct Test {
    NameId id = kNoName;
    bool always = true;
    MatchOp op = MatchOp::kEqual;
    std::string value;
    std::optional<Regex> regex;

    bool holds(std::string_view value) const;
  };
  const std::vector<Test>& tests() const { return tests_; }

 private:
  std::vector<Test> tests_;
};

class Drop {
 public:
  explicit Drop(NameTests tests) : tests_(std::move(tests)) {}
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;

 private:
  NameTests tests_;
};

class Keep {
 public:
  explicit Keep(NameTests tests) : tests_(std::move(tests)) {}
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;

 private:
  NameTests tests_;
};

}  // namespace trilobite::logql
