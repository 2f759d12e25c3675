// The embedded engine. This header is the whole of its state; the sources are its parts of work: engine_open.cc,
// engine_replay.cc (WAL to head), engine_append.cc, engine_flush.cc (head to parts), engine_merge.cc,
// engine_retention.cc, engine_damage.cc, engine_remove.cc (deleted rows), engine_delete.cc (deleted samples),
// engine_snapshot.cc, engine_newest.cc (of a series), engine_disk.cc (full or not), engine_memory.cc (what it all
// takes), engine.cc (queries, threads).
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
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "storage/change_log.h"
#include "storage/embedded_store.h"
#include "storage/group_commit.h"
#include "storage/limits.h"
#include "storage/manifest.h"
#include "storage/merge_policy.h"
#include "storage/newest_samples.h"
#include "storage/part_output.h"
#include "storage/placed_append.h"
#include "storage/requests.h"
#include "storage/store_view.h"
#include "storage/wal.h"
#include "storage/wal_record.h"

namespace trilobite::storage {

class Engine final : public EmbeddedStore, public PlacedAppends, public NewestSamples {
 public:
  Engine(World world, StorageOptions options);
  ~Engine() override;

  Result<void> start();  // once, before anything else

  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch,
                      const AppendOptions& options) override {
    return append_placed(tenant, signal, batch, {.append = options, .places = {}});
  }
  Result<void> append_placed(std::string_view tenant, Signal signal, const Batch& batch,
                             const PlacedAppendOptions& options) override;
  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override;
  Result<std::unique_ptr<SeriesScan>> scan_series(ScanRequest request) override;
  Result<std::vector<std::string>> label_names(const IndexRequest& request) override;
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override;
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override;
  std::optional<std::uint64_t> version(std::string_view tenant, Signal signal, TimeRange range) const override {
    return changes_.version(tenant, signal, range);
  }
  Result<void> delete_samples(const std::string& tenant, const std::vector<Matcher>& matchers,
                              TimeRange range) override;
  TimeRange times(const std::string& tenant, Signal signal) const override;
  Result<void> snapshot(const std::string& directory, SnapshotHead head) override;
  Result<void> flush() override;
  StoreStatistics statistics() const override;
  StoreMemory memory() const override;
  Result<bool> merge_once() override { return merge_best(MergeDemand::kWorthIt); }
  Result<void> compact() override;
  Result<void> enforce_retention() override;
  Result<void> look_after_disk() override;
  std::optional<TimeNs> newest_time(const std::string& tenant) const override;
  std::vector<std::optional<NewestSample>> newest_samples(const std::string& tenant,
                                                          std::span<const LabelSetRef> series, TimeNs from) override;
  void hide_rows(std::shared_ptr<const RowFilters> filters) override;
  Result<RowRemoval> remove_rows_once(const RowFilter& filter) override;
  std::vector<std::string> warnings(const std::string& tenant, Signal signal, TimeRange range) const override;
  Result<void> close() override;
  std::vector<std::string> recovery_messages() const override { return recovery_messages_; }

 private:
  // One append that waits for the WAL.
  struct Pending {
    std::string record;
    std::optional<SampleRecord> samples;  // of kMetrics: the record is made when its place in the WAL is known
    std::string tenant;
    Signal signal;
    const Batch* batch;
    TimeNs accepted;
    std::optional<Hash128> request;
    Durability durability = Durability::kNow;
    bool fresh = true;  // false: a repeat, nothing to store
    Result<void> result;
    std::size_t bytes() const { return record.size() + (samples ? samples->bytes() : 0); }
  };
  class InFlight;

  // engine_open.cc
  Result<void> claim_directory();
  Result<void> load_parts();
  Result<void> open_manifest();
  Result<void> check_parts();
  void trust_parts();
  void run_opener();
  Result<void> adopt_unknown_parts();
  Result<void> remove_orphans();

  // engine_replay.cc
  Result<WalReplay> read_wal();
  Result<void> replay();

  // engine_append.cc
  Result<void> wait_for_room();
  Result<void> check_disk();
  void append_records(std::span<Pending* const> fresh, std::string& frame);
  void commit_group(std::span<Pending* const> group);
  Result<void> write_waiting();

  // engine_flush.cc
  Result<bool> freeze();
  Result<void> write_frozen();
  Result<PartMeta> write_table(const Head::Table& table);
  void remove_files(const std::vector<PartRef>& parts);
  void publish(std::vector<PartRef> added, const std::set<std::uint64_t>& removed, bool drop_frozen);
  Result<void> flush_locked();

  // engine_merge.cc
  std::vector<PartRef> claim_merge(MergeDemand demand);
  Result<bool> merge_best(MergeDemand demand);
  bool has_room_to_merge(const std::vector<PartRef>& parts) const;
  Result<PartMeta> write_merged(const std::vector<PartRef>& inputs, PartMeta meta);
  Result<void> commit_replacement(const std::vector<PartRef>& inputs, std::optional<PartMeta> output);

