// Setting the process-wide logger up: once, in main.
//
//   trilobite::log::init(trilobite::log::Config::from_environment("info"));
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trilobite::log {

enum class LineFormat : std::uint8_t { kReadable, kJsonl };
enum class Color : std::uint8_t {
  kAuto,  // when the output is a terminal
  kAlways,
  kNever,
};

// Where lines go. One thread at a time calls it. A sink must not wait for something that logs and waits for flush().
class Sink {
 public:
  virtual ~Sink() = default;
  // Whole lines, each with its line feed. Returns 0 or an errno value; the lines are then lost and counted.
  virtual int write(std::string_view lines) = 0;
  virtual bool is_terminal() const { return false; }
};

struct Output {
  enum class Destination : std::uint8_t { kStandardError, kStandardOutput, kFile, kSink };
  Destination destination = Destination::kStandardError;
  std::string path{};    // kFile: appended to, made when missing
  Sink* sink = nullptr;  // kSink: must outlive the logging, for the process-wide logger the process
  LineFormat format = LineFormat::kReadable;
  Color color = Color::kAuto;  // readable format only
};

// What a thread does whose queue is full.
enum class Overflow : std::uint8_t {
  kBlock,  // writes queued lines itself until there is room
  kDrop,   // drops the line; a WARN line of target trilobite::log tells how many were dropped
  kGrow,   // doubles its queue up to bytes_max, then does as kBlock
};

struct QueueOptions {
  Overflow overflow = Overflow::kBlock;
  std::size_t bytes = 256 << 10;    // per thread: some 2,000 lines with a few arguments
  std::size_t bytes_max = 8 << 20;  // per thread, kGrow only
};

enum class Writer : std::uint8_t { kBackground, kCaller };

struct Config {
  // Directives as in DYN_LOG, and those below them in priority: an equal target in filter wins.
  std::string filter = "info";
  std::string module_filter{};

  std::vector<Output> outputs{Output{}};
  bool local_time_zone = false;
  std::string default_target{};  // of the free functions; empty: the program's short name
  QueueOptions queue{};
  Writer writer = Writer::kBackground;
  std::int64_t (*clock)() = nullptr;  // nanoseconds since 1970 in UTC, any thread; null: the system's clock

  std::vector<std::string> warnings{};  // init() prints them to stderr
  std::string error{};                  // not empty: init() fails with it

  // DYN_LOG, DYN_LOGGING_JSONL, DYN_LOG_USE_LOCAL_TZ, DYN_SDK_DISABLE_ANSI_LOGGING, /opt/dynamo/etc/logging.toml and
  // DYN_LOGGING_CONFIG_PATH. default_level is the log_level used when neither a file nor DYN_LOG gives one.
  static Config from_environment(std::string_view default_level = "info");
};

// Starts the process-wide logger. The first call counts, later ones do nothing. On failure it writes
// `Failed to initialize logging: <error>` to stderr and exits with status 1.
void init(const Config& config);

// The same for programs that want to decide themselves: an empty text, or the error. After an error a later call may
// still succeed.
[[nodiscard]] std::string try_init(const Config& config);

// Replaces what Config::filter gave. All pieces must be valid: otherwise nothing changes and the text says why. Any
// thread, any time, also before init (which sets its own filter then).
[[nodiscard]] std::string set_filter(std::string_view directives);

// The directives in force, modules included.
std::string filter();

// Returns when every line logged before the call (by this thread, or known to this thread) was handed to the sinks.
void flush() noexcept;

struct Statistics {
  std::uint64_t written = 0;         // lines handed to all outputs
  std::uint64_t dropped = 0;         // lines refused by a full queue
  std::uint64_t write_failures = 0;  // calls of Sink::write that failed
};
Statistics statistics();

}  // namespace trilobite::log
