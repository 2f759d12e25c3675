// The file system as the engine sees it: few verbs, each with a Result, so that the simulated one
// (simulated_file_system.h) can cut the power, tear writes and refuse with ENOSPC or EIO at any of them.
//
// Rules that make data durable (see docs/storage.md): write to a temporary name, sync the file, rename, sync the
// directory; sync the directory after create as well. A failed sync is final: the file's state is unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite {

using ByteView = std::span<const std::byte>;
inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Append-only output. One thread at a time. Destroying it closes without syncing.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Result<void> append(std::string_view bytes) = 0;
  virtual Result<void> sync() = 0;  // data and size are on the disk when it returns
};

// Positioned reads. Any number of threads.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  virtual std::uint64_t size() const = 0;  // when it was opened
  // Reads exactly `length` bytes, or fails with kCorrupt when the file ends before.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t length) const = 0;
};

// Held while it lives; taken with an exclusive advisory lock.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct FileInfo {
  std::string name;  // without the folder
  std::uint64_t bytes = 0;
  bool directory = false;
};

struct DiskSpace {
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_free = 0;  // to this user
};

// Any thread may call. Paths are as the operating system takes them, '/' between parts.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path) = 0;       // truncates
  virtual Result<std::unique_ptr<ReadableFile>> open(const std::string& path) = 0;         // kNotFound
  virtual Result<std::string> read_all(const std::string& path) = 0;                       // kNotFound
  virtual Result<std::vector<FileInfo>> list(const std::string& directory) = 0;            // sorted by name
  virtual bool exists(const std::string& path) = 0;
  virtual Result<void> make_directories(const std::string& path) = 0;                      // parents too; synced
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;         // replaces `to`
  virtual Result<void> remove(const std::string& path) = 0;                                // file or empty folder
  virtual Result<void> sync_directory(const std::string& path) = 0;
  virtual Result<void> truncate(const std::string& path, std::uint64_t bytes) = 0;         // and syncs
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;             // kExists when held
  virtual Result<DiskSpace> disk_space(const std::string& path) = 0;
};

// The machine's own. No state; one per process is enough.
std::unique_ptr<FileSystem> make_real_file_system();

// tmp file, sync, rename, sync directory: `path` has either its old or its new content after a crash.
Result<void> write_file_atomically(FileSystem& files, const std::string& path, std::string_view content);

}  // namespace trilobite
