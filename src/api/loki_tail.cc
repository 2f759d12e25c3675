#include "api/loki_tail.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "api/loki_extensions.h"
#include "api/loki_parameters.h"
#include "api/loki_query_limits.h"
#include "api/loki_tail_frame.h"
#include "api/tenant.h"
#include "base/hash.h"
#include "logs/log_query.h"
#include "logs/parser.h"
#include "logs/pipeline.h"
#include "query/context.h"
#include "storage/label_matcher.h"

namespace trilobite::api {
namespace {

using namespace std::chrono_literals;
using logql::LogRow;

constexpr std::size_t kHistoryDefault = 100;
constexpr std::size_t kFrameRowsMax = 1000;
constexpr std::size_t kStreamsKept = 10'000;  // of one tail, before it starts over
constexpr int kDelaySecondsMax = 5;
constexpr auto kDurationMax = 1h;  // Loki's; clients connect again
constexpr auto kWait = 250ms;      // how soon a closed socket is noticed
constexpr int kInternalError = 1011, kNormal = 1000;

struct TailRequest {
  std::string tenant;
  logql::Expr expr;
  TimeNs start = 0;
  std::size_t limit = kHistoryDefault;
  std::chrono::seconds delay{0};
  TailShape shape = TailShape::kFlat;

  const logql::LogExpr* log() const { return std::get_if<logql::LogExpr>(&expr.node); }
};

bool wants_categories(const http::Request& request) {
  return request.header("x-loki-response-encoding-flags").find("categorize-labels") != std::string_view::npos;
}

Result<std::chrono::seconds> delay_for(const http::Request& request) {
  const auto text = request.parameter("delay_for");
  if (!text || text->empty()) return std::chrono::seconds(0);
  int seconds = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (failed != std::errc() || end != text->data() + text->size() || seconds < 0) {
    return error(Code::kInvalid, "delay_for \"{}\" is no number of seconds", *text);
  }
  if (seconds > kDelaySecondsMax) return error(Code::kInvalid, "delay_for can't be greater than {}", kDelaySecondsMax);
  return std::chrono::seconds(seconds);
}

Result<TailRequest> parse_request(const LokiTail& self, const http::Request& request, bool legacy) {
  TailRequest tail;
  TRY(expr, logql::parse(loki_query(request), {extensions_on(request, self.extensions)}));
  TRY_VOID(check_query(expr, loki_query(request), self.limits));
  if (const auto* log = std::get_if<logql::LogExpr>(&expr.node); log && (log->sort || !log->distinct.empty())) {
    return error(Code::kInvalid, "a tail has no distinct and no sort");
  }
  tail.expr = std::move(expr);
  TRY(bounds, loki_bounds(request, self.clock.now()));
  tail.start = bounds.start;
  TRY(limit, loki_limit(request, "limit", kHistoryDefault));
  if (limit > self.limits.entries_max) {
    return error(Code::kInvalid, "max entries limit per query exceeded, limit > max_entries_limit_per_query ({} > {})",
                 limit, self.limits.entries_max);
  }
  tail.limit = limit;
  TRY(delay, delay_for(request));
  tail.delay = delay;
  tail.shape = legacy ? TailShape::kLegacy : wants_categories(request) ? TailShape::kCategorized : TailShape::kFlat;
  return tail;
}

LokiTail for_tenant(const LokiTail& all, const std::string& tenant) {
  LokiTail own = all;
  if (all.limits_of) own.limits = all.limits_of(tenant);
  return own;
}

std::optional<http::Response> check(const LokiTail& all, const http::Request& request, bool legacy) {
  const auto [tenant, refusal] = tenant_of(request, all.multi_tenant);
  if (refusal) return refusal;
  const LokiTail self = for_tenant(all, tenant);
  const auto parsed = parse_request(self, request, legacy);
  if (!parsed.ok()) return http::Response::text(http::status_of(parsed.error().code), parsed.error().message + "\n");
  return std::nullopt;
}

// One tail while its socket is open; on the thread of the socket.
class Tail {
 public:
  Tail(const LokiTail& self, const http::Request& request, TailRequest tail, logql::Pipeline pipeline,
       std::vector<storage::LabelMatcher> matchers)
      : self_(self),
        request_(request),
        tail_(std::move(tail)),
        pipeline_(std::move(pipeline)),
        matchers_(std::move(matchers)) {}

