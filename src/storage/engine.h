// The embedded engine. This header is the whole of its state; the sources are its parts of work: engine_open.cc,
// engine_append.cc, engine_flush.cc (head to parts), engine_merge.cc, engine_retention.cc, engine.cc (queries,
// threads).
//
// Locks, in the order in which they may be taken:
//   flush_mutex_  one flush at a time
//   commit_mutex_ the WAL, accepted requests, and appending to the active head
//   manifest_mutex_ the manifest, and which merges are under way
//   view_mutex_   which heads and parts readers see; held for a few pointers only
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "storage/embedded_store.h"
#include "storage/group_commit.h"
#include "storage/limits.h"
#include "storage/manifest.h"
#include "storage/part_output.h"
#include "storage/requests.h"
#include "storage/store_view.h"
#include "storage/wal.h"

namespace trilobite::storage {

class Engine final : public EmbeddedStore {
 public:
  Engine(World world, StorageOptions options);
  ~Engine() override;

  Result<void> start();  // once, before anything else

  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch,
                      const AppendOptions& options) override;
  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override;
  Result<std::vector<std::string>> label_names(const IndexRequest& request) override;
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override;
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override;
  Result<void> flush() override;
  StoreStatistics statistics() const override;
  Result<bool> merge_once() override;
  Result<void> enforce_retention() override;
  Result<void> close() override;
  std::vector<std::string> recovery_messages() const override { return recovery_messages_; }

 private:
  // One append that waits for the WAL.
  struct Pending {
    std::string record;
    std::string tenant;
    Signal signal;
    const Batch* batch;
    TimeNs accepted;
    std::optional<Hash128> request;
    bool fresh = true;  // false: a repeat, nothing to store
    Result<void> result;
    std::size_t bytes() const { return record.size(); }
  };
  class InFlight;

  // engine_open.cc
  Result<void> claim_directory();
  Result<void> load_parts();
  Result<void> remove_orphans();
  Result<void> replay();

  // engine_append.cc
  Result<void> wait_for_room();
  Result<void> check_disk();
  void commit_group(std::span<Pending* const> group);

  // engine_flush.cc
  Result<bool> freeze();
  Result<void> write_frozen();
  Result<PartMeta> write_table(const Head::Table& table);
  void remove_files(const std::vector<PartRef>& parts);
  void publish(std::vector<PartRef> added, const std::set<std::uint64_t>& removed, bool drop_frozen);
  Result<void> flush_locked();

  // engine_merge.cc
  std::vector<PartRef> claim_merge();
  Result<PartMeta> write_merged(const std::vector<PartRef>& inputs, PartMeta meta);
  Result<void> commit_merge(const std::vector<PartRef>& inputs, PartMeta merged);

  // engine_retention.cc
  std::vector<PartRef> expired_parts() const;

  // engine.cc
  StoreView view() const;
  PartMeta new_part(const TableKey& key);
  PartRef make_handle(PartMeta meta) const;
  bool flush_is_due();
  void run_flusher();
  void run_merger();
  void stop_threads();
  Result<void> check_open() const;

  FileSystem& files_;
  const Clock& clock_;
  const StorageOptions options_;
  const Layout layout_;
  const std::shared_ptr<PartCache> cache_ = std::make_shared<PartCache>(options_.cache_bytes_max);
  std::unique_ptr<FileLock> lock_;
  std::vector<std::string> recovery_messages_;

  GroupCommit<Pending> queue_{kGroupBytesMax};
  std::atomic<std::size_t> bytes_in_flight_{0};

  std::mutex flush_mutex_;
  std::uint64_t frozen_floor_ = 0;                 // flush_mutex_: the first WAL segment that is not in the frozen head
  std::vector<AcceptedRequest> frozen_requests_;   // flush_mutex_

  mutable std::mutex commit_mutex_;  // guards wal_, recent_, disk_checked_, disk_full_, and appending to active_
  std::unique_ptr<Wal> wal_;
  RecentRequests recent_;
  std::optional<std::chrono::nanoseconds> disk_checked_;
  bool disk_full_ = false;

  mutable std::mutex manifest_mutex_;  // guards manifest_, merging_, unmergeable_
  std::unique_ptr<Manifest> manifest_;
  std::set<std::uint64_t> merging_;      // parts that a merge reads
  std::set<std::uint64_t> unmergeable_;  // parts of a merge that met damage: trying again would not help

  mutable std::mutex view_mutex_;  // guards the three
  std::shared_ptr<const PartSet> parts_ = std::make_shared<PartSet>();
  std::shared_ptr<const Head> frozen_;
  std::shared_ptr<Head> active_ = std::make_shared<Head>();

  std::atomic<std::chrono::nanoseconds> head_first_append_{}, head_last_append_{};  // steady clock, of the active head
  std::atomic<std::uint64_t> rows_appended_{0}, bytes_appended_{0}, flushes_{0}, merges_{0}, parts_dropped_{0},
      bytes_wal_{0};
  std::atomic<bool> writable_{true};
  std::atomic<bool> closed_{false};

  std::mutex wake_mutex_;  // guards stopping_
  std::condition_variable wake_flusher_, wake_mergers_, head_changed_;
  bool stopping_ = false;
  std::atomic<bool> stop_merging_{false};
  std::vector<std::thread> threads_;
};

}  // namespace trilobite::storage
