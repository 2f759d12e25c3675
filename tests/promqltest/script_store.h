// Where scripts load their samples: a map in memory, or the engine over files in memory, which flushes and merges
// between loads so that the same script proves the storage.
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/simulated_file_system.h"
#include "script.h"
#include "storage/store.h"

namespace trilobite::promqltest {

enum class StoreKind { kMemory, kEngine };

class ScriptStore {
 public:
  explicit ScriptStore(StoreKind kind) : kind_(kind) {}

  Result<void> clear();  // once before anything else
  Result<void> load(const LoadCommand& load);
  Store& store() { return *store_; }
  const Clock& clock() const { return clock_; }

 private:
  Result<void> append(const std::vector<metrics::NotedSeries>& series, const std::map<LabelSet, StartOffsets>& starts,
                      TimeNs step);
  metrics::HistogramRef with_hint(const LabelSet& labels, const metrics::NotedSample& sample);

  StoreKind kind_;
  ManualClock clock_{86400 * kNsPerSecond};
  std::unique_ptr<SimulatedFileSystem> files_;
  std::unique_ptr<Store> store_;
  std::map<LabelSet, metrics::HistogramRef> newest_;  // of each series; null: a float
  std::size_t loads_ = 0;
};

}  // namespace trilobite::promqltest
