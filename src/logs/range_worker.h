// One thread's part of a range aggregation: takes blocks of rows, runs the pipeline, folds samples into windows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "logs/pipeline.h"
#include "query/group_table.h"
#include "query/range_accumulator.h"

namespace trilobite::logql {

// What all workers share. Outlives them.
struct RangePlan {
  const Pipeline& pipeline;
  const query::Windows& windows;
  query::RangeFunction function;
  // Once the predicates are applied, what becomes of a row follows from its stream and metadata: no stage looks at the
  // line or the time.
  bool follows_from_labels = false;
  std::size_t memory_max = 0;  // per worker
};

class RangeWorker {
 public:
  RangeWorker(const RangePlan& plan, const std::vector<bool>& applied);

  Result<void> consume(const Batch& batch);
  // Takes over the groups of another worker.
  void merge(RangeWorker& other);

  query::GroupTable& groups() { return groups_; }
  query::RangeAccumulator& accumulator() { return *accumulator_; }
  std::uint64_t rows_passed() const { return rows_passed_; }

 private:
  Result<void> consume_by_stream(const Batch& batch);
  Result<void> consume_by_row(const Batch& batch);
  Result<std::uint32_t> group_of_row();
  Error error_of_row();
  std::uint32_t group_of_labels(const LabelSet& stream, std::string_view metadata);
  Result<void> fold();

  const RangePlan& plan_;
  PipelineWorker worker_;
  bool by_stream_;  // follows_from_labels, and the store has applied the predicates
  query::GroupTable groups_;
  std::unique_ptr<query::RangeAccumulator> accumulator_;
  std::uint64_t rows_passed_ = 0;
  std::uint64_t version_ = UINT64_MAX;  // of the group below
  std::uint32_t group_ = 0;
  // Samples of the block at hand.
  std::vector<std::uint32_t> sample_groups_;
  std::vector<TimeNs> sample_times_;
  std::vector<double> sample_values_;
  std::vector<std::uint32_t> group_of_code_;  // by stream and metadata code, for consume_by_stream
};

}  // namespace trilobite::logql
