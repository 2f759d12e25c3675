// What the rows of a run have before a parser looks at their lines: labels of the stream and structured metadata, of
// those that a plan looks at.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "logs/vector_plan.h"
#include "storage/scan_block.h"

namespace trilobite::logql {

struct BaseLabels {
  std::uint64_t present = 0;  // a bit per name of the plan
  std::vector<std::optional<std::string_view>> values;  // by name

  bool has(VectorPlan::Name name) const { return (present >> name & 1) != 0; }
};

// Views into the label set and the metadata (canonical bytes of a LabelSet, or nothing).
BaseLabels base_labels(const VectorPlan& plan, const LabelSet& stream, std::string_view metadata);

// Of each run of a block. Nothing when rows of one run differ in metadata that matters.
std::optional<std::vector<BaseLabels>> base_labels_of_runs(const VectorPlan& plan, const ScanBlock& block,
                                                           const Column* metadata);

// The metadata that all rows of a run share; nothing where they differ, or that is not known.
std::optional<std::string_view> shared_metadata(const Column* metadata, const ScanBlock::Run& run);

}  // namespace trilobite::logql
