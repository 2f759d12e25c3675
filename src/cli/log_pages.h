// Many lines in several requests: servers answer a few thousand at once.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "cli/log_answer.h"
#include "cli/loki_client.h"

namespace trilobite::cli {

struct LogPagesRequest {
  std::string query;
  TimeNs start = 0, end = 0;
  std::size_t limit = 0;       // lines in all; 0: every one
  std::size_t batch = 5000;    // lines of one request
  bool forward = false;
  http::Parameters further;    // sent with every request
};

// Goes on by the server's cursor where it gives one. Else by time: the next page begins with the time at which the last
// one ended, and what was there already is left out; lines that are alike in every respect count once then, as they do
// for Loki. Each line comes once, in the order of the direction.
class LogPages {
 public:
  LogPages(LokiClient& client, LogPagesRequest request) : client_(client), request_(std::move(request)) {}

  bool done() const { return done_; }
  // The next page; an answer to a metric query is the only one. kLimit when more lines have one time than fit into a
  // page, so that there is no way past it. REQUIRES: !done().
  Result<QueryAnswer> next();

 private:
  using Key = std::tuple<TimeNs, Labels, std::string>;
  std::size_t page_size() const;
  http::Parameters parameters(std::size_t size) const;
  void sort(std::vector<LogEntry>& entries) const;
  Result<void> go_on_by_time(std::vector<LogEntry>& entries, std::size_t size);

  LokiClient& client_;
  LogPagesRequest request_;
  std::string cursor_;
  std::set<Key> seen_;  // the lines of the time at which the last page ended
  std::size_t fetched_ = 0;
  bool done_ = false;
};

}  // namespace trilobite::cli
