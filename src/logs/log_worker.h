// One thread's part of a log query: takes blocks, best rows first, and keeps those that pass the pipeline.
#pragma once

#include <cstdint>
#include <vector>

#include "logs/best_rows.h"
#include "logs/block_text.h"
#include "logs/pipeline.h"
#include "logs/vector_block.h"

namespace trilobite::logql {

class LogWorker {
 public:
  LogWorker(const Pipeline& pipeline, Scan& scan, Direction direction, BestRows& best)
      : worker_(pipeline, scan.applied()),
        filter_(worker_.vector_plan()),
        scan_(scan),
        forward_(direction == Direction::kForward),
        best_(best) {}

  Result<void> consume(ScanBlock& block);

  std::uint64_t rows_passed() const { return rows_passed_; }

 private:
  // What is left of a run, its next row first. Numbers are rows, or places in ScanBlock::rows where there is one.
  struct Cursor {
    const ScanBlock::Run* run = nullptr;
    std::uint32_t next = 0;
    std::uint32_t left = 0;  // including `next`
    TimeNs time = 0;         // of `next`
  };

  void drop_late_rows(ScanBlock& block) const;
  void open_cursors(const ScanBlock& block);
  bool advance(const ScanBlock& block, Cursor& cursor);
  static std::uint32_t row_at(const ScanBlock& block, std::uint32_t place) {
    return block.rows ? (*block.rows)[place] : place;
  }
  LogRow keep(TimeNs time, const LabelSetRef& stream, std::string_view line);

  PipelineWorker worker_;
  VectorBlock filter_;
  Scan& scan_;
  const bool forward_;
  BestRows& best_;
  std::vector<Cursor> cursors_;  // a heap with the best time on top
  std::uint64_t rows_passed_ = 0;
};

}  // namespace trilobite::logql
