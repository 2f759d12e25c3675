#include "logs/delete_requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "logs/parser.h"
#include "logs/pipeline.h"

namespace trilobite::logql {
namespace {

using State = DeleteRequest::State;

// A line that the pipeline lets pass is deleted.
class PipelineJudge final : public RowJudge {
 public:
  explicit PipelineJudge(std::shared_ptr<const Pipeline> pipeline)
      : pipeline_(std::move(pipeline)), worker_(*pipeline_) {}
  void begin_stream(const LabelSetRef& labels) override {
    streams_.push_back(labels);  // the worker knows sets by their address
    worker_.begin_stream(*labels);
  }
  bool is_deleted(TimeNs time, std::string_view line, std::string_view metadata) override {
    return worker_.process(time, line, metadata);
  }

 private:
  std::shared_ptr<const Pipeline> pipeline_;
  PipelineWorker worker_;
  std::vector<LabelSetRef> streams_;
};

Result<RowFilter> make_filter(const DeleteRequest& request) {
  TRY(log, parse_delete_query(request.query));
  RowFilter out;
  out.id = request.number;
  out.tenant = request.tenant;
  out.range = {request.start, request.end + 1};
  out.matchers = log.matchers;
  if (log.stages.empty()) return out;
  TRY(compiled, Pipeline::compile(log, {.now = request.created}));
  auto pipeline = std::make_shared<const Pipeline>(std::move(compiled));
  out.make_judge = [pipeline] { return std::make_unique<PipelineJudge>(pipeline); };
  return out;
}

Result<std::shared_ptr<const RowFilters>> make_filters(const std::vector<DeleteRequest>& requests) {
  auto out = std::make_shared<RowFilters>();
  for (const DeleteRequest& request : requests) {
    if (request.state == State::kProcessed) continue;
    auto filter = make_filter(request);
    if (!filter.ok()) return std::move(filter).error().within("delete request {}", request.id);
    out->push_back(std::move(filter).value());
  }
  return std::shared_ptr<const RowFilters>(std::move(out));
}

std::string make_id(const DeleteRequest& request, const std::vector<DeleteRequest>& others) {
  for (std::uint64_t attempt = 0;; ++attempt) {
    const std::uint64_t hash = hash64(fmt::format("{} {} {} {} {}", request.tenant, request.query, request.start,
                                                  request.end, request.created),
                                      request.number + attempt);
    std::string id = fmt::format("{:08x}", static_cast<std::uint32_t>(hash));
    if (std::none_of(others.begin(), others.end(), [&](const DeleteRequest& other) { return other.id == id; }))
      return id;
  }
}

// Those that are done are kept for who asks, but not for ever.
void forget_old(std::vector<DeleteRequest>& requests) {
  std::size_t done = 0;
  for (const DeleteRequest& request : requests) done += request.state == State::kProcessed ? 1 : 0;
  std::erase_if(requests, [&](const DeleteRequest& request) {
    if (request.state != State::kProcessed || done <= kDeletesProcessedMax) return false;
    --done;
    return true;
  });
}

}  // namespace

Result<LogExpr> parse_delete_query(std::string_view query) {
  if (query.empty()) return error(Code::kInvalid, "query not set");
  auto expr = parse(query);
  if (!expr.ok() || !expr->is_log()) return error(Code::kInvalid, "invalid query expression");
  return std::get<LogExpr>(std::move(expr->node));
}

Result<std::unique_ptr<DeleteRequests>> DeleteRequests::open(FileSystem& files, const Clock& clock,
                                                             EmbeddedStore& store, DeleteOptions options) {
  std::unique_ptr<DeleteRequests> out(new DeleteRequests(files, clock, store, std::move(options)));
  const std::string& path = out->options_.path;
  auto bytes = files.read_all(path);
  if (!bytes.ok() && bytes.error().code != Code::kNotFound) return std::move(bytes).error();
  if (!bytes.ok()) return out;
  auto requests = decode_deletes(*bytes);
  if (!requests.ok()) {
    return std::move(requests).error().within(
        "cannot read the delete requests in {} (restore it, or remove it to show deleted lines again)", path);
  }
  out->requests_ = std::move(requests).value();
  auto filters = make_filters(out->requests_);
  if (!filters.ok()) return std::move(filters).error().within("{}", path);
  store.hide_rows(std::move(filters).value());
  return out;
}

// REQUIRES: mutex_ is held. The file first: what a client was told holds after a crash.
Result<void> DeleteRequests::replace(std::vector<DeleteRequest> requests) {
  TRY(filters, make_filters(requests));
  TRY_VOID(write_file_atomically(files_, options_.path, encode_deletes(requests)));
  requests_ = std::move(requests);
  store_.hide_rows(std::move(filters));
  return {};
}

Result<DeleteRequest> DeleteRequests::add(std::string tenant, std::string query, TimeNs start, TimeNs end) {
  std::lock_guard lock(mutex_);
  const auto waiting = std::count_if(requests_.begin(), requests_.end(), [&](const DeleteRequest& request) {
    return request.tenant == tenant && request.state != State::kProcessed;
  });
  if (static_cast<std::size_t>(waiting) >= kDeletesWaitingMax) {
    return error(Code::kOverload, "{} delete requests wait to be carried out, the limit is {}", waiting,
                 kDeletesWaitingMax);
  }
  DeleteRequest request;
  request.number = requests_.empty() ? 1 : requests_.back().number + 1;
  request.tenant = std::move(tenant);
  request.query = std::move(query);
  request.start = start;
  request.end = end;
  request.created = clock_.now();
  request.id = make_id(request, requests_);
  std::vector<DeleteRequest> next = requests_;
  next.push_back(request);
  TRY_VOID(replace(std::move(next)));
  return request;
}

Result<void> DeleteRequests::cancel(std::string_view tenant, std::string_view id) {
  std::lock_guard lock(mutex_);
  std::vector<DeleteRequest> next = requests_;
  const auto found = std::find_if(next.begin(), next.end(), [&](const DeleteRequest& request) {
    return request.tenant == tenant && request.id == id;
  });
  if (found == next.end()) return error(Code::kNotFound, "could not find delete request with given id");
  if (found->state != State::kReceived) {
    return error(Code::kInvalid, "deletion of request which is in process or already processed is not allowed");
  }
  next.erase(found);
  return replace(std::move(next));
}

std::vector<DeleteRequest> DeleteRequests::list(std::string_view tenant) const {
  std::lock_guard lock(mutex_);
  std::vector<DeleteRequest> out;
  for (const DeleteRequest& request : requests_) {
    if (request.tenant == tenant) out.push_back(request);
  }
  return out;
}

std::optional<DeleteRequest> DeleteRequests::next_due() const {
  std::lock_guard lock(mutex_);
  for (const DeleteRequest& request : requests_) {
    if (request.state == State::kUnderWay) return request;
    if (request.state == State::kReceived && clock_.now() - request.created >= options_.cancel_period.count())
      return request;
  }
  return std::nullopt;
}

Result<void> DeleteRequests::set_state(const DeleteRequest& request, State state) {
  std::lock_guard lock(mutex_);
  std::vector<DeleteRequest> next = requests_;
  const auto found = std::find_if(next.begin(), next.end(),
                                  [&](const DeleteRequest& other) { return other.number == request.number; });
  if (found == next.end()) return error(Code::kCancelled, "delete request {} was cancelled", request.id);
  found->state = state;
  forget_old(next);
  return replace(std::move(next));
}

Result<bool> DeleteRequests::execute_once() {
  if (!options_.remove) return false;
  const std::optional<DeleteRequest> due = next_due();
  if (!due) return false;
  if (due->state == State::kReceived) {
    auto begun = set_state(*due, State::kUnderWay);
    if (!begun.ok() && begun.error().code == Code::kCancelled) return true;
    if (!begun.ok()) return std::move(begun).error();
  }
  TRY(filter, make_filter(*due));
  if (flushed_for_ != due->number) {
    TRY_VOID(store_.flush());
    flushed_for_ = due->number;
  }
  TRY(progress, store_.remove_rows_once(filter));
  if (progress != RowRemoval::kDone) return progress == RowRemoval::kMore;
  TRY_VOID(set_state(*due, State::kProcessed));
  return true;
}

}  // namespace trilobite::logql
