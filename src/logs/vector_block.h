// A split block, executed column by column: which rows may pass a plan, and the samples of those that do.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "logs/block_text.h"
#include "logs/vector_template.h"
#include "query/group_table.h"

namespace trilobite::logql {

// One thread; for block after block.
class VectorBlock {
 public:
  // The plan must outlive it.
  explicit VectorBlock(const VectorPlan& plan) : plan_(plan) {}

  // Takes rows out of `block.rows` that no stage behind the plan can save. Nothing happens where lines are not split.
  Result<void> prefilter(ScanBlock& block, const Column* metadata);

  // What became of a row, by row of the block.
  static constexpr std::uint32_t kDropped = UINT32_MAX;    // no sample
  static constexpr std::uint32_t kByRow = UINT32_MAX - 1;  // its line has to be read
  struct Samples {
    std::vector<std::uint32_t> groups;  // a group, or one of the above
    std::vector<double> values;         // of rows with a group, where the plan unwraps
    bool any_by_row = false;
  };
  // False: nothing can be said about this block. REQUIRES: plan.whole.
  Result<bool> sample(ScanBlock& block, const Column* metadata, query::GroupTable& groups, Samples& out);

 private:
  using Visit = std::function<Result<void>(VectorTemplate& lines, RowSelection& positions)>;

  // Visits every template that has rows left, once for each set of labels that its rows have without the parser.
  // False: not possible.
  Result<bool> for_each_template(ScanBlock& block, const Column* metadata, const Visit& visit);
  Result<std::optional<BoundFields>> bind(const columnar::Template& lines) const;
  void select(const ScanBlock& block, const columnar::Templates& lines, std::uint64_t present);
  RowSelection select_of_template(std::size_t index, const ScanBlock& block, std::span<const std::uint32_t> rows_of,
                                  std::uint64_t present);
  Result<void> add_samples(VectorTemplate& lines, const RowSelection& positions, query::GroupTable& groups,
                           Samples& out);

  const VectorPlan& plan_;
  VectorRuns runs_;
  std::vector<BaseLabels> base_;
  std::vector<std::vector<std::uint32_t>> chosen_;  // by template: positions, where the block has explicit rows
  std::vector<double> values_;
  std::vector<GroupColumn> columns_;
};

}  // namespace trilobite::logql