  // engine_retention.cc
  std::uint64_t bytes_max_of_disk() const;
  std::vector<PartRef> expired_parts() const;
  std::vector<PartMeta> expired_damage() const;
  Result<void> forget_expired_damage();

  // engine_damage.cc
  Result<void> put_damaged_aside();
  void move_aside(const PartMeta& meta);
  Result<void> recheck_damaged();
  Result<void> quarantine_damaged_segments();

  // engine_remove.cc
  std::shared_ptr<const RowFilters> hidden_filters() const;
  PartRef claim_removal(const RowFilter& filter, bool& busy);
  Result<std::vector<std::uint64_t>> rewrite_without(const PartRef& part, const RowFilter& filter);

  // engine_delete.cc
  Result<void> remove_everywhere(const RowFilter& filter);

  // engine_newest.cc
  std::optional<NewestSample> sample_at(const std::string& tenant, const LabelSet& labels, TimeNs time);

  // engine_disk.cc
  Result<void> commit_edit(const ManifestEdit& edit);
  void update_writable();
  void keep_reserve();

  // engine.cc
  StoreView view() const;
  StoreView view_to_read();  // without parts that reads before found to be damaged
  PartMeta new_part(const TableKey& key);
  PartRef make_handle(PartMeta meta) const;
  bool flush_is_due();
  void run_flusher();
  void run_merger();
  bool is_stopping();
  void stop_threads();
  Result<void> check_open() const;

  FileSystem& files_;
  const Clock& clock_;
  const StorageOptions options_;
  const Layout layout_;
  const std::shared_ptr<PartCache> cache_ = std::make_shared<PartCache>(options_.cache_bytes_max);
  const std::shared_ptr<DamageReports> reports_ = std::make_shared<DamageReports>();
  std::unique_ptr<FileLock> lock_;
  std::vector<std::string> recovery_messages_;
  bool orphans_stay_ = false;  // those of this start may be of worth, but there is no room to name them

  ChangeLog changes_;  // written after rows have become visible or have gone

  GroupCommit<Pending> queue_{kGroupBytesMax};
  std::atomic<std::size_t> bytes_in_flight_{0};

  std::mutex flush_mutex_;
  std::uint64_t frozen_floor_ = 0;                 // flush_mutex_: the first WAL segment that is not in the frozen head
  std::vector<AcceptedRequest> frozen_requests_;   // flush_mutex_
  std::vector<std::uint64_t> damaged_segments_;    // flush_mutex_: to be put aside once what they hold is in parts

  // Guards wal_, wal_series_, waiting_frame_, waiting_since_, recent_, disk_checked_, disk_full_, and appending to
  // active_.
  mutable std::mutex commit_mutex_;
  std::unique_ptr<Wal> wal_;
  WalSeriesNumbers wal_series_;
  std::string waiting_frame_;  // records of rows that are in the head and, as Durability::kSoon, not yet in the WAL
  std::chrono::nanoseconds waiting_since_{0};
  RecentRequests recent_;
  std::optional<std::chrono::nanoseconds> disk_checked_;
  bool disk_full_ = false;

  mutable std::mutex manifest_mutex_;  // guards manifest_, merging_, unmergeable_, has_reserve_, clean_parts_
  std::unique_ptr<Manifest> manifest_;
  std::set<std::uint64_t> merging_;      // parts that a merge reads
  bool has_reserve_ = false;
  std::map<std::uint64_t, std::set<std::uint64_t>> clean_parts_;  // by filter: parts without such rows
  std::set<std::uint64_t> unmergeable_;  // parts of a merge that met damage: trying again would not help

  mutable std::mutex view_mutex_;  // guards the six
  std::shared_ptr<const RowFilters> hidden_ = std::make_shared<RowFilters>();
  RowFilters deleting_;          // of delete_samples() under way
  std::uint64_t deletes_ = 0;    // so far
  std::shared_ptr<const PartSet> parts_ = std::make_shared<PartSet>();
  std::shared_ptr<const Head> frozen_;
  std::shared_ptr<Head> active_ = std::make_shared<Head>();

  std::atomic<std::chrono::nanoseconds> head_first_append_{}, head_last_append_{};  // steady clock, of the active head
  std::atomic<std::uint64_t> rows_appended_{0}, bytes_appended_{0}, flushes_{0}, merges_{0}, parts_dropped_{0},
      bytes_wal_{0};
  std::atomic<std::uint64_t> parts_damaged_{0};
  std::atomic<bool> retention_due_{false};  // the disk is full: not to wait for the next time
  std::atomic<bool> writable_{true};
  std::atomic<bool> closed_{false};

  std::mutex wake_mutex_;  // guards stopping_
  std::condition_variable wake_flusher_, wake_mergers_, head_changed_;
  bool stopping_ = false;
  std::atomic<bool> stop_merging_{false};
  std::vector<std::thread> threads_;
};

}  // namespace trilobite::storage
