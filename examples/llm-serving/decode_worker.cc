#include "decode_worker.h"

#include <trilobite/log.h>

#include "messages.h"
#include "tokens.h"
#include "work_span.h"

namespace llm {

namespace log = trilobite::log;

namespace {
constexpr log::Target kLog{"llm::decode"};
constexpr std::size_t kLongQueue = 8;
}  // namespace

DecodeWorker::DecodeWorker(WorkerContext& context)
    : context_(context),
      metrics_(context.endpoint),
      model_metrics_(context.endpoint, context.model),
      running_(context.endpoint.create_intgauge("running_sequences", "Sequences in the batch").or_log()),
      waiting_(context.endpoint.create_intgauge("waiting_sequences", "Sequences that wait for a place").or_log()),
      engine_(DecodeSpeed{}, context.fault) {
  model_metrics_.loaded(engine_.blocks());
  context.plane.serve(generate_subject(context.name),
                      [this](const Request& request, const OnChunk& send) { return generate(request, send); });
  kLog.info("serving", log::kv("worker", context.name), log::kv("device_blocks", engine_.blocks()));
}

std::string DecodeWorker::generate(const Request& request, const OnChunk& send) {
  const WorkSpan span(context_, request, metrics_);
  const std::string error = decode(request, send);
  span.finished(error);
  return error;
}

std::string DecodeWorker::decode(const Request& request, const OnChunk& send) {
  const auto work = parse_decode_request(request.body);
  if (!work) return "deserialization: not a decode request";
  const std::string error = engine_.run(work->prompt_tokens, work->tokens_max, [&](std::size_t n) {
    const std::string_view token = word(work->seed, n);
    metrics_.response_bytes.add(token.size());
    return send(token);
  });
  if (error.empty()) return "";
  return (error == "cancelled" ? "publish_response: " : "generate: ") + error;
}

void DecodeWorker::report() {
  const std::size_t active = engine_.active(), waiting = engine_.waiting();
  model_metrics_.set_usage(engine_.blocks_used());
  running_.set(static_cast<std::int64_t>(active));
  waiting_.set(static_cast<std::int64_t>(waiting));
  if (waiting >= kLongQueue)
    kLog.warn("sequences wait for a place in the batch", log::kv("waiting", waiting), log::kv("running", active));
  context_.plane.publish(
      kEventSubject, to_json(WorkerEvent{context_.name, "decode", active + waiting, engine_.blocks_used(), {}, {}}));
}

}  // namespace llm
