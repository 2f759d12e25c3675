// A small language for tests of queries: load lines, evaluate, expect; tests/logql/README.md describes it. For tests
// only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/thread_pool.h"
#include "logs/split_store_test.h"
#include "query/memory_store.h"
#include "query/time_grid.h"

namespace trilobite::logql {

// Runs a script with a store of small blocks and two workers; returns what differs, one message per evaluation. What
// cannot be understood differs too: "cannot read ...".
class QueryScript {
 public:
  struct Options {
    bool apply_predicates = false;  // by the store
    std::size_t block_rows = 3;
    bool split_lines = false;  // into templates and typed values, as parts store them
  };
  explicit QueryScript(Options options) : pool_("query", 2) {
    plain_.apply_predicates = split_.apply_predicates = options.apply_predicates;
    plain_.block_rows = split_.block_rows = options.block_rows;
    split_lines_ = options.split_lines;
  }
  std::vector<std::string> run(std::string_view script);

 private:
  struct Block {
    std::string head;
    std::vector<std::string> lines;
  };
  using Answer = std::vector<std::string>;
  static Result<std::vector<Block>> split(std::string_view script);
  Result<std::string> run(const Block& block);
  Result<void> load(const Block& block);
  Result<void> set(const Block& block);
  Result<std::string> evaluate(const Block& block);
  Result<Answer> answer(std::string_view words, bool& ordered);
  Result<Answer> log_answer(std::string_view words);
  Answer metric_answer(std::string_view query, const query::TimeGrid& grid, bool& ordered);

  Store& store() { return split_lines_ ? static_cast<Store&>(split_) : plain_; }
  query::MemoryStore& rows() { return split_lines_ ? split_.rows() : plain_; }

  query::MemoryStore plain_;
  SplitStore split_;
  bool split_lines_ = false;
  ThreadPool pool_;
  ManualClock clock_;
  bool extensions_ = false;
};

}  // namespace trilobite::logql
