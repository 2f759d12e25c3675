// Runs a script: every evaluation, and its repetitions in other forms that must give the same answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/thread_pool.h"
#include "metrics/promql.h"
#include "script.h"
#include "script_store.h"

namespace trilobite::promqltest {

struct Outcome {
  std::size_t passed = 0;
  std::vector<std::string> failures;  // "LINE: QUERY: what differs"
};

class Runner {
 public:
  explicit Runner(StoreKind kind) : kind_(kind), pool_("query", 2) {}
  Outcome run(std::string_view script);

 private:
  struct Answer {
    metrics::QueryResult result;
    std::vector<std::string> warnings, infos;
  };
  // "" if all is as expected.
  std::string evaluate(ScriptStore& data, const EvalCommand& eval);
  std::string repeat_pinned(ScriptStore& data, const EvalCommand& eval);
  std::string repeat_as_range(ScriptStore& data, const EvalCommand& eval);
  Result<Answer> query(ScriptStore& data, const std::string& text, const metrics::Expr& expr,
                       const query::TimeGrid& grid);

  StoreKind kind_;
  ThreadPool pool_;
};

}  // namespace trilobite::promqltest
