// Type, help and unit of metric families, by tenant: what senders said last. Kept in memory and in one small file per
// tenant, so that a restart does not forget them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace trilobite::ingest {

struct MetricMetadata {
  std::string name;  // of the metric family
  std::string type;  // counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown
  std::string help, unit;
  friend bool operator==(const MetricMetadata&, const MetricMetadata&) = default;
};

// Any thread.
class MetadataTable {
 public:
  MetadataTable() = default;  // in memory only
  // Reads what is there. A damaged file is put aside and its tenant starts over: senders repeat metadata.
  static Result<std::unique_ptr<MetadataTable>> open(FileSystem& files, std::string directory);

  // Keeps at most `families_max` of a tenant; those beyond are not kept.
  void add(std::string_view tenant, std::vector<MetricMetadata> entries, std::size_t families_max);

  std::vector<MetricMetadata> list(std::string_view tenant) const;  // sorted by name
  std::size_t size(std::string_view tenant) const;  // metric families
  // Nothing known: an empty type.
  MetricMetadata find(std::string_view tenant, std::string_view name) const;

  // Writes what changed since the last save.
  Result<void> save();

 private:
  struct Tenant {
    std::map<std::string, MetricMetadata, std::less<>> families;
    bool changed = false;
  };
  Result<void> load(const std::string& name);

  FileSystem* files_ = nullptr;
  std::string directory_;
  mutable std::mutex mutex_;  // guards the rest
  std::map<std::string, Tenant, std::less<>> tenants_;
  std::mutex save_mutex_;  // one save at a time
};

}  // namespace trilobite::ingest
