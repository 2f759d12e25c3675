#include "frontend.h"

#include <chrono>

#include <fmt/format.h>
#include <trilobite/log.h>
#include <trilobite/metric_names.h>
#include <trilobite/trace.h>
#include <trilobite/trace_names.h>

#include "carrier.h"
#include "tokens.h"

namespace llm {

namespace log = trilobite::log;
namespace metrics = trilobite::metrics;
namespace names = metrics::names;
namespace trace = trilobite::trace;

namespace {

constexpr log::Target kLog{"llm::frontend"};
constexpr trace::SpanType kHttpRequest{"llm::frontend", trace::names::kHttpRequest};
constexpr trace::SpanType kClientRequest{"llm::frontend", trace::names::kClientRequest};

constexpr std::chrono::milliseconds kSilenceMax{3000};

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

template <class T>
metrics::Vector<T> vector(const metrics::Registry& registry, const names::Standard& metric) {
  return names::vector<T>(registry, names::frontend_prefix(), metric).or_log();
}

std::string_view endpoint_name(Api api) { return api == Api::kChat ? "chat_completions" : "completions"; }

std::string error_body(const std::string& message, int status) {
  return fmt::format(R"({{"error":{{"message":{},"type":"{}","code":{}}}}})", json_string(message),
                     status < 500 ? "invalid_request_error" : "internal_error", status);
}

std::string chunk_json(Api api, const std::string& id, std::string_view model, std::string_view text) {
  if (api == Api::kChat)
    return fmt::format(R"({{"id":"{}","object":"chat.completion.chunk","model":"{}",)"
                       R"("choices":[{{"index":0,"delta":{{"content":{}}}}}]}})",
                       id, model, json_string(text));
  return fmt::format(R"({{"id":"{}","object":"text_completion","model":"{}","choices":[{{"index":0,"text":{}}}]}})", id,
                     model, json_string(text));
}

std::string answer_json(Api api, const std::string& id, std::string_view model, std::string_view text,
                        std::size_t prompt_tokens, std::size_t tokens) {
  const std::string usage = fmt::format(R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})",
                                        prompt_tokens, tokens, prompt_tokens + tokens);
  if (api == Api::kChat)
    return fmt::format(
        R"({{"id":"{}","object":"chat.completion","model":"{}","choices":[{{"index":0,"message":{{"role":"assistant",)"
        R"("content":{}}},"finish_reason":"stop"}}],{}}})",
        id, model, json_string(text), usage);
  return fmt::format(R"({{"id":"{}","object":"text_completion","model":"{}",)"
                     R"("choices":[{{"index":0,"text":{},"finish_reason":"stop"}}],{}}})",
                     id, model, json_string(text), usage);
}

// Measures the tokens of one answer as they come.
class TokenClock {
 public:
  TokenClock(Clock::time_point begin, metrics::Histogram first, metrics::Histogram between)
      : begin_(begin), last_(begin), first_(std::move(first)), between_(std::move(between)) {}

  // True for the first token.
  bool token() {
    const auto now = Clock::now();
    const bool is_first = ++count_ == 1;
    if (is_first) {
      first_token_ = now - begin_;
      first_.observe_with_exemplar(seconds(first_token_));
    } else {
      between_.observe(seconds(now - last_));
    }
    last_ = now;
    return is_first;
  }
  std::size_t count() const { return count_; }
  double first_token_ms() const { return seconds(first_token_) * 1000; }

 private:
  const Clock::time_point begin_;
  Clock::time_point last_;
  metrics::Histogram first_, between_;
  Clock::duration first_token_{};
  std::size_t count_ = 0;
};

}  // namespace

