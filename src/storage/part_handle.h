// A part that the manifest names. Scans hold handles, so a part that was merged away or dropped stays readable until
// the last of them is gone; only then its file is removed.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "columnar/part.h"
#include "storage/block_cache.h"
#include "storage/damage_reports.h"
#include "storage/label_index.h"
#include "storage/limits.h"
#include "storage/manifest.h"
#include "storage/series_table.h"

namespace trilobite::storage {

class PartHandle;

// Keeps the most recently used part files open and their label sections decoded, within limits. Any thread.
class PartCache {
 public:
  class Open {
   public:
    std::shared_ptr<const PartReader> reader;
    std::shared_ptr<const SeriesTable> series;
    std::shared_ptr<const LabelIndex> index;
    std::size_t bytes() const { return series->bytes() * 2 + index->bytes(); }  // label sets count as made
    LabelSetRef label_set(std::uint32_t number) const;  // made when first asked for

   private:
    mutable std::mutex mutex_;               // guards sets_
    mutable std::vector<LabelSetRef> sets_;  // by series
  };
  explicit PartCache(std::size_t block_bytes_max = kBlockCacheBytesDefault) : blocks_(block_bytes_max) {}
  BlockCache& blocks() { return blocks_; }
  std::shared_ptr<const Open> find(std::uint64_t part);
  void put(std::uint64_t part, std::shared_ptr<const Open> open);
  void forget(std::uint64_t part);
  struct Size {
    std::size_t parts = 0, bytes = 0;
  };
  Size size() const;  // of what is open; without blocks

 private:
  using Order = std::list<std::pair<std::uint64_t, std::shared_ptr<const Open>>>;
  void evict();

  BlockCache blocks_;
  mutable std::mutex mutex_;  // guards everything below
  Order order_;       // last used first
  std::unordered_map<std::uint64_t, Order::iterator> place_of_;
  std::size_t bytes_ = 0;
};

class PartHandle {
 public:
  PartHandle(FileSystem& files, std::shared_ptr<PartCache> cache, std::shared_ptr<DamageReports> reports, PartMeta meta,
             std::string path)
      : files_(files),
        cache_(std::move(cache)),
        reports_(std::move(reports)),
        meta_(std::move(meta)),
        path_(std::move(path)) {}
  ~PartHandle();
  PartHandle(const PartHandle&) = delete;
  PartHandle& operator=(const PartHandle&) = delete;

  const PartMeta& meta() const { return meta_; }
  const std::string& path() const { return path_; }
  // kCorrupt when the file is not the one that the manifest means. kBypass: what is kept is used, but not what had to
  // be opened kept; for who reads everything once, as a merge does, and would push out what queries use.
  enum class Caching : std::uint8_t { kUse, kBypass };
  Result<std::shared_ptr<const PartCache::Open>> open(Caching caching = Caching::kUse) const;
  // The same, bypassing what is kept, perhaps without the label index.
  Result<std::shared_ptr<const PartCache::Open>> open_without_index() const;
  BlockCache& blocks() const { return cache_->blocks(); }
  // Passes on what reading the file gave; damage is reported, so that the part is put aside.
  template <class T>
  Result<T> noted(Result<T> outcome) const {
    if (!outcome.ok() && outcome.error().code == Code::kCorrupt) reports_->add(meta_.id, outcome.error().message);
    return outcome;
  }
  // For what is read later, by whoever holds it.
  std::function<void(const Error&)> damage_observer() const {
    return [reports = reports_, id = meta_.id](const Error& error) { reports->add(id, error.message); };
  }
  // The manifest does not name it any more: the file goes with the last handle.
  void drop() { dropped_ = true; }
  bool is_dropped() const { return dropped_; }

 private:
  enum class Sections : std::uint8_t { kAll, kSeries };
  Result<std::shared_ptr<const PartCache::Open>> open_file(Sections sections) const;

  FileSystem& files_;
  std::shared_ptr<PartCache> cache_;  // shared with the engine, which a scan may outlive, as is the next
  std::shared_ptr<DamageReports> reports_;
  PartMeta meta_;
  std::string path_;
  std::atomic<bool> dropped_{false};
};
using PartRef = std::shared_ptr<PartHandle>;

// All parts at one moment; immutable.
struct PartSet {
  std::vector<PartRef> parts;  // by order of arrival
};

// Opens the file and checks that it is the one the manifest means.
Result<std::shared_ptr<const PartReader>> open_checked(FileSystem& files, const std::string& path,
                                                       const PartMeta& meta);

}  // namespace trilobite::storage
