// The compiled form of a pipeline: what its stages are, which labels they want, what becomes of a sample. For those
// that execute it, line by line or on columns.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "logs/pipeline.h"
#include "logs/row.h"
#include "logs/stages.h"

namespace trilobite::logql {

// Conditions that refuse a row while its line is still being parsed.
class EarlyTests final : public EarlyFilter {
 public:
  void add(const LabelTest& test) { tests_.push_back(&test); }
  bool empty() const { return tests_.empty(); }
  bool may_pass(NameId name, const Row& row) const override {
    for (const LabelTest* test : tests_) {
      if (test->label() == name && !test->may_pass(row)) return false;
    }
    return true;
  }

 private:
  std::vector<const LabelTest*> tests_;
};

enum class GroupMode : std::uint8_t { kAll, kNone, kBy, kWithout };

struct CompiledUnwrap {
  NameId label = kNoName;
  Unwrap::Conversion conversion = Unwrap::Conversion::kNumber;
  std::vector<LabelTest> filters;
};

struct Pipeline::Plan {
  LabelPlan labels;
  std::vector<CompiledStage> stages;
  std::vector<Predicate> predicates;
  std::vector<std::size_t> exact_stage;  // per predicate: the stage that it makes needless, or kNoStage
  EarlyTests early;
  SampleKind kind = SampleKind::kNone;
  std::optional<CompiledUnwrap> unwrap;
  GroupMode group_mode = GroupMode::kAll;
  std::vector<NameId> group;  // sorted by name
  bool needs_metadata = true;

  static constexpr std::size_t kNoStage = ~std::size_t{0};

  Result<void> add_stages(const std::vector<Stage>& list, TimeNs now);
  void want();
  void add_early_tests();

 private:
  void add_predicates();
};

// The number of an unwrapped text; nothing where it is none.
std::optional<double> convert_sample(Unwrap::Conversion conversion, std::string_view text);

}  // namespace trilobite::logql