Frontend::Metrics::Metrics(const metrics::Registry& r)
    : requests(vector<metrics::IntCounter>(r, names::frontend::kRequests)),
      output_tokens(vector<metrics::IntCounter>(r, names::frontend::kOutputTokensTotal)),
      inflight(vector<metrics::IntGauge>(r, names::frontend::kInflightRequests)),
      queued(vector<metrics::IntGauge>(r, names::frontend::kQueuedRequests)),
      disconnected(names::single<metrics::IntGauge>(r, names::frontend_prefix(), names::frontend::kDisconnectedClients)
                       .or_log()),
      duration(vector<metrics::Histogram>(r, names::frontend::kRequestDuration)),
      input(vector<metrics::Histogram>(r, names::frontend::kInputTokens)),
      output(vector<metrics::Histogram>(r, names::frontend::kOutputTokens)),
      cached(vector<metrics::Histogram>(r, names::frontend::kCachedTokens)),
      first_token(vector<metrics::Histogram>(r, names::frontend::kTimeToFirstToken)),
      inter_token(vector<metrics::Histogram>(r, names::frontend::kInterTokenLatency)),
      tokenizer(vector<metrics::Histogram>(r, names::frontend::kTokenizerLatency)) {}

Frontend::Outcome Frontend::failure(int status, const std::string& error) {
  return {status, error, std::string(names::error_type::of_response(status, error))};
}

Frontend::Frontend(RequestPlane& plane, std::string model, const metrics::Registry& registry)
    : plane_(plane), model_(std::move(model)), metrics_(registry) {
  kLog.info("serving", log::kv("model", model_));
}

std::string Frontend::models() const {
  return fmt::format(R"({{"object":"list","data":[{{"id":"{}","object":"model","owned_by":"demo"}}]}})", model_);
}

void Frontend::complete(Api api, const Request& request, const std::string& uri, Reply& reply) {
  const trace::Context parent = continue_from(request.headers);
  trace::Span span = kHttpRequest.start(
      {.parent = &parent, .kind = trace::Kind::kServer}, trace::kv(trace::names::kMethod, log::display("POST")),
      trace::kv(trace::names::kUri, log::display(uri)), trace::kv(trace::names::kVersion, log::display("HTTP/1.1")));
  const auto begin = Clock::now();
  const metrics::Held<metrics::IntGauge> inflight(metrics_.inflight.with({model_}));
  Outcome outcome;
  std::string error;
  bool stream = false;
  if (const auto wanted = parse_completion_request(request.body, api == Api::kChat, error); !wanted) {
    outcome = failure(400, "Validation: " + error);
  } else if (wanted->model != model_) {
    outcome = failure(404, fmt::format("model {} is not served here", wanted->model));
  } else {
    stream = wanted->stream;
    outcome = run(api, *wanted, trace::to_hex(span.context().span_id()), reply);
  }
  const bool failed = !outcome.error.empty();
  if (failed && outcome.error_type != names::error_type::kCancelled)
    reply.body(outcome.status, error_body(outcome.error, outcome.status));
  const double took = seconds(Clock::now() - begin);
  metrics_.requests
      .with({model_, endpoint_name(api), stream ? "stream" : "unary", failed ? "error" : "success", outcome.error_type})
      .add();
  metrics_.duration.with({model_}).observe_with_exemplar(took);
  span.set(trace::kv("status", outcome.status));
  if (failed) span.status(trace::Status::kError, outcome.error);
  const std::string status = std::to_string(outcome.status), latency = fmt::format("{:.0f}", took * 1000);
  const auto status_field = log::kv("status", log::display(status)),
             latency_field = log::kv("latency_ms", log::display(latency));
  if (outcome.status >= 500) {
    kLog.error("request completed with server error", status_field, latency_field, log::kv("error", outcome.error));
  } else if (outcome.status >= 400) {
    kLog.warn("request completed with client request error", status_field, latency_field,
              log::kv("error", outcome.error));
  } else {
    kLog.debug("request completed", status_field, latency_field);
  }
}

