// The rows of one template of a block, for a plan: label filters, unwrapped numbers and groups over whole columns. A
// row is known by its position among those of the template. What cannot be settled for a position without its line (a
// value that is no number, a label that may come from two places) is left to those who look at lines: see unsettled().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "columnar/line_search.h"
#include "logs/base_labels.h"
#include "logs/bound_fields.h"
#include "logs/slot_text.h"
#include "query/group_table.h"

namespace trilobite::logql {

using columnar::RowSelection;

// Runs of a block and what their rows have without a parser.
struct VectorRuns {
  std::span<const ScanBlock::Run> runs;
  std::span<const BaseLabels> base;  // by run

  // The run that has a row; runs before `from` have not.
  std::size_t run_of(std::uint32_t row, std::size_t from) const {
    while (row >= runs[from].end) ++from;
    return from;
  }
};

// One label of a group, by position of a selection.
struct GroupColumn {
  bool of_run = false;                        // what the run has; nothing below is filled
  std::vector<std::uint32_t> codes;           // one for each selected position; none: all have value 0
  std::vector<std::string_view> values;       // by code; "" where the label is missing
};

// As long as the block. One thread.
class VectorTemplate {
 public:
  // `rows_of` are the template's rows; `present` is BaseLabels::present of all rows that will be asked for.
  VectorTemplate(const VectorPlan& plan, const VectorRuns& runs, const columnar::Template& lines,
                 std::span<const std::uint32_t> rows_of, BoundFields fields, std::uint64_t present);

  // From the parser on all rows have this error and nothing else. What passes then is for others to look at.
  void set_error(std::string_view error) { error_ = error; }
  bool has_error() const { return !error_.empty(); }

  // Keeps the positions whose rows pass all tests of the plan.
  Result<void> filter(RowSelection& positions);
  // Keeps those that have a number to unwrap and pass the filters behind; `values` gets one for each that is kept.
  Result<void> unwrap(RowSelection& positions, std::vector<double>& values);
  // A column for each label of the group. False: not to be settled, for no position.
  Result<bool> group(const RowSelection& positions, std::vector<GroupColumn>& columns);

  // Positions that were taken out of selections because nobody knows; in no order.
  const std::vector<std::uint32_t>& unsettled() const { return unsettled_; }
  void give_up(const RowSelection& positions);
  std::span<const std::uint32_t> rows_of() const { return rows_of_; }

 private:
  enum class Verdict : std::uint8_t { kFail, kPass, kUnsettled, kUnknown };
  struct Source {
    const BoundField* field = nullptr;  // null: what the run has
    bool settled = true;
  };
  struct Number {
    Verdict verdict = Verdict::kUnknown;  // kFail: there is none, kUnsettled: the text is no number
    double value = 0;
  };

  Source find_source(VectorPlan::Name name, std::uint64_t present) const;
  bool may_be_absent(const BoundField& field) const;
  SlotText& text_of(const BoundField& field);
  std::optional<std::string_view> value_of(const BoundField& field, std::string_view raw);

  Result<void> keep(const LabelTest& test, bool parsed, RowSelection& positions);
  Result<void> keep_either(const LabelTest& left, const LabelTest& right, bool parsed, RowSelection& positions);
  Result<void> keep_leaf(const LabelTest& test, bool parsed, RowSelection& positions);
  Result<void> keep_by_run(const LabelTest& test, VectorPlan::Name name, RowSelection& positions);
  Result<void> keep_by_field(const LabelTest& test, const BoundField& field, RowSelection& positions);
  Verdict verdict_of(const LabelTest& test, const BoundField& field, std::string_view raw);
  Number number_of_text(Unwrap::Conversion conversion, const std::optional<std::string_view>& text) const;
  Result<void> unwrap_field(const BoundField& field, RowSelection& positions, std::vector<double>& values);
  Result<void> group_by_field(const BoundField& field, const RowSelection& positions, GroupColumn& column);
  template <class Decide>
  Result<void> partition(RowSelection& positions, Decide decide);
  void apply_to_all(Verdict verdict, RowSelection& positions);

  const VectorPlan& plan_;
  const VectorRuns& runs_;
  const columnar::Template& lines_;
  std::span<const std::uint32_t> rows_of_;
  BoundFields fields_;
  std::vector<Source> sources_;  // by name of the plan
  std::vector<std::unique_ptr<SlotText>> texts_;  // by slot
  std::vector<std::uint32_t> unsettled_;
  std::string_view error_;
  Arena arena_;       // of single values
  Arena group_arena_; // of group values
  std::vector<std::unique_ptr<query::GroupTable>> tables_;  // what values of groups point into
};

}  // namespace trilobite::logql
