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

// When a log file is put aside and a new one begun; 0 switches a limit off. The old file is renamed to
// <path>.<time of that, UTC>, for instance app.log.20260301T081530.004217Z. One process per rotated file.
struct Rotation {
  std::uint64_t bytes_max = 0;
  std::uint64_t lines_max = 0;
  std::int64_t interval_s = 0;  // 86400: at midnight UTC
  int files_max = 0;            // old files that are kept; 0: all
  bool gzip = false;            // old files become .gz, by a thread of its own
};

class EventSink;

struct Output {
  enum class Destination : std::uint8_t {
    kStandardError,
    kStandardOutput,
    kFile,
    kSyslog,   // datagrams to path, by default /dev/log
    kJournal,  // systemd's journal by its own protocol: fields stay fields
    kSink,
    kEvents,  // an exporter of the library, such as otlp_output() makes
  };
  Destination destination = Destination::kStandardError;
  std::string path{};           // kFile: appended to, made when missing
  Sink* sink = nullptr;         // kSink: must outlive the logging, for the process-wide logger the process
  EventSink* events = nullptr;  // kEvents: the same
  Rotation rotation{};          // kFile
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

  // Signals that end the process (SIGSEGV, SIGABRT and with it std::terminate, SIGTERM, SIGINT ...) first wait this
  // long for queued lines to be written; where the program has a handler already, that one runs afterwards. 0: no
  // handlers.
  int fatal_signal_wait_ms = 2'000;
  std::int64_t (*clock)() = nullptr;  // nanoseconds since 1970 in UTC, any thread; null: the system's clock

  // Receivers of exported lines that the environment names: init() begins the log with a line about each.
  struct Export {
    std::string endpoint, service;
  };
  std::vector<Export> exports{};

  std::vector<std::string> warnings{};  // init() prints them to stderr
  std::string error{};                  // not empty: init() fails with it

  // TRILOBITE_LOG_OUTPUT (see parse_outputs(); or else log_outputs of a file), DYN_LOG and DYN_LOGGING_*,
  // DYN_LOG_USE_LOCAL_TZ, DYN_SDK_DISABLE_ANSI_LOGGING, /opt/dynamo/etc/logging.toml and DYN_LOGGING_CONFIG_PATH.
  // default_level is the log_level used when neither a file nor DYN_LOG gives one.
  static Config from_environment(std::string_view default_level = "info");
};

// Outputs separated by commas: `stderr`, `stdout`, `syslog`, `journal`, or a file's path with options:
// `/var/log/app.log?bytes=100M&lines=1000000&interval=1d&keep=7&gzip`. Returns an empty text, or what is wrong.
[[nodiscard]] std::string parse_outputs(std::string_view text, std::vector<Output>& outputs);

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
