// Names of everything in a data directory; nothing else in the program makes or takes apart such a path.
//
//   DIR/LOCK  DIR/FORMAT  DIR/manifest  DIR/reserve
//   DIR/wal/0000000001.wal  DIR/parts/TENANT/logs/2026-01-15/0000000042.part
// A damaged manifest, segment or part is put aside as NAME.damaged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "storage/store.h"

namespace trilobite::storage {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::string_view kDamagedExtension = ".damaged";

std::string_view signal_name(Signal signal);

// A name that is safe as a file name: letters, digits and ._- stay, other bytes become %XX; long names end in a hash.
std::string tenant_folder(std::string_view tenant);
// The way back; nothing for a name that ends in a hash or is none of ours.
std::optional<std::string> tenant_of_folder(std::string_view folder);
std::optional<Signal> signal_of_name(std::string_view name);

class Layout {
 public:
  explicit Layout(std::string directory) : directory_(std::move(directory)) {}

  const std::string& directory() const { return directory_; }
  std::string lock() const { return directory_ + "/LOCK"; }
  std::string format() const { return directory_ + "/FORMAT"; }
  std::string manifest() const { return directory_ + "/manifest"; }
  std::string reserve() const { return directory_ + "/reserve"; }
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

// The folder of one day.
struct PartFolder {
  std::string tenant, signal;  // names of the folders above it
  std::string path;
  std::vector<std::string> files;  // names, ours and others
};
Result<std::vector<PartFolder>> list_part_folders(FileSystem& files, const Layout& layout);

}  // namespace trilobite::storage
