// The agent: collects logs as its configuration says and delivers them, each line exactly once. Runs inside the server
// with a sink of the server's, or alone with HTTP clients.
#pragma once

#include <trilobite/metrics.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/sink.h"
#include "base/clock.h"
#include "base/file_system.h"

namespace trilobite::agent {

struct NamedSink {
  std::string name;  // keep it: what was sent is remembered under it
  std::shared_ptr<Sink> sink;
};

struct AgentOptions {
  Config config;
  std::string queue_directory;   // unless the configuration says another; one agent per folder
  std::vector<NamedSink> sinks;  // instead of the configuration's clients, when there are some
};

struct TargetStatus {
  std::string job, path;
  std::uint64_t position = 0, bytes = 0, lines = 0;
  std::string error;
};
struct ClientStatus {
  std::string name;
  std::uint64_t commits_behind = 0;
  std::string error;  // of the last try; empty when it went well
};
struct AgentStatus {
  std::vector<TargetStatus> targets;
  std::vector<ClientStatus> clients;
  std::uint64_t lines_read = 0, bytes_read = 0, lines_dropped = 0, batches_refused = 0;
  std::uint64_t queue_bytes = 0;
  bool queue_full = false;
  std::string error;  // why nothing is collected; empty when all is well
};

class Agent {
 public:
  // Checks everything that can be checked; nothing runs yet. kExists when another agent uses the folder.
  static Result<std::unique_ptr<Agent>> make(AgentOptions options, FileSystem& files, const Clock& clock);
  ~Agent();  // as stop()
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  void start();
  // Stops reading, commits what was read, gives the senders `drain` to deliver it, and stops them. What is left is
  // delivered after the next start.
  void stop(std::chrono::nanoseconds drain = std::chrono::seconds(5));

  // Any thread.
  AgentStatus status() const;
  const instruments::Registry& metrics() const;  // Promtail's names

 private:
  struct State;
  explicit Agent(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Builds every pipeline without running anything: what -check-syntax does beyond parse_config.
Result<void> check_pipelines(const Config& config, const Clock& clock);

}  // namespace trilobite::agent