  void run(http::WebSocket& socket) {
    // Subscribed before the history is read, so that no line falls between the two; those that are in both come once.
    auto subscription = self_.hub.subscribe(tail_.tenant, [this](const LabelSet& labels) { return selects(labels); });
    const auto end = self_.clock.steady() + kDurationMax;
    auto history = read_history();
    if (!history.ok()) return socket.close(kInternalError, history.error().message);
    send(socket, *history, {});
    history->clear();
    while (socket.open() && !self_.hub.closed()) {
      ingest::TailUpdate update = subscription->wait(kWait);
      const auto now = self_.clock.steady();
      for (const ingest::TailItem& item : update.items) take(item, now);
      const std::vector<LogRow> due = take_due(now);
      if ((!due.empty() || !update.dropped.empty()) && !send(socket, due, update.dropped)) return;
      if (now >= end) return socket.close(kNormal, "reached tail max duration limit");
    }
  }

 private:
  struct Waiting {
    std::chrono::nanoseconds since;
    LogRow row;
  };

  bool selects(const LabelSet& labels) const {
    const std::vector<Matcher>& asked = tail_.log()->matchers;
    for (std::size_t i = 0; i < matchers_.size(); ++i) {
      if (!matchers_[i].matches(labels.get(asked[i].name))) return false;
    }
    return true;
  }

  // Oldest first.
  Result<std::vector<LogRow>> read_history() {
    query::QueryContext context({self_.store, self_.query_pool, self_.clock}, tail_.tenant, self_.limits,
                                request_.cancel);
    const TimeNs now = self_.clock.now();
    TRY(rows,
        logql::run_log_query(context, *tail_.log(),
                             {{tail_.start, std::max(tail_.start, now) + 1}, Direction::kBackward, tail_.limit, 0}));
    std::reverse(rows.begin(), rows.end());
    for (const LogRow& row : rows) seen_.insert(row_key(row.time, *row.stream, row.line));
    return rows;
  }

  static std::uint64_t row_key(TimeNs time, const LabelSet& stream, std::string_view line) {
    return hash64(line, hash64(stream.bytes(), static_cast<std::uint64_t>(time)));
  }

  void take(const ingest::TailItem& item, std::chrono::nanoseconds now) {
    const Batch& batch = *item.batch;
    const Column* lines = batch.find(kLineColumn);
    const Column* metadata = batch.find(kMetadataColumn);
    // The worker remembers streams by address: they are kept alive beside it.
    if (!worker_ || streams_.size() > kStreamsKept) {
      worker_.emplace(pipeline_);
      streams_.clear();
    }
    const LabelSet* current = nullptr;
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::uint32_t set = batch.label_set_of_row[row];
      if (!item.selected[set]) continue;
      const LabelSetRef& stream = batch.label_sets[set];
      if (stream.get() != current) {
        streams_.emplace(stream.get(), stream);
        worker_->begin_stream(*stream);
        current = stream.get();
      }
      const std::string_view line = lines == nullptr ? std::string_view() : lines->text(row);
      const std::string_view extra = metadata == nullptr ? std::string_view() : metadata->text(row);
      bool passes = worker_->process(batch.times[row], line, extra);
      do {
        if (passes) keep_row(batch.times[row], stream, now);
      } while (worker_->process_next(passes));
    }
  }

