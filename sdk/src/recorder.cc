#include <trilobite/recorder.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <trilobite/log.h>

#include "recorder_line.h"

namespace trilobite {
namespace {

constexpr log::Target kLog{"trilobite::recorder"};
constexpr std::size_t kQueueMax = 2048;
constexpr std::size_t kBufferBytes = 32 << 10;

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace

// Recorders wait for events and for the token at once: they leave their wake-up here.
struct CancelToken::State {
  std::atomic<std::uint32_t> tokens{1};
  std::mutex mutex;
  std::atomic<bool> cancelled{false};
  std::vector<std::weak_ptr<std::condition_variable>> waiting;  // guarded by mutex
};

CancelToken::CancelToken() : state_(std::make_unique<State>().release()) {}
CancelToken::CancelToken(const CancelToken& other) noexcept : state_(other.state_) { state_->tokens.fetch_add(1); }
CancelToken::~CancelToken() {
  if (state_->tokens.fetch_sub(1) == 1) delete state_;
}
bool CancelToken::cancelled() const { return state_->cancelled.load(); }
void CancelToken::cancel() const {
  const std::lock_guard lock(state_->mutex);
  state_->cancelled.store(true);
  for (const auto& waiting : state_->waiting) {
    if (const auto condition = waiting.lock()) condition->notify_all();
  }
}

namespace detail {
namespace {

// The current file of a recording, with a buffer.
class RecordingFile {
 public:
  explicit RecordingFile(std::string path) : path_(std::move(path)) {}
  ~RecordingFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  RecordingFile(const RecordingFile&) = delete;
  RecordingFile& operator=(const RecordingFile&) = delete;

  int open_first() { return open(path_); }

  // 0 or an errno value; the line is then not in the file. What was in the buffer before stays there.
  int append(std::string_view line) {
    if (buffer_.size() + line.size() > kBufferBytes) {
      if (const int failure = flush()) return failure;
    }
    buffer_ += line;
    bytes_ += line.size();
    return 0;
  }
  int flush() {
    while (!buffer_.empty()) {
      const ssize_t written = ::write(descriptor_, buffer_.data(), buffer_.size());
      if (written < 0 && errno != EINTR) return errno;
      if (written > 0) buffer_.erase(0, static_cast<std::size_t>(written));
    }
    return 0;
  }
  // Opens the file with the next number. On failure writing goes on in the old one, and the next try takes the number
  // after that.
  void next() {
    const std::string path = recorded_file_path(path_, ++index_);
    int failure = flush();
    if (failure == 0) failure = open(path);
    if (failure != 0) {
      kLog.error("Failed to open recording file {}: {}", path, std::strerror(failure));
      return;
    }
    bytes_ = 0;
    rotated_ = true;
  }
  bool take_rotated() { return std::exchange(rotated_, false); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  int open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (descriptor < 0) return errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = descriptor;
    return 0;
  }

  const std::string path_;
  std::uint64_t index_ = 0;
  int descriptor_ = -1;
  std::string buffer_;
  std::uint64_t bytes_ = 0;
  bool rotated_ = false;
};

}  // namespace

class RecorderState {
 public:
  using ToJson = Callback<bool(std::string& out)>;

  RecorderState(const CancelToken& token, const std::string& path, const RecorderOptions& options)
      : token_(token),
        options_(options),
        file_(path),
        changed_(std::make_shared<std::condition_variable>()),
        opened_ns_(now_ns()),
        file_opened_ns_(opened_ns_) {}

  ~RecorderState() {
    shutdown();
    if (writer_.joinable()) writer_.join();
  }

  std::string start(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code failed;
    if (!folder.empty()) std::filesystem::create_directories(folder, failed);
    if (failed) return "cannot make folder " + folder.string() + ": " + failed.message();
    if (const int failure = file_.open_first()) return "cannot open " + path + ": " + std::strerror(failure);
    {
      const std::lock_guard lock(mutex());
      token_.state().waiting.push_back(changed_);
    }
    try {
      writer_ = std::thread([this] { run(); });
    } catch (const std::system_error& failure) {
      return std::string("cannot start a thread: ") + failure.what();
    }
    return {};
  }

  bool record(ToJson event) {
    std::unique_lock lock(mutex());
    changed_->wait(lock, [this] { return token_.cancelled() || queue_.size() < kQueueMax; });
    if (token_.cancelled()) return false;
    queue_.push_back(std::move(event));
    lock.unlock();
    changed_->notify_all();
    return true;
  }

