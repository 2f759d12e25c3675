#include "agent/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

namespace trilobite::agent {
namespace {

Error errno_error(std::string_view doing, const std::string& path) {
  const Code code = errno == ENOENT || errno == ENOTDIR ? Code::kNotFound : Code::kIo;
  return error(code, "cannot {} {}: {}", doing, path, std::strerror(errno));
}

LogFileInfo info_of(const struct stat& status) {
  return {.id = {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)},
          .bytes = static_cast<std::uint64_t>(status.st_size),
          .modified = status.st_mtim.tv_sec * kNsPerSecond + status.st_mtim.tv_nsec,
          .links = static_cast<std::uint64_t>(status.st_nlink)};
}

class PlainFile : public LogFile {
 public:
  PlainFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;
  ~PlainFile() override { ::close(fd_); }

  Result<LogFileInfo> info() const override {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return errno_error("stat", path_);
    return info_of(status);
  }
  Result<std::string> read(std::uint64_t offset, std::size_t length) override {
    std::string out(length, '\0');
    std::size_t done = 0;
    while (done < length) {
      const ssize_t got = ::pread(fd_, out.data() + done, length - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno_error("read", path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    out.resize(done);
    return out;
  }
  bool compressed() const override { return false; }

 protected:
  const std::string& path() const { return path_; }

 private:
  const int fd_;
  const std::string path_;
};

// Inflates forwards only; to go back it starts again, which happens once after a restart.
class GzipFile final : public PlainFile {
 public:
  using PlainFile::PlainFile;
  ~GzipFile() override {
    if (open_) inflateEnd(&stream_);
  }

  Result<std::string> read(std::uint64_t offset, std::size_t length) override {
    // The last piece read is kept: the caller looks again at the bytes in front of where it stopped.
    if (offset < kept_from_ || !open_) TRY_VOID(rewind());
    while (kept_from_ + kept_.size() < offset + length) {
      const std::uint64_t inside = offset > kept_from_ ? offset - kept_from_ : 0;
      drop(std::min<std::uint64_t>(inside, kept_.size()));
      TRY(got, inflate_some());
      if (got == 0) break;
    }
    if (offset >= kept_from_ + kept_.size()) return std::string();
    return kept_.substr(static_cast<std::size_t>(offset - kept_from_), length);
  }
  bool compressed() const override { return true; }

 private:
  static constexpr std::size_t kInputBytes = 64 * 1024;

  Result<void> rewind() {
    if (open_) inflateEnd(&stream_);
    stream_ = {};
    if (inflateInit2(&stream_, 31) != Z_OK) return error(Code::kInternal, "cannot set up zlib");
    open_ = true;
    kept_.clear();
    input_.clear();
    kept_from_ = input_offset_ = 0;
    return {};
  }
  void drop(std::uint64_t bytes) {
    kept_.erase(0, static_cast<std::size_t>(bytes));
    kept_from_ += bytes;
  }

  // Bytes added to kept_; 0 at the end of what the file has so far.
  Result<std::size_t> inflate_some() {
    char buffer[kInputBytes];
    for (;;) {
      if (input_.empty()) {
        TRY(more, PlainFile::read(input_offset_, kInputBytes));
        if (more.empty()) return std::size_t{0};
        input_offset_ += more.size();
        input_ = std::move(more);
      }
      stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
      stream_.avail_in = static_cast<uInt>(input_.size());
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = sizeof buffer;
      const int state = inflate(&stream_, Z_NO_FLUSH);
      input_.erase(0, input_.size() - stream_.avail_in);
      const std::size_t got = sizeof buffer - stream_.avail_out;
      kept_.append(buffer, got);
      if (state == Z_STREAM_END) {
        inflateReset(&stream_);  // another member may follow
      } else if (state != Z_OK && state != Z_BUF_ERROR) {
        return error(Code::kCorrupt, "cannot decompress {}: {}", path(), stream_.msg ? stream_.msg : "bad data");
      }
      if (got > 0) return got;
    }
  }

  z_stream stream_{};
  bool open_ = false;
  std::string input_;               // read from the file, not yet inflated
  std::uint64_t input_offset_ = 0;  // behind input_
  std::string kept_;                // inflated
  std::uint64_t kept_from_ = 0;     // where kept_ begins in the content
};

bool is_gzip(int fd) {
  unsigned char magic[3];
  return ::pread(fd, magic, sizeof magic, 0) == 3 && magic[0] == 0x1F && magic[1] == 0x8B && magic[2] == 8;
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(const std::string& path) {
  int fd;
  // Without waiting: opening a pipe would block for ever.
  do fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return errno_error("open", path);
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return error(Code::kUnsupported, "cannot follow {}: it is not a regular file", path);
  }
  if (is_gzip(fd)) return std::unique_ptr<LogFile>(std::make_unique<GzipFile>(fd, path));
  return std::unique_ptr<LogFile>(std::make_unique<PlainFile>(fd, path));
}

Result<LogFileInfo> file_info(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno_error("stat", path);
  return info_of(status);
}

}  // namespace trilobite::agent
