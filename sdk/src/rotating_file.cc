#include "rotating_file.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "gzip_file.h"
#include "sinks.h"

namespace trilobite::log {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSecond = 1'000'000'000;

std::string time_suffix(std::int64_t now_ns) {
  const std::time_t seconds = now_ns / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format(".{:04}{:02}{:02}T{:02}{:02}{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, now_ns % kSecond / 1000);
}

// `.20260301T081530.004217Z`, perhaps with a `-2` for the second of that name, perhaps with `.gz`.
bool is_time_suffix(std::string_view text) {
  constexpr std::string_view kShape = ".00000000T000000.000000Z";
  if (text.size() < kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return false;
  }
  std::string_view rest = text.substr(kShape.size());
  if (rest.ends_with(".gz")) rest.remove_suffix(3);
  if (rest.empty()) return true;
  return rest.size() > 1 && rest.front() == '-' &&
         std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The files put aside so far, oldest first.
std::vector<std::string> old_files(const std::string& path) {
  std::vector<std::string> found;
  const fs::path dir = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
  const std::string name = fs::path(path).filename().string();
  std::error_code failed;
  for (fs::directory_iterator it(dir, failed), end; !failed && it != end; it.increment(failed)) {
    const std::string other = it->path().filename().string();
    if (other.starts_with(name) && is_time_suffix(std::string_view(other).substr(name.size()))) {
      found.push_back(it->path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

void remove_all_but(const std::string& path, int files_max) {
  if (files_max <= 0) return;
  std::vector<std::string> files = old_files(path);
  for (std::size_t i = 0; i + static_cast<std::size_t>(files_max) < files.size(); ++i) ::unlink(files[i].c_str());
}

// Compressing takes seconds where writing takes none. A process that ends meanwhile leaves the file as it was; the next
// one finds it.
void gzip_and_remove_old(const std::string& path, const std::vector<std::string>& files, int files_max) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([path, files, files_max] {
      for (const std::string& file : files) static_cast<void>(gzip_file(file));
      remove_all_but(path, files_max);
    }).detach();
  } catch (const std::system_error&) {
    remove_all_but(path, files_max);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

class RotatingFile : public Sink {
 public:
  RotatingFile(std::string path, const Rotation& rotation, std::function<std::int64_t()> clock)
      : path_(std::move(path)), rotation_(rotation), clock_(std::move(clock)) {}
  ~RotatingFile() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int open() {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (descriptor_ < 0) return errno;
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return errno;
    bytes_ = static_cast<std::uint64_t>(status.st_size);
    lines_ = rotation_.lines_max > 0 ? count_lines() : 0;
    // A file that was begun in an earlier interval is put aside with the first line.
    period_ = period_of(bytes_ > 0 ? status.st_mtim.tv_sec * kSecond : clock_());
    return 0;
  }

  void tidy() {
    std::vector<std::string> plain = old_files(path_);
    std::erase_if(plain, [](const std::string& file) { return file.ends_with(".gz"); });
    if (rotation_.gzip && !plain.empty()) {
      gzip_and_remove_old(path_, plain, rotation_.files_max);
    } else {
      remove_all_but(path_, rotation_.files_max);
    }
  }

  int write(std::string_view lines) override {
    int failure = 0;
    if (rotation_.interval_s > 0 && bytes_ > 0 && period_of(clock_()) != period_) failure = rotate();
    while (!lines.empty()) {
      std::size_t count = bytes_that_fit(lines);
      if (count == 0) {
        const int failed = rotate();
        if (failed != 0) failure = failed;
        count = bytes_that_fit(lines);
      }
      if (descriptor_ < 0) return failure != 0 ? failure : EBADF;
      const int failed = descriptor_sink(descriptor_)->write(lines.substr(0, count));
      if (failed != 0) return failed;
      bytes_ += count;
      lines_ += lines_taken_;
      lines.remove_prefix(count);
    }
    return failure;
  }

 private:
  std::int64_t period_of(std::int64_t now_ns) const {
    return rotation_.interval_s <= 0 ? 0 : now_ns / kSecond / rotation_.interval_s;
  }

  // How much of the lines goes into this file: whole lines, in an empty file at least one.
  std::size_t bytes_that_fit(std::string_view lines) {
    const bool empty = bytes_ == 0;
    lines_taken_ = 0;
    const std::uint64_t bytes_left = rotation_.bytes_max == 0       ? UINT64_MAX
                                     : rotation_.bytes_max > bytes_ ? rotation_.bytes_max - bytes_
                                                                    : 0;
    std::uint64_t lines_left = rotation_.lines_max == 0       ? UINT64_MAX
                               : rotation_.lines_max > lines_ ? rotation_.lines_max - lines_
                                                              : 0;
    if (rotation_.lines_max == 0 && lines.size() <= bytes_left) return lines.size();
    std::size_t taken = 0;
    while (taken < lines.size() && lines_left > 0) {
      const std::size_t feed = std::min(lines.find('\n', taken), lines.size() - 1);
      if (feed + 1 > bytes_left && !(empty && taken == 0)) break;
      taken = feed + 1;
      ++lines_taken_;
      --lines_left;
    }
    return taken;
  }

  // When the new file cannot be had, writing goes on in the old one.
  int rotate() {
    const std::int64_t now_ns = clock_();
    period_ = period_of(now_ns);
    const std::string base = path_ + time_suffix(now_ns);
    std::string aside = base;
    for (int i = 2; ::access(aside.c_str(), F_OK) == 0 || ::access((aside + ".gz").c_str(), F_OK) == 0; ++i) {
      aside = fmt::format("{}-{}", base, i);
    }
    if (std::rename(path_.c_str(), aside.c_str()) != 0 && errno != ENOENT) return start_counting(errno);
    const int descriptor = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (descriptor < 0) return start_counting(errno);
    ::close(descriptor_);
    descriptor_ = descriptor;
    tidy();
    return start_counting(0);
  }

  int start_counting(int failure) {
    bytes_ = lines_ = 0;
    return failure;
  }

  std::uint64_t count_lines() const {
    std::uint64_t lines = 0;
    std::vector<char> block(64 << 10);
    off_t at = 0;
    for (;;) {
      const ssize_t count = ::pread(descriptor_, block.data(), block.size(), at);
      if (count <= 0) return lines;
      lines += static_cast<std::uint64_t>(std::count(block.begin(), block.begin() + count, '\n'));
      at += count;
    }
  }

  const std::string path_;
  const Rotation rotation_;
  const std::function<std::int64_t()> clock_;
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;  // of this file, like the next two
  std::uint64_t lines_ = 0;
  std::int64_t period_ = 0;
  std::uint64_t lines_taken_ = 0;  // by the last bytes_that_fit()
};

}  // namespace

Outcome<std::unique_ptr<Sink>> rotating_file_sink(const std::string& path, const Rotation& rotation,
                                                  std::function<std::int64_t()> clock) {
  auto file = std::make_unique<RotatingFile>(path, rotation, std::move(clock));
  if (const int failure = file->open()) return Error{"cannot open log file " + path + ": " + std::strerror(failure)};
  file->tidy();
  return std::unique_ptr<Sink>(std::move(file));
}

}  // namespace trilobite::log
