// Records events to JSONL files, and plays them back.
//
//   template <> struct trilobite::RecordedAs<KvEvent> {
//     static bool to_json(const KvEvent& event, std::string& out);  // appends JSON without line feeds
//     static bool from_json(std::string_view json, KvEvent& event, std::string& error);
//   };
//   std::string error;
//   auto recorder = trilobite::Recorder<KvEvent>::open(token, "events.jsonl", {.count_max = 10'000}, error);
//   recorder.record(event);
//
// A line is {"timestamp":<ms since the recorder was opened>,"event":<event>}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <trilobite/callback.h>

namespace trilobite {

// A wish to stop, shared by all copies. Any thread.
class CancelToken {
 public:
  CancelToken();
  CancelToken(const CancelToken& other) noexcept;
  CancelToken& operator=(CancelToken other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~CancelToken();
  void cancel() const;
  bool cancelled() const;

  // For the library.
  struct State;
  State& state() const { return *state_; }

 private:
  State* state_;  // counts its tokens
};

struct RecorderOptions {
  // Then the next file: events.jsonl, events1.jsonl, events2.jsonl ... The number goes before the last dot of the path.
  // 0 switches each of these two limits off.
  std::uint64_t lines_per_file_max = 0;
  std::uint64_t bytes_per_file_max = 0;
  double seconds_per_file_max = 0;           // 0: off; looked at between events
  std::optional<std::uint64_t> count_max{};  // of events; then the recorder cancels its token and stops
  std::optional<double> seconds_max{};       // since it was opened; looked at between events only
  std::int64_t (*clock_ns)() = nullptr;      // monotonic; null: the system's
};

struct ReplayOptions {
  bool timed = false;  // with the pauses of the recording, otherwise as fast as the receiver takes them
  std::optional<std::uint64_t> count_max{};
  std::optional<double> seconds_max{};
  void (*sleep_ms)(std::uint64_t) = nullptr;  // null: the system's
};

// The JSON of a type; text that is JSON already is recorded as it is.
template <class T>
struct RecordedAs;
template <>
struct RecordedAs<std::string> {
  static bool to_json(const std::string& event, std::string& out) {
    out += event;
    return true;
  }
  static bool from_json(std::string_view json, std::string& event, std::string& /*error*/) {
    event = json;
    return true;
  }
};

namespace detail {

class RecorderState;

// What recorders of all types have in common.
class RecorderCore {
 public:
  RecorderCore() = default;
  RecorderCore(RecorderCore&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  RecorderCore& operator=(RecorderCore&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~RecorderCore();
  static RecorderCore open(const CancelToken& token, const std::string& path, const RecorderOptions& options,
                           std::string& error);
  bool is_open() const { return state_ != nullptr; }
  bool record(Callback<bool(std::string& out)> to_json);
  std::uint64_t event_count() const;
  std::optional<double> elapsed_seconds() const;
  void shutdown();

 private:
  RecorderState* state_ = nullptr;
};

struct Replayed {
  virtual ~Replayed() = default;
  virtual bool parse(std::string_view json, std::string& error) = 0;
  virtual bool send() = 0;  // what was parsed last; false: the receiver is closed
};
std::optional<std::uint64_t> replay(const std::string& path, Replayed& events, const ReplayOptions& options,
                                    std::string& error);

}  // namespace detail

template <class T>
class Recorder {
 public:
  Recorder() = default;  // not open: records nothing

  // Makes missing folders and truncates the file. On failure the recorder is not open, and error says why.
  static Recorder open(const CancelToken& token, const std::string& path, const RecorderOptions& options,
                       std::string& error) {
    Recorder recorder;
    recorder.core_ = detail::RecorderCore::open(token, path, options, error);
    return recorder;
  }
  explicit operator bool() const { return core_.is_open(); }

  // Any thread. Waits while 2048 events are queued. False once the recorder has stopped; the event is lost then.
  bool record(T event) {
    return core_.record(
        [taken = std::move(event)](std::string& out) { return RecordedAs<T>::to_json(taken, out); });
  }

  std::uint64_t event_count() const { return core_.event_count(); }  // written so far

  // Since the first event; empty before ("No events received yet").
  std::optional<double> elapsed_seconds() const { return core_.elapsed_seconds(); }

  // Cancels the token: what is written is flushed, what is queued is lost. The destructor does the same.
  void shutdown() { core_.shutdown(); }

 private:
  detail::RecorderCore core_;
};

// Sends the events of one file to send(T&&) -> bool, in order, until it is at its end or a limit is reached; lines that
// are no events are skipped with a warning. Returns how many were sent; empty when the file is missing or send()
// returned false, and error says so.
template <class T, class Send>
std::optional<std::uint64_t> replay_events(const std::string& path, Send send, const ReplayOptions& options,
                                           std::string& error) {
  struct Events : detail::Replayed {
    explicit Events(Send& to) : receiver(to) {}
    bool parse(std::string_view json, std::string& why) override {
      event = T{};
      return RecordedAs<T>::from_json(json, event, why);
    }
    bool send() override { return receiver(std::move(event)); }
    Send& receiver;
    T event{};
  } events(send);
  return detail::replay(path, events, options, error);
}

}  // namespace trilobite
