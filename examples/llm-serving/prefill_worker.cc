#include "prefill_worker.h"

#include <trilobite/log.h>
#include <trilobite/metric_names.h>

#include "messages.h"
#include "tokens.h"
#include "work_span.h"

namespace llm {

namespace log = trilobite::log;
namespace metrics = trilobite::metrics;
namespace names = metrics::names;

namespace {

constexpr log::Target kLog{"llm::prefill"};
constexpr log::Target kBlocks{"llm::kvbm"};

template <class T>
T block_metric(const metrics::Registry& registry, const names::Standard& metric) {
  return names::single<T>(registry, names::kvbm::kPrefix, metric).or_log();
}

}  // namespace

PrefillWorker::BlockMetrics::BlockMetrics(const metrics::Registry& r)
    : offload_d2h(block_metric<metrics::IntCounter>(r, names::kvbm::kOffloadDeviceToHost)),
      offload_h2d(block_metric<metrics::IntCounter>(r, names::kvbm::kOffloadHostToDisk)),
      onboard_h2d(block_metric<metrics::IntCounter>(r, names::kvbm::kOnboardHostToDevice)),
      onboard_d2d(block_metric<metrics::IntCounter>(r, names::kvbm::kOnboardDiskToDevice)),
      matched_tokens(block_metric<metrics::IntCounter>(r, names::kvbm::kMatchedTokens)),
      host_hit_rate(block_metric<metrics::Gauge>(r, names::kvbm::kHostCacheHitRate)),
      disk_hit_rate(block_metric<metrics::Gauge>(r, names::kvbm::kDiskCacheHitRate)) {}

void PrefillWorker::BlockMetrics::count(const CacheUse& use) {
  const std::size_t host = use.matched[1], disk = use.matched[2];
  offload_d2h.add(use.offload_d2h);
  offload_h2d.add(use.offload_h2d);
  onboard_h2d.add(host);
  onboard_d2d.add(disk);
  matched_tokens.add(use.matched_blocks() * kBlockTokens);
  host_matched += host;
  disk_matched += disk;
  looked_up += use.matched_blocks() + use.stored.size();
  if (looked_up == 0) return;
  host_hit_rate.set(static_cast<double>(host_matched) / static_cast<double>(looked_up));
  disk_hit_rate.set(static_cast<double>(disk_matched) / static_cast<double>(looked_up));
}

PrefillWorker::PrefillWorker(WorkerContext& context)
    : context_(context),
      metrics_(context.endpoint),
      blocks_(block_registry_),
      model_metrics_(context.endpoint, context.model),
      cache_(CacheCapacity{}),
      engine_(PrefillSpeed{}, context.fault) {
  model_metrics_.loaded(cache_.capacity(Tier::kDevice));
  context.runtime.add_child(block_registry_);
  context.plane.serve(generate_subject(context.name),
                      [this](const Request& request, const OnChunk& send) { return generate(request, send); });
  kLog.info("serving", log::kv("worker", context.name), log::kv("device_blocks", cache_.capacity(Tier::kDevice)),
            log::kv("host_blocks", cache_.capacity(Tier::kHost)), log::kv("disk_blocks", cache_.capacity(Tier::kDisk)));
}

std::string PrefillWorker::generate(const Request& request, const OnChunk& send) {
  const WorkSpan span(context_, request, metrics_);
  const std::string error = compute(request, send);
  span.finished(error);
  return error;
}

std::string PrefillWorker::compute(const Request& request, const OnChunk& send) {
  const auto prompt = parse_prefill_request(request.body);
  if (!prompt) return "deserialization: not a prefill request";
  CacheUse use;
  {
    const std::lock_guard lock(mutex_);
    use = cache_.use(prompt->blocks);
    blocks_.count(use);
    model_metrics_.set_usage(cache_.size(Tier::kDevice));
  }
  if (use.dropped > 0) kBlocks.debug("evicted", log::kv("blocks", use.dropped), log::kv("tier", "disk"));
  const std::uint64_t cached = std::min<std::uint64_t>(use.matched_blocks() * kBlockTokens, prompt->prompt_tokens);
  kLog.debug("prompt", log::kv("tokens", prompt->prompt_tokens), log::kv("cached_tokens", cached));
  const PrefillWork work{prompt->prompt_tokens - cached, use.matched[1], use.matched[2]};
  if (const std::string error = engine_.run(work); !error.empty()) return "generate: " + error;
  context_.plane.publish(kEventSubject, to_json(WorkerEvent{context_.name, "prefill", engine_.waiting_tokens(), 0,
                                                            std::move(use.stored), std::move(use.removed)}));
  const std::string reply = to_json(PrefillReply{cached});
  metrics_.response_bytes.add(reply.size());
  return send(reply) ? "" : "publish_response: the caller is gone";
}

void PrefillWorker::report() {
  context_.plane.publish(kEventSubject,
                         to_json(WorkerEvent{context_.name, "prefill", engine_.waiting_tokens(), 0, {}, {}}));
}

}  // namespace llm
