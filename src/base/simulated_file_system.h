// A disk in memory that forgets: what was not synced may be lost, torn or kept when the power is cut, and any operation
// can be made to fail. The proof that recovery works runs on it (storage/crash_test.cc).
//
// Fault model
// - Bytes that were appended and not yet synced are, after a power cut, each 512-byte sector on its own, there or not.
//   A missing sector before a present one reads as zeros. A truncation that was not synced may be undone.
// - A file that was created, renamed or removed is so after a power cut only if its folder was synced since; otherwise
// each
//   of these changes survives or not, independent of the others. A rename is atomic: never both names, never none of
//   them.
// - Syncing a file does not sync its name, and the other way round.
// - A failed sync is final: what was not durable yet never becomes so, although reads still show it (the kernel may
// drop
//   dirty pages and report success the next time).
// - A full disk writes a part of what it was asked to write, then refuses.
// - make_directories and truncate are durable when they return, as file_system.h promises.
// Not modelled: flipped bits of synced data (tests do that with corrupt()), two processes, symbolic links.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file_system.h"

namespace trilobite {

enum class CrashMode : std::uint8_t {
  kDropUnsynced,  // nothing that was not synced survives
  kKeepUnsynced,  // all of it survives
  kTear,          // by chance: each sector and each change of a folder on its own
};

// Any thread may call.
class SimulatedFileSystem final : public FileSystem {
 public:
  SimulatedFileSystem() = default;

  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override;
  Result<std::string> read_all(const std::string& path) override;
  Result<std::vector<FileInfo>> list(const std::string& directory) override;
  bool exists(const std::string& path) override;
  Result<void> make_directories(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<void> truncate(const std::string& path, std::uint64_t bytes) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<DiskSpace> disk_space(const std::string& path) override;

  // Operations that change something, since the start. The numbers that cut_power_at and fail_at speak of.
  std::uint64_t operations() const;
  std::uint64_t reads() const;

  // During operation `number` (from 0) the power goes: it and everything after fails until crash().
  void cut_power_at(std::uint64_t number);
  // Operation `number` fails with `code`; with `from_then_on` all later ones as well. A failing append writes a half.
  enum class Repeat : std::uint8_t { kOnce, kFromThenOn };
  void fail_at(std::uint64_t number, Code code, Repeat repeat = Repeat::kOnce);
  void fail_read_at(std::uint64_t number, Code code);
  void clear_faults();

  // The machine restarts: unsynced state goes as `mode` says, open files and locks of before are dead, faults are
  // cleared.
  void crash(CrashMode mode, std::uint64_t seed = 0);

  void set_capacity(std::uint64_t bytes);                                 // appends beyond get kNoSpace
  void corrupt(const std::string& path, std::uint64_t offset, char mask);  // flips bits of a durable byte
  void write_durable(const std::string& path, std::string_view content);   // for set-up; the folder must exist

 private:
  friend class SimulatedWritableFile;
  friend class SimulatedLock;
  struct Change {  // of a file, since its last sync
    bool truncation = false;
    std::uint64_t offset = 0;  // truncation: the new length
    std::string bytes;
  };
  struct Node {
    std::string content;          // what a reader sees
    std::string durable;          // what a power cut leaves for sure
    std::vector<Change> pending;  // from durable to content
  };
  using NodeRef = std::shared_ptr<Node>;
  struct NameChange {  // of a folder, since its last sync
    std::string linked;    // now names `node`; "" when nothing was linked
    std::string unlinked;  // no longer there; "" when nothing was
    NodeRef node;
  };

  class Random;
  // Of an operation that takes its number: the fault if one is due, and whether it changes anything all the same, as
  // the one during which the power goes may.
  struct Start {
    std::optional<Error> fault;
    bool happens = true;
  };
  Start begin_operation(std::string_view doing, const std::string& path);
  std::optional<Error> begin_read(const std::string& path);
  Result<void> append_to(Node& node, std::string_view bytes, const std::string& path);
  Result<void> sync_node(Node& node, const std::string& path);
  std::uint64_t used() const;
  bool has_parent(const std::string& path) const;
  void apply_to_disk(const NameChange& change);
  static std::string survive(const Node& node, CrashMode mode, Random& random);

  mutable std::mutex mutex_;  // guards everything below
  std::map<std::string, NodeRef> names_, durable_names_;
  std::vector<NameChange> name_changes_;
  std::set<std::string> directories_, locks_;
  std::uint64_t operations_ = 0, reads_ = 0, generation_ = 0;
  std::uint64_t capacity_ = std::uint64_t{1} << 40;
  struct Fault {
    std::uint64_t number = 0;
    Code code = Code::kIo;
    Repeat repeat = Repeat::kOnce;
  };
  std::optional<Fault> fault_, read_fault_;
  std::optional<std::uint64_t> power_cut_;
  bool power_off_ = false;
};

}  // namespace trilobite
