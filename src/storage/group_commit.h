// Concurrent commits share one write: the first that waits becomes the leader and commits for all that queued
// meanwhile.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "base/result.h"

namespace trilobite::storage {

// Item has: std::size_t bytes() const; Result<void> result.
template <class Item>
class GroupCommit {
 public:
  explicit GroupCommit(std::size_t group_bytes_max) : group_bytes_max_(group_bytes_max) {}

  // Returns when the item is committed or refused; `commit(span<Item*>)` sets every item's result, in the thread of one
  // of the callers, one group at a time. The item must live until then, which it does on the caller's stack.
  template <class Commit>
  Result<void> submit(Item& item, const Commit& commit) {
    Waiting mine{&item};
    std::unique_lock lock(mutex_);
    queue_.push_back(&mine);
    changed_.wait(lock, [&] { return mine.done || !has_leader_; });
    if (mine.done) return std::move(item.result);
    has_leader_ = true;
    while (!mine.done) {
      const std::vector<Waiting*> group = take_group();
      std::vector<Item*> items;
      for (const Waiting* waiting : group) items.push_back(waiting->item);
      lock.unlock();
      commit(std::span<Item* const>(items));
      lock.lock();
      for (Waiting* waiting : group) waiting->done = true;
      changed_.notify_all();
    }
    has_leader_ = false;
    changed_.notify_all();
    return std::move(item.result);
  }

 private:
  struct Waiting {
    Item* item;
    bool done = false;
  };
  std::vector<Waiting*> take_group() {
    std::vector<Waiting*> group;
    std::size_t bytes = 0;
    while (!queue_.empty() && (group.empty() || bytes + queue_.front()->item->bytes() <= group_bytes_max_)) {
      bytes += queue_.front()->item->bytes();
      group.push_back(queue_.front());
      queue_.pop_front();
    }
    return group;
  }

  const std::size_t group_bytes_max_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<Waiting*> queue_;
  bool has_leader_ = false;
};

}  // namespace trilobite::storage
