// The embedded engine: one directory, one process. WAL, head, parts, manifest, merge, retention (see README.md).
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file_system.h"
#include "storage/row_filter.h"
#include "storage/store.h"

namespace trilobite {

struct StorageOptions {
  std::string directory;
  // Flush when the head holds this much raw data, when its oldest row waited this long, or when no row came for a
  // while; the last is not looked at once there are samples, because those come every few seconds for ever.
  std::size_t head_bytes_max = 96u << 20;
  std::chrono::nanoseconds head_age_max = std::chrono::minutes(10);
  std::chrono::nanoseconds head_idle_max = std::chrono::seconds(4);
  std::size_t cache_bytes_max = 192u << 20;       // of blocks kept decoded for the next query
  std::size_t bytes_in_flight_max = 256u << 20;  // appends waiting for the WAL; beyond: kOverload
  std::chrono::nanoseconds retention_age_max{0};  // 0: keep
  std::uint64_t retention_bytes_max = 0;          // 0: by share of the disk
  double retention_disk_share_max = 0.8;          // of the file system's size; oldest parts go first
  std::uint64_t disk_free_bytes_min = 256u << 20; // below: appends get kNoSpace
  std::uint64_t reserve_bytes = 4u << 20;         // a file given up when a full disk leaves no room to drop parts
  std::size_t merge_threads = 1;
  bool background = true;  // false: tests drive flush and merge by hand
};

// What the engine holds in memory and takes of the disk, and what it may.
struct StoreMemory {
  struct Head {  // rows that are not in parts yet, of one signal; about
    std::uint64_t bytes = 0, bytes_of_series = 0, series = 0;  // bytes without those of series
  };
  Head logs, samples, exemplars;
  std::uint64_t bytes_head = 0, bytes_head_max = 0;  // of the active head; at the maximum writes wait
  std::uint64_t bytes_in_flight = 0, bytes_in_flight_max = 0;  // writes that wait for the disk
  std::uint64_t bytes_blocks = 0, bytes_blocks_max = 0;        // decoded blocks of parts, kept
  std::uint64_t bytes_part_labels = 0, bytes_part_labels_max = 0;  // label sections of open parts
  std::uint64_t parts_open = 0, parts_open_max = 0;
  std::uint64_t bytes_part_list = 0;  // what is known of every part
  std::uint64_t bytes_wal = 0;        // on disk, as the next three
  std::uint64_t bytes_disk = 0, bytes_disk_max = 0;  // beyond the maximum the oldest parts go; 0: none is known
  std::uint64_t disk_bytes_used = 0, disk_bytes_used_max = 0;  // of the file system; at the maximum writes are refused
};

struct World {
  FileSystem& files;
  const Clock& clock;
};

// Tests reach in here; everybody else uses Store.
class EmbeddedStore : public Store {
 public:
  // Takes the lock file, reads the manifest, replays the WAL. Refuses a newer or damaged directory by name.
  static Result<std::unique_ptr<EmbeddedStore>> open(World world, StorageOptions options);

  virtual Result<bool> merge_once() = 0;            // false: nothing to merge
  // Flushes, then merges whatever can be merged, worth its rewriting now or not: the directory as it would be after a
  // long quiet time.
  virtual Result<void> compact() = 0;
  virtual Result<void> enforce_retention() = 0;
  // Puts parts aside that reads found to be damaged, and lets writes begin again once a full disk has room.
  virtual Result<void> look_after_disk() = 0;
  // From now on scans hide what these filters say, and nothing else. The index (label names, values, series) is as it
  // was: it tells of parts as they are.
  virtual void hide_rows(std::shared_ptr<const RowFilters> filters) = 0;
  // Rewrites one part without the rows of the filter. Rows in the head are not looked at: flush first.
  virtual Result<RowRemoval> remove_rows_once(const RowFilter& filter) = 0;
  // Samples of these series in the range are gone when it returns: at once for scans, then from the parts. What is
  // appended meanwhile and is newer than everything before stays. Not until then is it safe from a crash.
  virtual Result<void> delete_samples(const std::string& tenant, const std::vector<Matcher>& matchers,
                                      TimeRange range) = 0;
  // A data directory of its own with everything in parts now, as other names of the same files where the file system
  // has such. `directory` is made.
  enum class SnapshotHead : std::uint8_t { kFlush, kSkip };
  virtual Result<void> snapshot(const std::string& directory, SnapshotHead head) = 0;
  // From the oldest to behind the newest row; empty without rows.
  virtual TimeRange times(const std::string& tenant, Signal signal) const = 0;
  virtual StoreMemory memory() const = 0;
  virtual Result<void> close() = 0;                 // flushes; later calls fail with kUnavailable
  // What opening found to be torn or damaged, a sentence each; empty after a clean stop.
  virtual std::vector<std::string> recovery_messages() const = 0;
};

// Reads every file of a data directory and says what it found; for `trilobite check DIR`.
struct CheckReport {
  struct Entry {
    std::string file;
    bool ok = true;
    std::string message;
  };
  std::vector<Entry> files;
  bool ok = true;
};
Result<CheckReport> check_directory(FileSystem& files, const std::string& directory);

}  // namespace trilobite
