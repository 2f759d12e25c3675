#include "agent/agent.h"

#include <thread>

#include "agent/collector.h"
#include "agent/http_sink.h"
#include "agent/log_target.h"
#include "agent/queue.h"
#include "agent/sender.h"

namespace trilobite::agent {

struct Agent::State {
  State(AgentOptions given, const Clock& clock_) : options(std::move(given)), clock(clock_) {}

  Result<void> set_up(FileSystem& files);
  Result<void> set_up_senders(std::vector<SenderOptions>& senders);
  bool wait_until_drained(std::chrono::nanoseconds limit) const;

  AgentOptions options;
  const Clock& clock;
  Metrics metrics;
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<Queue> queue;
  std::unique_ptr<Collector> collector;
  std::vector<std::unique_ptr<Sender>> senders;
  bool running = false;
};

// Clients of the configuration become sinks, unless sinks were given.
Result<void> Agent::State::set_up_senders(std::vector<SenderOptions>& out) {
  if (!options.sinks.empty()) {
    for (const NamedSink& sink : options.sinks) out.push_back({.client = out.size(), .name = sink.name});
    // A sink within the process answers at once; after a refusal it is soon ready again.
    for (SenderOptions& sender : out) sender.backoff = {.min_period = 100ms, .max_period = 5s};
    return {};
  }
  if (options.config.clients.empty()) return error(Code::kInvalid, "the agent has no clients to send to");
  for (const ClientConfig& client : options.config.clients) {
    TRY(sink, make_http_sink(client));
    options.sinks.push_back({client.name, std::move(sink)});
    out.push_back({.client = out.size(),
                   .name = client.name,
                   .backoff = client.backoff,
                   .drop_rate_limited_batches = client.drop_rate_limited_batches});
  }
  return {};
}

Result<void> Agent::State::set_up(FileSystem& files) {
  std::vector<SenderOptions> sender_options;
  TRY_VOID(set_up_senders(sender_options));
  QueueOptions queue_options{.directory = options.config.queue.directory, .bytes_max = options.config.queue.bytes_max};
  if (queue_options.directory.empty()) queue_options.directory = options.queue_directory;
  if (queue_options.directory.empty()) return error(Code::kInvalid, "the agent has no folder for its queue");
  queue_options.segment_bytes = std::min<std::size_t>(kSegmentBytesDefault, queue_options.bytes_max / 4);
  for (const SenderOptions& sender : sender_options) queue_options.clients.push_back(sender.name);

  TRY_VOID(files.make_directories(queue_options.directory));
  auto held = files.lock(queue_options.directory + "/lock");
  if (!held.ok()) return std::move(held).error().within("another agent uses this queue");
  lock = std::move(*held);
  TRY(opened, Queue::open(files, std::move(queue_options)));
  queue = std::move(opened);
  TRY(made, Collector::make(options.config, *queue, files, metrics, clock));
  collector = std::move(made);
  for (SenderOptions& sender : sender_options) {
    const std::shared_ptr<Sink> sink = options.sinks[sender.client].sink;
    senders.push_back(std::make_unique<Sender>(*queue, sink, std::move(sender), metrics, clock));
  }
  return {};
}

bool Agent::State::wait_until_drained(std::chrono::nanoseconds limit) const {
  const auto deadline = clock.steady() + limit;
  while (!queue->drained()) {
    if (clock.steady() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

Agent::Agent(std::unique_ptr<State> state) : state_(std::move(state)) {}
Agent::~Agent() { stop(); }

Result<std::unique_ptr<Agent>> Agent::make(AgentOptions options, FileSystem& files, const Clock& clock) {
  auto state = std::make_unique<State>(std::move(options), clock);
  auto ready = state->set_up(files);
  if (!ready.ok()) return std::move(ready).error().within("cannot set up the agent");
  return std::unique_ptr<Agent>(new Agent(std::move(state)));
}

void Agent::start() {
  if (state_->running) return;
  state_->running = true;
  state_->collector->start();
  for (const auto& sender : state_->senders) sender->start();
}

void Agent::stop(std::chrono::nanoseconds drain) {
  if (!state_->running) return;
  state_->running = false;
  state_->collector->stop();
  if (!state_->wait_until_drained(drain)) kLog.info("some batches wait in the queue for the next start");
  state_->queue->close();
  for (const auto& sender : state_->senders) sender->stop();
}

AgentStatus Agent::status() const {
  AgentStatus out;
  const CollectorStatus collected = state_->collector->status();
  for (const FileStatus& file : collected.files) {
    out.targets.push_back({file.job, file.path, file.offset, file.bytes, file.lines, file.error});
  }
  for (const JournalStatus& journal : collected.journals) {
    out.targets.push_back({.job = journal.job, .path = "journal", .lines = journal.entries, .error = journal.error});
  }
  const QueueStats queue = state_->queue->stats();
  for (std::size_t i = 0; i < state_->senders.size(); ++i) {
    const auto& [name, acknowledged] = queue.acknowledged[i];
    out.clients.push_back({name, queue.sequence_last - acknowledged, state_->senders[i]->status().error});
  }
  out.lines_read = state_->metrics.lines_read.value();
  out.bytes_read = state_->metrics.bytes_read.value();
  out.lines_dropped = state_->metrics.dropped_lines();
  out.batches_refused = state_->metrics.batches_refused();
  out.queue_bytes = queue.bytes;
  out.queue_full = collected.queue_full;
  out.error = collected.error;
  return out;
}

const instruments::Registry& Agent::metrics() const { return state_->metrics.registry(); }

Result<void> check_pipelines(const Config& config, const Clock& clock) {
  Metrics metrics;
  for (const ScrapeConfig& scrape : config.scrape) TRY_VOID(SourceJob::make(scrape, {clock, metrics}));
  return {};
}

}  // namespace trilobite::agent
