#include "router.h"

#include <trilobite/log.h>
#include <trilobite/metric_names.h>
#include <trilobite/trace.h>
#include <trilobite/trace_names.h>

#include "tokens.h"
#include "work_span.h"

namespace llm {

namespace log = trilobite::log;
namespace metrics = trilobite::metrics;
namespace names = metrics::names;
namespace trace = trilobite::trace;

namespace {

constexpr log::Target kLog{"llm::router"};
constexpr trace::SpanType kFindMatches{"llm::router", trace::names::kKvFindMatches};
constexpr trace::SpanType kSchedule{"llm::router", trace::names::kKvSchedule};

constexpr std::chrono::seconds kSilence{5};  // a worker that says nothing for so long gets no requests
constexpr double kTokensPerLoad = 1.0;       // a token that waits costs as much as one that must be computed

double milliseconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

template <class T>
T single(const metrics::Registry& registry, const names::Standard& metric, const std::string& router_id) {
  const metrics::Labels labels{{std::string(names::label::kRouterId), router_id}};
  return names::single<T>(registry, names::router::kPrefix, metric, labels).or_log();
}

}  // namespace

Router::Metrics::Metrics(const metrics::Registry& r, const std::string& id)
    : requests(single<metrics::IntCounter>(r, names::router::kRequests, id)),
      input_tokens(single<metrics::Histogram>(r, names::router::kInputTokens, id)),
      hit_rate(single<metrics::Histogram>(r, names::router::kKvHitRate, id)),
      block_hashing(single<metrics::Histogram>(r, names::router::kOverheadBlockHashing, id)),
      find_matches(single<metrics::Histogram>(r, names::router::kOverheadFindMatches, id)),
      scheduling(single<metrics::Histogram>(r, names::router::kOverheadScheduling, id)),
      total(single<metrics::Histogram>(r, names::router::kOverheadTotal, id)),
      events(names::vector<metrics::IntCounter>(r, names::component::kPrefix, names::component::kKvCacheEventsApplied)
                 .or_log()) {}

Router::Router(WorkerContext& context)
    : context_(context), endpoint_metrics_(context.endpoint), metrics_(registry_, std::to_string(context.instance_id)) {
  context.runtime.add_child(registry_);
  context.plane.listen(kEventSubject, [this](std::string_view json) { take_event(json); });
  context.plane.serve(kSelectSubject,
                      [this](const Request& request, const OnChunk& send) { return select(request, send); });
  kLog.info("serving", log::kv("router", context.name));
}

std::string Router::select(const Request& request, const OnChunk& send) {
  const WorkSpan span(context_, request, endpoint_metrics_);
  const auto begin = Clock::now();
  const auto wanted = parse_select_request(request.body);
  metrics_.block_hashing.observe(milliseconds(Clock::now() - begin));
  std::string error;
  if (!wanted) {
    error = "deserialization: not a select request";
  } else if (const auto chosen = choose(*wanted)) {
    metrics_.requests.add();
    metrics_.input_tokens.observe(static_cast<double>(wanted->prompt_tokens));
    if (!wanted->blocks.empty())
      metrics_.hit_rate.observe(static_cast<double>(chosen->overlap_blocks) /
                                static_cast<double>(wanted->blocks.size()));
    metrics_.total.observe(milliseconds(Clock::now() - begin));
    const std::string reply = to_json(*chosen);
    endpoint_metrics_.response_bytes.add(reply.size());
    if (!send(reply)) error = "publish_response: the caller is gone";
  } else {
    error = "generate: no worker is available";
  }
  span.finished(error);
  return error;
}

std::optional<SelectReply> Router::choose(const SelectRequest& request) {
  const auto begin = Clock::now();
  const std::lock_guard lock(mutex_);
  SelectReply reply;
  double best_cost = 0;
  {
    const trace::Span span = kFindMatches.start();
    for (const auto& [name, worker] : workers_) {
      if (worker.kind != "prefill") continue;
      std::uint64_t overlap = 0;
      while (overlap < request.blocks.size() && worker.blocks.contains(request.blocks[overlap])) ++overlap;
      const double missing = static_cast<double>(request.prompt_tokens) - static_cast<double>(overlap * kBlockTokens);
      const double cost = missing + kTokensPerLoad * static_cast<double>(worker.load);
      if (!reply.prefill.empty() && cost >= best_cost) continue;
      best_cost = cost;
      reply.prefill = name;
      reply.overlap_blocks = overlap;
    }
  }
  const auto found = Clock::now();
  metrics_.find_matches.observe(milliseconds(found - begin));
  const trace::Span span = kSchedule.start();
  Worker* decode = nullptr;
  for (auto& [name, worker] : workers_) {
    if (worker.kind != "decode" || (decode != nullptr && worker.load >= decode->load)) continue;
    decode = &worker;
    reply.decode = name;
  }
  if (decode == nullptr || reply.prefill.empty()) return std::nullopt;
  ++decode->load;  // until its own report says how many there are
  workers_[reply.prefill].load += request.prompt_tokens;
  metrics_.scheduling.observe(milliseconds(Clock::now() - found));
  kLog.info("selected worker {}", reply.prefill, log::kv("decode", reply.decode),
            log::kv("overlap", reply.overlap_blocks), log::kv("blocks", request.blocks.size()),
            log::kv("request_id", request.request_id));
  return reply;
}

void Router::take_event(std::string_view json) {
  auto event = parse_worker_event(json);
  if (!event) {
    kLog.warn("an event of a worker cannot be read", log::kv("bytes", json.size()));
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = workers_.try_emplace(event->worker);
  if (is_new) kLog.info("worker found", log::kv("worker", event->worker), log::kv("kind", event->kind));
  Worker& worker = at->second;
  worker.kind = event->kind;
  worker.load = event->load;
  worker.seen = Clock::now();
  worker.blocks.insert(event->stored.begin(), event->stored.end());
  for (const std::uint64_t block : event->removed) worker.blocks.erase(block);
  if (!event->stored.empty()) metrics_.events.with({"stored", "ok"}).add(event->stored.size());
  if (!event->removed.empty()) metrics_.events.with({"removed", "ok"}).add(event->removed.size());
}

void Router::report() {
  const std::lock_guard lock(mutex_);
  for (auto at = workers_.begin(); at != workers_.end();) {
    if (Clock::now() - at->second.seen < kSilence) {
      ++at;
      continue;
    }
    kLog.error("worker lost: nothing heard of it", log::kv("worker", at->first),
               log::kv("seconds", static_cast<std::int64_t>(kSilence.count())));
    at = workers_.erase(at);
  }
}

}  // namespace llm
