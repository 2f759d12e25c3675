// The WAL, back into the head: one thread reads, checks and decodes it, the one that opens the store appends.
#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/engine.h"
#include "storage/wal_record.h"

namespace trilobite::storage {
namespace {

// Records from the thread that decodes to the one that appends, in order. They go over many at a time, because waking
// a thread costs as much as appending a thousand samples.
class RecordQueue {
 public:
  using Records = std::vector<WalRecord>;

  // Waits while there is much to do already. Decoding thread.
  void put(Records records) {
    for (WalRecord& record : records) {
      filling_bytes_ += bytes_of(record);
      filling_.push_back(std::move(record));
    }
    if (filling_bytes_ >= kReplayBytesMax / 4) hand_over();
  }
  // Nothing comes any more. Decoding thread.
  void close() {
    hand_over();
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // Empty at the end. The other thread.
  Records take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return {};
    Group group = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= group.bytes;
    changed_.notify_all();
    return std::move(group.records);
  }

 private:
  struct Group {
    Records records;
    std::size_t bytes = 0;
  };
  static std::size_t bytes_of(const WalRecord& record) {
    return sizeof(record) + record.batch.bytes() + record.series.size() * sizeof(NamedSeries*) +
           record.hashes.size() * sizeof(Hash128);
  }
  void hand_over() {
    if (filling_.empty()) return;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_bytes_ < kReplayBytesMax; });
    waiting_bytes_ += filling_bytes_;
    waiting_.push_back({std::move(filling_), filling_bytes_});
    filling_.clear();
    filling_bytes_ = 0;
    changed_.notify_all();
  }

  Records filling_;  // decoding thread
  std::size_t filling_bytes_ = 0;

  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::deque<Group> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace

// All of the WAL that is not in parts is in the head when it returns.
Result<WalReplay> Engine::read_wal() {
  RecordQueue queue;
  Result<WalReplay> found = WalReplay();
  std::thread reader([&] {
    pthread_setname_np(pthread_self(), "storage-replay");
    const auto decode = [&queue, names = WalSeriesNames()](std::string_view frame) mutable -> Result<void> {
      TRY(records, decode_frame(frame, names));
      queue.put(std::move(records));
      return {};
    };
    found = replay_wal(files_, layout_, manifest_->state().wal_floor, decode);
    queue.close();
  });
  for (RecordQueue::Records records = queue.take(); !records.empty(); records = queue.take()) {
    for (const WalRecord& record : records) {
      if (record.request && !recent_.add(*record.request, record.accepted, record.accepted)) continue;
      active_->append(record.tenant, record.signal, record.batch, record.keys());
    }
  }
  reader.join();
  return found;
}

Result<void> Engine::replay() {
  for (const AcceptedRequest& request : manifest_->state().requests)
    recent_.add(request.hash, request.accepted, request.accepted);
  TRY(found, read_wal());
  recovery_messages_.insert(recovery_messages_.end(), found.messages.begin(), found.messages.end());
  TRY(wal, Wal::create(files_, clock_, layout_, found));
  wal_ = std::move(wal);
  bytes_wal_ = wal_->bytes();
  writable_ = wal_->writable();
  if (!active_->empty()) head_first_append_ = head_last_append_ = clock_.steady();
  if (found.damaged.empty() && !found.lost) return {};
  // What could be read of a damaged segment is safe in parts before the segment gets out of the way.
  std::lock_guard lock(flush_mutex_);
  damaged_segments_ = std::move(found.damaged);
  auto flushed = flush_locked();
  if (!flushed.ok() && flushed.error().code != Code::kNoSpace) return flushed;
  return {};
}

}  // namespace trilobite::storage
