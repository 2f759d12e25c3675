// Names of everything in a data directory; nothing else in the program makes or takes apart such a path.
//
//   DIR/LOCK  DIR/FORMAT  DIR/manifest  DIR/wal/0000000001.wal  DIR/parts/TENANT/logs/2026-01-15/0000000042.part
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "storage/store.h"

namespace trilobite::storage {

inline constexpr std::uint32_t kFormatVersion = 1;

std::string_view signal_name(Signal signal);

// A name that is safe as a file name: letters, digits and ._- stay, other bytes become %XX; long names end in a hash.
std::string tenant_folder(std::string_view tenant);

class Layout {
 public:
  explicit Layout(std::string directory) : directory_(std::move(directory)) {}

  const std::string& directory() const { return directory_; }
  std::string lock() const { return directory_ + "/LOCK"; }
  std::string format() const { return directory_ + "/FORMAT"; }
  std::string manifest() const { return directory_ + "/manifest"; }
  std::string wal() const { return directory_ + "/wal"; }
  std::string segment(std::uint64_t id) const;
  std::string parts() const { return directory_ + "/parts"; }
  std::string part_folder(std::string_view tenant, Signal signal, std::int64_t window) const;
  std::string part(std::string_view tenant, Signal signal, std::int64_t window, std::uint64_t id) const;

 private:
  std::string directory_;
};

// kUnsupported for a directory that a newer program wrote, kCorrupt for a FORMAT that says nothing.
Result<void> check_format(FileSystem& files, const Layout& layout);

// The number in "0000000042.part", nothing when the name is none of ours.
std::optional<std::uint64_t> file_number(std::string_view name, std::string_view extension);

}  // namespace trilobite::storage
