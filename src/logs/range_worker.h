// One thread's part of a range aggregation: takes blocks of rows, runs the pipeline, folds samples into windows.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "logs/block_fields.h"
#include "logs/pipeline.h"
#include "logs/vector_block.h"
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
  std::atomic<std::size_t>& bytes;  // of all workers
};

class RangeWorker {
 public:
  RangeWorker(const RangePlan& plan, const std::vector<bool>& applied);

  Result<void> consume(ScanBlock& block);
  // Takes over the groups of another worker.
  void merge(RangeWorker& other);

  query::GroupTable& groups() { return groups_; }
  query::RangeAccumulator& accumulator() { return *accumulator_; }
  std::uint64_t rows_passed() const { return rows_passed_; }

 private:
  Result<void> consume_by_stream(ScanBlock& block);
  Result<void> count_run(const ScanBlock& block, const ScanBlock::Run& run, std::span<const std::uint32_t> rows,
                         std::string_view metadata);
  Result<void> take_run(const ScanBlock& block, const ScanBlock::Run& run, std::span<const std::uint32_t> rows,
                        BlockText& text);
  Result<void> take(const ScanBlock& block, const LabelSet& labels, std::uint32_t row, std::uint32_t group,
                    BlockText& text);
  Result<void> consume_by_column(ScanBlock& block);
  void take_samples(const ScanBlock& block);
  Result<void> consume_by_row(ScanBlock& block);
  Result<void> process_at(const ScanBlock& block, const ScanBlock::Run& run, std::uint32_t row, BlockText& text,
                          BlockFields& fields);
  Result<std::uint32_t> group_of_row();
  Error error_of_row();
  std::uint32_t group_of_labels(const LabelSet& stream, std::string_view metadata);
  Result<void> check_memory();
  Result<void> fold();

  const RangePlan& plan_;
  PipelineWorker worker_;
  VectorBlock columns_;
  bool by_stream_;  // follows_from_labels, and the store has applied the predicates
  query::GroupTable groups_;
  std::unique_ptr<query::RangeAccumulator> accumulator_;
  std::uint64_t rows_passed_ = 0;
  std::size_t bytes_ = 0;                // of plan_.bytes, that are of this worker
  std::uint64_t version_ = UINT64_MAX;  // of the group below
  std::uint32_t group_ = 0;
  // Samples of the block at hand.
  std::vector<std::uint32_t> sample_groups_;
  std::vector<TimeNs> sample_times_;
  std::vector<double> sample_values_;
  VectorBlock::Samples samples_;  // for consume_by_column
  const ScanBlock::Run* run_ = nullptr;  // whose stream the pipeline has; for process_at
  query::Windows::Pane pane_;            // of the row before
  // For consume_by_stream.
  std::vector<std::uint32_t> group_of_code_;  // by metadata code, for the run at hand
  std::vector<TimeNs> run_times_;
};

}  // namespace trilobite::logql