Frontend::Outcome Frontend::run(Api api, const CompletionRequest& request, const std::string& request_id,
                                Reply& reply) {
  const auto begin = Clock::now();
  const std::vector<std::uint32_t> tokens = tokenize(request.prompt);
  metrics_.tokenizer.with({"tokenize"}).observe(seconds(Clock::now() - begin) * 1000);
  std::string answered;
  const OnChunk keep = [&](std::string_view chunk) {
    answered += chunk;
    return true;
  };
  const auto blocks = block_hashes(tokens);
  Request select{to_json(SelectRequest{request_id, blocks, tokens.size()}), {}};
  std::optional<SelectReply> workers;
  {
    const trace::Span span = kClientRequest.start(trace::kv(trace::names::kOperation, "select"),
                                                  trace::kv(trace::names::kRequestId, request_id));
    inject(select.headers);
    if (const std::string error = plane_.call(kSelectSubject, select, keep, kSilenceMax); !error.empty())
      return failure(503, "router: " + error);
    workers = parse_select_reply(answered);
  }
  if (!workers) return failure(500, "router: its answer cannot be read");
  {
    const trace::Span span = kClientRequest.start(trace::kv(trace::names::kOperation, "prefill"),
                                                  trace::kv(trace::names::kRequestId, request_id));
    Request prefill{to_json(PrefillRequest{blocks, tokens.size()}), {}};
    inject(prefill.headers);
    answered.clear();
    if (const std::string error = plane_.call(generate_subject(workers->prefill), prefill, keep, kSilenceMax);
        !error.empty())
      return failure(500, workers->prefill + ": " + error);
  }
  if (const auto prefilled = parse_prefill_reply(answered))
    metrics_.cached.with({model_}).observe(static_cast<double>(prefilled->cached_tokens));
  const trace::Span span = kClientRequest.start(trace::kv(trace::names::kOperation, "decode"),
                                                trace::kv(trace::names::kRequestId, request_id));
  return answer(api, request, request_id, *workers, tokens.size(), begin, reply);
}

Frontend::Outcome Frontend::answer(Api api, const CompletionRequest& request, const std::string& request_id,
                                   const SelectReply& workers, std::size_t prompt_tokens, Clock::time_point begin,
                                   Reply& reply) {
  TokenClock clock(begin, metrics_.first_token.with({model_}), metrics_.inter_token.with({model_}));
  const metrics::IntCounter produced = metrics_.output_tokens.with({model_});
  const metrics::IntGauge queued = metrics_.queued.with({model_});
  queued.add();
  const std::string id = "cmpl-" + request_id;
  std::string text;
  Request decode{to_json(DecodeRequest{prompt_tokens, request.tokens_max, next_seed_++}), {}};
  inject(decode.headers);
  const std::string error = plane_.call(
      generate_subject(workers.decode), decode,
      [&](std::string_view token) {
        if (clock.token()) {
          queued.sub();
          metrics_.input.with({model_}).observe(static_cast<double>(prompt_tokens));
        }
        produced.add();
        if (request.stream) return reply.stream(chunk_json(api, id, model_, token));
        if (!text.empty()) text += ' ';
        text += token;
        return true;
      },
      kSilenceMax);
  if (clock.count() == 0) queued.sub();
  metrics_.output.with({model_}).observe(static_cast<double>(clock.count()));
  if (error == "cancelled") {
    metrics_.disconnected.add();
    kLog.warn("client disconnected", log::kv("tokens", clock.count()));
    return {499, "client disconnected", std::string(names::error_type::kCancelled)};
  }
  if (!error.empty()) return failure(500, workers.decode + ": " + error);
  kLog.info("answered", log::kv("input_tokens", prompt_tokens), log::kv("output_tokens", clock.count()),
            log::kv("ttft_ms", clock.first_token_ms()), log::kv("prefill", workers.prefill),
            log::kv("decode", workers.decode));
  if (request.stream) {
    reply.stream("[DONE]");
  } else {
    reply.body(200, answer_json(api, id, model_, text, prompt_tokens, clock.count()));
  }
  return {};
}

}  // namespace llm
