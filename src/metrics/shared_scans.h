// Selectors that stand in a query more than once: their samples are read once and kept for the others, where memory
// allows. Equal matchers, and times that lie close enough together.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "metrics/ast.h"
#include "metrics/query_budget.h"
#include "storage/store.h"

namespace trilobite::metrics {

// Used by the thread that walks the tree.
class SharedScans {
 public:
  // A selector of the query is going to be read in this range, once.
  void plan(const VectorSelector& selector, TimeRange range);
  void finish_plan();

  struct Shared {
    TimeRange range;       // all that is asked for
    std::size_t uses = 0;  // still to come
    TimeNs length = 0;     // of all ranges together
    bool loaded = false;
    std::vector<SeriesSamples> series;
    Held held;
  };
  // Null: the selector is read by itself.
  Shared* find(const VectorSelector& selector, TimeRange range);
  // It has been read once more; what nobody waits for is given back.
  void used(Shared& shared);
  // It is too large to be kept.
  void give_up(Shared& shared);

 private:
  std::map<std::string, Shared, std::less<>> shared_;  // by matchers
  std::set<const VectorSelector*> planned_;
};

// Those samples of `all` that lie in the range, into the buffers of `out`. False: there are none.
bool cut_samples(const SeriesSamples& all, TimeRange range, SeriesSamples& out);

}  // namespace trilobite::metrics
