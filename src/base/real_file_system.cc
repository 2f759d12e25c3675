#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file_system.h"

#include "base/file_links.h"

namespace trilobite {
namespace {

Error errno_error(std::string_view doing, const std::string& path) {
  const int number = errno;
  Code code = Code::kIo;
  if (number == ENOENT || number == ENOTDIR) code = Code::kNotFound;
  if (number == ENOSPC || number == EDQUOT || number == EFBIG) code = Code::kNoSpace;
  return error(code, "cannot {} {}: {}", doing, path, std::strerror(number));
}

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }
  bool valid() const { return value_ >= 0; }

 private:
  int value_;
};

int open_retry(const std::string& path, int flags, mode_t mode = 0644) {
  int fd;
  do fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

class RealWritableFile final : public WritableFile {
 public:
  RealWritableFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return errno_error("write", path_);
      }
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return errno_error("sync", path_);
    return {};
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class RealReadableFile final : public ReadableFile {
 public:
  RealReadableFile(int fd, std::uint64_t size, std::string path) : fd_(fd), size_(size), path_(std::move(path)) {}

  std::uint64_t size() const override { return size_; }

  Result<std::string> read(std::uint64_t offset, std::size_t length) const override {
    if (offset > size_ || length > size_ - offset) {
      return error(Code::kCorrupt, "cannot read {} bytes at {} of {}: the file has {} bytes", length, offset, path_,
                   size_);
    }
    std::string out(length, '\0');
    std::size_t done = 0;
    while (done < length) {
      const ssize_t got = ::pread(fd_.get(), out.data() + done, length - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno_error("read", path_);
      if (got == 0)
        return error(Code::kCorrupt, "cannot read {}: it became shorter than {} bytes", path_, offset + length);
      done += static_cast<std::size_t>(got);
    }
    return out;
  }

 private:
  Descriptor fd_;
  std::uint64_t size_;
  std::string path_;
};

class RealFileLock final : public FileLock {
 public:
  explicit RealFileLock(int fd) : fd_(fd) {}

 private:
  Descriptor fd_;  // closing gives the lock back
};

class RealFileSystem final : public FileSystem, public FileLinks {
 public:
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    const int fd = open_retry(path, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) return errno_error("create", path);
    return std::unique_ptr<WritableFile>(std::make_unique<RealWritableFile>(fd, path));
  }

  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override {
    const int fd = open_retry(path, O_RDONLY);
    if (fd < 0) return errno_error("open", path);
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
      ::close(fd);
      return errno_error("stat", path);
    }
    return std::unique_ptr<ReadableFile>(
        std::make_unique<RealReadableFile>(fd, static_cast<std::uint64_t>(info.st_size), path));
  }

  Result<std::string> read_all(const std::string& path) override {
    Descriptor fd(open_retry(path, O_RDONLY));
    if (!fd.valid()) return errno_error("open", path);
    std::string out;
    char buffer[65536];
    for (;;) {
      const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno_error("read", path);
      if (got == 0) return out;
      out.append(buffer, static_cast<std::size_t>(got));
    }
  }

  Result<std::vector<FileInfo>> list(const std::string& directory) override {
    DIR* handle = ::opendir(directory.c_str());
    if (handle == nullptr) return errno_error("list", directory);
    std::unique_ptr<DIR, int (*)(DIR*)> closer(handle, ::closedir);
    std::vector<FileInfo> out;
    while (const dirent* entry = ::readdir(handle)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat info {};
      if (::stat((directory + "/" + name).c_str(), &info) != 0) continue;  // removed in between
      out.push_back({name, static_cast<std::uint64_t>(info.st_size), S_ISDIR(info.st_mode)});
    }
    std::sort(out.begin(), out.end(), [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
    return out;
  }

  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Result<void> make_directories(const std::string& path) override {
    if (path.empty() || exists(path)) return {};
    const std::size_t slash = path.find_last_of('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
    if (slash != 0 && slash != std::string::npos) TRY_VOID(make_directories(parent));
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return errno_error("create folder", path);
    return sync_directory(slash == 0 ? "/" : parent);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return errno_error("rename to " + to + " the file", from);
    return {};
  }

  Result<void> link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return {};
    if (errno == EXDEV || errno == EPERM || errno == EOPNOTSUPP)
      return error(Code::kUnsupported, "{} cannot be another name of {}", to, from);
    return errno_error("link to " + to + " the file", from);
  }

  Result<void> remove(const std::string& path) override {
    if (::remove(path.c_str()) != 0) return errno_error("remove", path);
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    Descriptor fd(open_retry(path, O_RDONLY | O_DIRECTORY));
    if (!fd.valid()) return errno_error("open", path);
    if (::fsync(fd.get()) != 0) return errno_error("sync", path);
    return {};
  }

  Result<void> truncate(const std::string& path, std::uint64_t bytes) override {
    Descriptor fd(open_retry(path, O_WRONLY));
    if (!fd.valid()) return errno_error("open", path);
    if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) return errno_error("truncate", path);
    if (::fdatasync(fd.get()) != 0) return errno_error("sync", path);
    return {};
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    const int fd = open_retry(path, O_RDWR | O_CREAT);
    if (fd < 0) return errno_error("open", path);
    auto held = std::make_unique<RealFileLock>(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return error(Code::kExists, "cannot lock {}: another process holds it", path);
      return errno_error("lock", path);
    }
    return std::unique_ptr<FileLock>(std::move(held));
  }

  Result<DiskSpace> disk_space(const std::string& path) override {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return errno_error("read the free space of", path);
    return DiskSpace{static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize,
                     static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_real_file_system() { return std::make_unique<RealFileSystem>(); }

Result<void> write_file_atomically(FileSystem& files, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  {
    TRY(file, files.create(temporary));
    TRY_VOID(file->append(content));
    TRY_VOID(file->sync());
  }
  TRY_VOID(files.rename(temporary, path));
  const std::size_t slash = path.find_last_of('/');
  return files.sync_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace trilobite
