// The names by which tools know the spans, fields and lines of an inference service.
#pragma once

#include <string_view>

namespace trilobite::trace::names {

// Spans.
inline constexpr std::string_view kHttpRequest = "http-request";      // every request of a frontend or status server
inline constexpr std::string_view kHandlePayload = "handle_payload";  // a worker, per request
inline constexpr std::string_view kClientRequest = "client_request";
inline constexpr std::string_view kRouteRequest = "router.route_request";
inline constexpr std::string_view kKvRouteRequest = "kv_router.route_request";
inline constexpr std::string_view kKvSelectWorker = "kv_router.select_worker";
inline constexpr std::string_view kKvComputeBlockHashes = "kv_router.compute_block_hashes";
inline constexpr std::string_view kKvFindMatches = "kv_router.find_matches";
inline constexpr std::string_view kKvComputeSeqHashes = "kv_router.compute_seq_hashes";
inline constexpr std::string_view kKvSchedule = "kv_router.schedule";

// Targets that filter directives know.
inline constexpr std::string_view kRequestSpanTarget = "request_span";  // inference requests
inline constexpr std::string_view kSystemSpanTarget = "system_span";    // health, metrics: spans of DEBUG

// Fields of http-request.
inline constexpr std::string_view kMethod = "method";
inline constexpr std::string_view kUri = "uri";          // path and query
inline constexpr std::string_view kVersion = "version";  // "HTTP/1.1"
inline constexpr std::string_view kModel = "model";
inline constexpr std::string_view kInputTokens = "input_tokens";
inline constexpr std::string_view kOutputTokens = "output_tokens";
inline constexpr std::string_view kTtftMs = "ttft_ms";
inline constexpr std::string_view kAvgItlMs = "avg_itl_ms";
inline constexpr std::string_view kPrefillWorkerId = "prefill_worker_id";
inline constexpr std::string_view kDecodeWorkerId = "decode_worker_id";
// Of handle_payload.
inline constexpr std::string_view kComponent = "component";
inline constexpr std::string_view kEndpoint = "endpoint";
inline constexpr std::string_view kNamespace = "namespace";
inline constexpr std::string_view kInstanceId = "instance_id";  // integer
// Of client_request and the routers.
inline constexpr std::string_view kOperation = "operation";
inline constexpr std::string_view kRequestId = "request_id";
inline constexpr std::string_view kWorkerId = "worker_id";
inline constexpr std::string_view kRouterMode = "router_mode";
inline constexpr std::string_view kDpRank = "dp_rank";
inline constexpr std::string_view kOverlapBlocks = "overlap_blocks";
inline constexpr std::string_view kPhase = "phase";
// By which a span says who it is (see SpanType::start).
inline constexpr std::string_view kTraceId = "trace_id";
inline constexpr std::string_view kSpanId = "span_id";
inline constexpr std::string_view kParentId = "parent_id";
inline constexpr std::string_view kTracestate = "tracestate";
inline constexpr std::string_view kXRequestId = "x_request_id";
inline constexpr std::string_view kXDynamoRequestId = "x_dynamo_request_id";

// Lines.
inline constexpr std::string_view kSpanFirstEntry = "SPAN_FIRST_ENTRY";
inline constexpr std::string_view kSpanClosed = "SPAN_CLOSED";
inline constexpr std::string_view kRequestCompleted = "request completed";                              // DEBUG
inline constexpr std::string_view kRequestClientError = "request completed with client request error";  // WARN, 4xx
inline constexpr std::string_view kRequestServerError = "request completed with server error";          // ERROR, 5xx

}  // namespace trilobite::trace::names
