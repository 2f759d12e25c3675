// Hands rows that were just stored to those who watch them live. A watcher that is slower than the writers loses
// batches, never holds them up: its queue is bounded, and what was lost is told to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"

namespace trilobite::ingest {

// One batch for one watcher: only rows whose label set is selected matter.
struct TailItem {
  std::shared_ptr<const Batch> batch;
  std::vector<bool> selected;  // one flag per label set of the batch
};

struct DroppedRow {
  LabelSetRef labels;
  TimeNs time = 0;
};

// What a watcher gets at once.
struct TailUpdate {
  std::deque<TailItem> items;
  std::vector<DroppedRow> dropped;  // the first of them, up to TailHub::kDroppedRowsMax
  std::uint64_t rows_dropped = 0;   // all of them
};

// Belongs to one watcher; taken off the hub when destroyed. The hub must outlive it.
class TailSubscription {
 public:
  virtual ~TailSubscription() = default;
  // Waits until there is something, the time is up, or the hub is closed; may return nothing.
  virtual TailUpdate wait(std::chrono::milliseconds time_max) = 0;
};

// Any thread.
class TailHub {
 public:
  static constexpr std::size_t kQueueBytesMax = 8u << 20;  // per watcher
  static constexpr std::size_t kDroppedRowsMax = 100;      // named per update

  TailHub();
  ~TailHub();
  TailHub(const TailHub&) = delete;
  TailHub& operator=(const TailHub&) = delete;

  using Selects = std::function<bool(const LabelSet&)>;
  std::unique_ptr<TailSubscription> subscribe(std::string tenant, Selects selects);
  std::size_t watchers(std::string_view tenant) const;

  // Cheap when nobody watches.
  bool watched() const;
  void publish(std::string_view tenant, std::shared_ptr<const Batch> batch);

  // Wakes every watcher; later waits return at once.
  void close();
  bool closed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace trilobite::ingest
