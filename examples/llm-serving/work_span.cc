#include "work_span.h"

#include <trilobite/log.h>
#include <trilobite/trace_names.h>

#include "carrier.h"

namespace llm {

namespace log = trilobite::log;
namespace trace = trilobite::trace;

namespace {

constexpr log::Target kLog{"llm::worker"};
constexpr trace::SpanType kHandlePayload{"llm::worker", trace::names::kHandlePayload};

trace::Span start(const WorkerContext& context, const Request& request) {
  const trace::Context parent = continue_from(request.headers);
  return kHandlePayload.start(
      {.parent = &parent, .kind = trace::Kind::kServer}, trace::kv(trace::names::kComponent, context.component),
      trace::kv(trace::names::kEndpoint, "generate"), trace::kv(trace::names::kNamespace, context.name_space),
      trace::kv(trace::names::kInstanceId, context.instance_id));
}

}  // namespace

WorkSpan::WorkSpan(const WorkerContext& context, const Request& request, const EndpointMetrics& metrics)
    : metrics_(metrics), begin_(std::chrono::steady_clock::now()), span_(start(context, request)) {
  metrics_.requests.add();
  metrics_.request_bytes.add(request.body.size());
  metrics_.inflight.add();
}

WorkSpan::~WorkSpan() {
  metrics_.inflight.sub();
  metrics_.duration.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
}

void WorkSpan::finished(const std::string& error) const {
  if (error.empty()) return;
  const std::string_view type = std::string_view(error).substr(0, error.find(':'));
  metrics_.errors.with({type}).add();
  span_.status(trace::Status::kError, error);
  kLog.error("request failed", log::kv("error_type", type), log::kv("error", error));
}

}  // namespace llm