  std::uint64_t event_count() const { return count_.load(); }
  std::optional<double> elapsed_seconds() const {
    const std::int64_t first = first_ns_.load();
    if (first < 0) return std::nullopt;
    return static_cast<double>(now_ns() - first) / 1e9;
  }
  void shutdown() { token_.cancel(); }

 private:
  // The token's mutex guards the queue as well: one wait sees both.
  std::mutex& mutex() const { return token_.state().mutex; }
  std::int64_t now_ns() const { return options_.clock_ns == nullptr ? monotonic_ns() : options_.clock_ns(); }
  static std::int64_t to_ns(double seconds) { return static_cast<std::int64_t>(std::min(seconds, 9e9) * 1e9); }

  void run() {
    while (!time_is_over()) {
      const ToJson event = take();
      if (!event) break;
      write(event);
      if (options_.count_max && count_.load() >= *options_.count_max) {
        kLog.info("Recorder reached its limit of {} events", *options_.count_max);
        break;
      }
    }
    if (const int failure = file_.flush()) kLog.error("Failed to flush the recording: {}", std::strerror(failure));
    token_.cancel();
  }

  bool time_is_over() const {
    if (!options_.seconds_max || now_ns() - opened_ns_ < to_ns(*options_.seconds_max)) return false;
    kLog.info("Recorder reached its limit of {} seconds", *options_.seconds_max);
    return true;
  }

  // Empty: the token is cancelled.
  ToJson take() {
    std::unique_lock lock(mutex());
    changed_->wait(lock, [this] { return token_.cancelled() || !queue_.empty(); });
    if (token_.cancelled()) return {};
    ToJson event = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    changed_->notify_all();
    return event;
  }

  void write(const ToJson& to_json) {
    const std::int64_t now = now_ns();
    if (first_ns_.load() < 0) first_ns_.store(now);
    line_ = "{\"timestamp\":" + std::to_string((now - opened_ns_) / 1'000'000) + ",\"event\":";
    if (!to_json(line_)) {
      kLog.error("Failed to serialize an event; it is not recorded");
      return;
    }
    line_ += "}\n";
    if (const int failure = file_.append(line_)) {
      kLog.error("Failed to write an event to the recording: {}", std::strerror(failure));
      return;
    }
    count_.fetch_add(1);
    ++lines_;
    if (is_full(now)) file_.next();
    if (file_.take_rotated()) {
      lines_ = 0;
      file_opened_ns_ = now;
    }
  }

  bool is_full(std::int64_t now) const {
    return (options_.lines_per_file_max > 0 && lines_ >= options_.lines_per_file_max) ||
           (options_.bytes_per_file_max > 0 && file_.bytes() >= options_.bytes_per_file_max) ||
           (options_.seconds_per_file_max > 0 && now - file_opened_ns_ >= to_ns(options_.seconds_per_file_max));
  }

  const CancelToken token_;
  const RecorderOptions options_;
  RecordingFile file_;  // the writer's, like the next three
  std::uint64_t lines_ = 0;
  std::string line_;
  std::shared_ptr<std::condition_variable> changed_;
  const std::int64_t opened_ns_;
  std::int64_t file_opened_ns_;
  std::deque<ToJson> queue_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::int64_t> first_ns_{-1};
  std::thread writer_;
};

RecorderCore RecorderCore::open(const CancelToken& token, const std::string& path, const RecorderOptions& options,
                                std::string& error) {
  auto state = std::make_unique<RecorderState>(token, path, options);
  error = state->start(path);
  RecorderCore core;
  if (error.empty()) core.state_ = state.release();
  return core;
}

RecorderCore::~RecorderCore() { delete state_; }
bool RecorderCore::record(Callback<bool(std::string&)> to_json) {
  return state_ != nullptr && state_->record(std::move(to_json));
}
std::uint64_t RecorderCore::event_count() const { return state_ == nullptr ? 0 : state_->event_count(); }
std::optional<double> RecorderCore::elapsed_seconds() const {
  return state_ == nullptr ? std::nullopt : state_->elapsed_seconds();
}
void RecorderCore::shutdown() {
  if (state_ != nullptr) state_->shutdown();
}

}  // namespace detail
}  // namespace trilobite
