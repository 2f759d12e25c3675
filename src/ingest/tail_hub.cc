#include "ingest/tail_hub.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace trilobite::ingest {
namespace {

struct Watcher {
  std::string tenant;
  TailHub::Selects selects;

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  TailUpdate pending;
  std::size_t bytes_pending = 0;
  bool closed = false;
};

void drop_rows(const Batch& batch, const std::vector<bool>& selected, TailUpdate& update) {
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const std::uint32_t set = batch.label_set_of_row[row];
    if (!selected[set]) continue;
    ++update.rows_dropped;
    if (update.dropped.size() < TailHub::kDroppedRowsMax) {
      update.dropped.push_back({batch.label_sets[set], batch.times[row]});
    }
  }
}

void offer(Watcher& watcher, const std::shared_ptr<const Batch>& batch) {
  std::vector<bool> selected(batch->label_sets.size());
  bool any = false;
  for (std::size_t set = 0; set < selected.size(); ++set) {
    selected[set] = watcher.selects(*batch->label_sets[set]);
    any = any || selected[set];
  }
  if (!any) return;
  const std::size_t bytes = batch->bytes();
  const std::lock_guard lock(watcher.mutex);
  // One batch always fits, however big, or its watcher would never see a row.
  if (!watcher.pending.items.empty() && watcher.bytes_pending + bytes > TailHub::kQueueBytesMax) {
    drop_rows(*batch, selected, watcher.pending);
  } else {
    watcher.bytes_pending += bytes;
    watcher.pending.items.push_back({batch, std::move(selected)});
  }
  watcher.changed.notify_all();
}

}  // namespace

struct TailHub::State {
  mutable std::mutex mutex;  // guards watchers, closed
  std::vector<std::shared_ptr<Watcher>> watchers;
  bool closed = false;
  std::atomic<std::size_t> count{0};  // of watchers, to be read without the lock
};

namespace {

class Subscription final : public TailSubscription {
 public:
  Subscription(std::function<void()> leave, std::shared_ptr<Watcher> watcher)
      : leave_(std::move(leave)), watcher_(std::move(watcher)) {}
  ~Subscription() override { leave_(); }

  TailUpdate wait(std::chrono::milliseconds time_max) override {
    std::unique_lock lock(watcher_->mutex);
    watcher_->changed.wait_for(lock, time_max, [&] {
      return watcher_->closed || !watcher_->pending.items.empty() || watcher_->pending.rows_dropped > 0;
    });
    watcher_->bytes_pending = 0;
    return std::exchange(watcher_->pending, {});
  }

 private:
  std::function<void()> leave_;
  std::shared_ptr<Watcher> watcher_;
};

}  // namespace

TailHub::TailHub() : state_(std::make_shared<State>()) {}
TailHub::~TailHub() { close(); }

std::unique_ptr<TailSubscription> TailHub::subscribe(std::string tenant, Selects selects) {
  auto watcher = std::make_shared<Watcher>();
  watcher->tenant = std::move(tenant);
  watcher->selects = std::move(selects);
  {
    const std::lock_guard lock(state_->mutex);
    watcher->closed = state_->closed;
    state_->watchers.push_back(watcher);
    state_->count = state_->watchers.size();
  }
  auto leave = [state = state_, watcher = watcher.get()] {
    const std::lock_guard lock(state->mutex);
    std::erase_if(state->watchers, [&](const auto& entry) { return entry.get() == watcher; });
    state->count = state->watchers.size();
  };
  return std::make_unique<Subscription>(std::move(leave), std::move(watcher));
}

std::size_t TailHub::watchers(std::string_view tenant) const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<std::size_t>(std::count_if(state_->watchers.begin(), state_->watchers.end(),
                                                [&](const auto& watcher) { return watcher->tenant == tenant; }));
}

bool TailHub::watched() const { return state_->count.load(std::memory_order_relaxed) > 0; }

void TailHub::publish(std::string_view tenant, std::shared_ptr<const Batch> batch) {
  std::vector<std::shared_ptr<Watcher>> receivers;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& watcher : state_->watchers) {
      if (watcher->tenant == tenant) receivers.push_back(watcher);
    }
  }
  for (const auto& watcher : receivers) offer(*watcher, batch);
}

void TailHub::close() {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  for (const auto& watcher : state_->watchers) {
    const std::lock_guard watcher_lock(watcher->mutex);
    watcher->closed = true;
    watcher->changed.notify_all();
  }
}

bool TailHub::closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed;
}

}  // namespace trilobite::ingest
