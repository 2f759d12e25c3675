// Graphite's plaintext protocol over TCP, as carbon takes it: lines, to which nothing is answered. One thread reads all
// connections and writes what came; a store that is slow makes senders wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/metric_import.h"

namespace trilobite::server {

struct GraphiteOptions {
  std::string listen;  // host:port; "": off
  std::size_t connections_max = 1000;     // more are closed at once
  std::size_t line_bytes_max = 8u << 10;  // longer ones are left out
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes(5);  // without a byte; 0: for ever
};

// Puts what came in pieces together to lines.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  // Appends the lines that `bytes` ends, with their line ends, to `out`.
  void add(std::string_view bytes, std::string& out);
  // The last line may have no end.
  void finish(std::string& out);
  std::uint64_t too_long() const { return too_long_; }  // lines that were left out

 private:
  std::size_t bytes_max_;
  std::string begun_;
  bool skips_ = false;  // up to the next line end
  std::uint64_t too_long_ = 0;
};

struct GraphiteStats {
  std::uint64_t connections = 0;          // open now
  std::uint64_t connections_refused = 0;  // there were too many
  std::uint64_t samples = 0;
  std::uint64_t faults = 0;  // lines that were left out
};

class GraphiteListener {
 public:
  // Takes whole lines, on the thread of the listener.
  using Write = std::function<Result<ingest::ImportOutcome>(std::string_view lines)>;

  // Binds and starts. kExists: the address is taken.
  static Result<std::unique_ptr<GraphiteListener>> start(GraphiteOptions options, Write write);
  ~GraphiteListener();

  std::string address() const;  // host:port as bound
  GraphiteStats stats() const;
  void stop();  // idempotent

 private:
  struct State;
  explicit GraphiteListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace trilobite::server
