// A small language for tests of queries: load lines, evaluate, expect. For tests only.
//
//   load {app="web"} every 1s              from 0s on; `from 10s every 1s` starts later
//     {"level":"error"} x4                 four lines; a line may end in `@ {trace="1"}`: its structured metadata
//   eval instant at 5s sum(count_over_time({app="web"}[10s]))
//     {} 4                                 series in any order, unless the query sorts
//   eval range 0s to 10s step 5s rate({app="web"}[5s])
//     {app="web"} 1 _                      one value per step, _ for none
//   eval logs backward limit 2 {app="web"}
//     {app="web"} 3s text of the line      in the order they come
//   eval instant at 5s rat({app="web"}[5s])
//     expect fail parse error              the error starts like this
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/thread_pool.h"
#include "query/memory_store.h"

namespace trilobite::logql {

// Runs a script with a store of small blocks and two workers; returns what differs, one message per evaluation.
class QueryScript {
 public:
  struct Options {
    bool apply_predicates = false;  // by the store
    std::size_t block_rows = 3;
  };
  explicit QueryScript(Options options) : pool_("query", 2) {
    store_.apply_predicates = options.apply_predicates;
    store_.block_rows = options.block_rows;
  }
  std::vector<std::string> run(std::string_view script);

 private:
  struct Block {
    std::string head;
    std::vector<std::string> lines;
  };
  static std::vector<Block> split(std::string_view script);
  void load(const Block& block);
  std::string evaluate(const Block& block);
  std::vector<std::string> answer(const std::string& head, bool& ordered);

  query::MemoryStore store_;
  ThreadPool pool_;
  ManualClock clock_;
};

}  // namespace trilobite::logql
