#include "cli/log_pages.h"

#include <algorithm>

namespace trilobite::cli {

std::size_t LogPages::page_size() const {
  if (request_.limit == 0) return request_.batch;
  return std::min(request_.batch, request_.limit - fetched_ + seen_.size());
}

http::Parameters LogPages::parameters(std::size_t size) const {
  http::Parameters out{{"query", request_.query},
                       {"start", std::to_string(request_.start)},
                       {"end", std::to_string(request_.end)},
                       {"limit", std::to_string(size)},
                       {"direction", request_.forward ? "forward" : "backward"}};
  out.insert(out.end(), request_.further.begin(), request_.further.end());
  if (!cursor_.empty()) out.emplace_back("cursor", cursor_);
  return out;
}

void LogPages::sort(std::vector<LogEntry>& entries) const {
  std::stable_sort(entries.begin(), entries.end(), [this](const LogEntry& a, const LogEntry& b) {
    return request_.forward ? a.time < b.time : a.time > b.time;
  });
}

// Leaves out what the last page had, and remembers what the next one will have again.
Result<void> LogPages::go_on_by_time(std::vector<LogEntry>& entries, std::size_t size) {
  const bool full = entries.size() >= size;
  if (entries.empty()) {
    done_ = true;
    return {};
  }
  const TimeNs edge = entries.back().time;
  std::set<Key> at_edge;
  for (const LogEntry& entry : entries) {
    if (entry.time == edge) at_edge.emplace(entry.time, *entry.labels, entry.line);
  }
  std::erase_if(entries, [this](const LogEntry& entry) {
    return seen_.contains(Key{entry.time, *entry.labels, entry.line});
  });
  const bool stuck = full && entries.empty();
  done_ = !full;
  if (stuck) {
    done_ = true;
    return error(Code::kLimit, "more than {} lines have the time {}; ask for larger pages (--batch)", size, edge);
  }
  if (!seen_.empty() && std::get<TimeNs>(*seen_.begin()) == edge) at_edge.merge(seen_);
  seen_ = std::move(at_edge);
  (request_.forward ? request_.start : request_.end) = request_.forward ? edge : edge + 1;
  return {};
}

Result<QueryAnswer> LogPages::next() {
  const std::size_t size = page_size();
  TRY(body, client_.get("/loki/api/v1/query_range", parameters(size)));
  TRY(answer, parse_query_answer(body));
  if (answer.kind != QueryAnswer::Kind::kStreams) {
    done_ = true;
    return answer;
  }
  if (answer.ordered) {
    done_ = true;
    return answer;
  }
  sort(answer.entries);
  if (!answer.cursor.empty()) {
    cursor_ = answer.cursor;
    seen_.clear();
  } else if (!cursor_.empty()) {
    done_ = true;  // a server with cursors that gives none has no more
  } else {
    TRY_VOID(go_on_by_time(answer.entries, size));
  }
  fetched_ += answer.entries.size();
  if (request_.limit > 0 && fetched_ >= request_.limit) {
    answer.entries.resize(answer.entries.size() - (fetched_ - request_.limit));
    fetched_ = request_.limit;
    done_ = true;
  }
  return answer;
}

}  // namespace trilobite::cli
