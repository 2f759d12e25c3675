// The part of a pipeline that can be executed on the columns of split lines: label filters in front of and behind one
// parser, and for samples the unwrapped label and the grouping.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logs/field_parser.h"
#include "logs/pipeline_plan.h"

namespace trilobite::logql {

struct VectorPlan {
  using Name = std::uint8_t;  // index into names
  static constexpr std::size_t kNamesMax = 64;

  struct Label {
    std::string name;
    std::optional<Name> plain;  // the name without _extracted, where it has that
  };
  struct Test {
    const LabelTest* test = nullptr;
    bool parsed = false;  // behind the parser: sees its labels
  };

  FieldParser parser = FieldParser::kNone;  // none: fields of lines are not looked at
  const Pattern* pattern = nullptr;         // of kPattern
  std::vector<Test> tests;                  // a row that fails one is dropped
  bool whole = false;                       // there is nothing else: tests, unwrap and grouping tell the sample
  const CompiledUnwrap* unwrap = nullptr;   // of a plan that is whole
  std::vector<Name> group;                  // of a plan that is whole; sorted by name
  std::vector<Label> labels;                // all that is looked at
  std::vector<Name> name_of;                // by the pipeline's NameId

  bool useless() const { return tests.empty() && !whole; }
  Name name(NameId id) const { return name_of[id]; }
  std::optional<Name> find(std::string_view name) const;
};

// `stages` are those of the plan that have to be executed.
VectorPlan make_vector_plan(const Pipeline::Plan& plan, std::span<const CompiledStage* const> stages);

}  // namespace trilobite::logql