  void keep_row(TimeNs time, const LabelSetRef& stream, std::chrono::nanoseconds now) {
    LogRow out{time, stream, std::string(worker_->line()), {}};
    if (!seen_.empty() && seen_.contains(row_key(out.time, *stream, out.line))) return;
    for (const logql::RowLabel& label : worker_->labels()) {
      out.labels.push_back({std::string(label.name), std::string(label.value), label.category});
    }
    waiting_.push_back({now, std::move(out)});
  }

  // What has waited for the delay, oldest first: lines of several streams may come a little out of order.
  std::vector<LogRow> take_due(std::chrono::nanoseconds now) {
    std::vector<LogRow> due;
    while (!waiting_.empty() && waiting_.front().since + tail_.delay <= now) {
      due.push_back(std::move(waiting_.front().row));
      waiting_.pop_front();
    }
    std::stable_sort(due.begin(), due.end(), [](const LogRow& a, const LogRow& b) { return a.time < b.time; });
    return due;
  }

  bool send(http::WebSocket& socket, const std::vector<LogRow>& rows,
            const std::vector<ingest::DroppedRow>& dropped) const {
    if (rows.size() <= kFrameRowsMax) {
      return (rows.empty() && dropped.empty()) || socket.send_text(tail_frame(rows, dropped, tail_.shape));
    }
    for (std::size_t start = 0; start < rows.size(); start += kFrameRowsMax) {
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(start);
      const auto last = rows.begin() + static_cast<std::ptrdiff_t>(std::min(start + kFrameRowsMax, rows.size()));
      const std::vector<ingest::DroppedRow> none;
      if (!socket.send_text(tail_frame({first, last}, start == 0 ? dropped : none, tail_.shape))) return false;
    }
    return true;
  }

  const LokiTail& self_;
  const http::Request& request_;
  TailRequest tail_;
  logql::Pipeline pipeline_;
  std::vector<storage::LabelMatcher> matchers_;  // of tail_'s selector, in its order
  std::optional<logql::PipelineWorker> worker_;
  std::unordered_map<const LabelSet*, LabelSetRef> streams_;
  std::unordered_set<std::uint64_t> seen_;  // of the history
  std::deque<Waiting> waiting_;
};

void run(const LokiTail& all, const http::Request& request, http::WebSocket& socket, bool legacy) {
  const std::string tenant = tenant_of(request, all.multi_tenant).tenant;
  const LokiTail self = for_tenant(all, tenant);
  auto tail = parse_request(self, request, legacy);
  if (!tail.ok()) return socket.close(kInternalError, tail.error().message);  // check() has passed: time alone moved on
  tail->tenant = tenant;
  if (tail->log() == nullptr) return socket.close(kInternalError, "only log selector is supported");
  if (const std::size_t count = self.hub.watchers(tail->tenant); count >= self.limits.tails_max) {
    return socket.close(kInternalError,
                        fmt::format("max concurrent tail requests limit exceeded, count > limit ({} > {})", count + 1,
                                    self.limits.tails_max));
  }
  auto pipeline = logql::Pipeline::compile(*tail->log(), {.now = self.clock.now()});
  if (!pipeline.ok()) return socket.close(kInternalError, pipeline.error().message);
  auto matchers = storage::compile_matchers(tail->log()->matchers);
  if (!matchers.ok()) return socket.close(kInternalError, matchers.error().message);
  Tail(self, request, std::move(*tail), std::move(*pipeline), std::move(*matchers)).run(socket);
}

}  // namespace

void add_loki_tail_routes(http::Router& router, const LokiTail& self) {
  for (const auto& [path, legacy] : {std::pair{"/loki/api/v1/tail", false}, std::pair{"/api/prom/tail", true}}) {
    router.add_websocket(
        path, {[self, legacy = legacy](const http::Request& request) { return check(self, request, legacy); },
               [self, legacy = legacy](const http::Request& request, http::WebSocket& socket) {
                 run(self, request, socket, legacy);
               }});
  }
}

}  // namespace trilobite::api
