// Delete requests as Loki has them. From the moment one is accepted queries hide its lines. When it can no longer be
// cancelled, the parts that have such lines are rewritten without them.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "logs/ast.h"
#include "logs/delete_file.h"
#include "storage/embedded_store.h"

namespace trilobite::logql {

inline constexpr std::size_t kDeletesWaitingMax = 1000;    // of a tenant: every scan looks at all of them
inline constexpr std::size_t kDeletesProcessedMax = 1000;  // that are listed still

struct DeleteOptions {
  std::string path;                                            // of the file
  std::chrono::nanoseconds cancel_period = std::chrono::hours(24);
  bool remove = true;  // false: lines are hidden for good, and stay on the disk
};

// Selector and filters of a delete request. kInvalid with Loki's text.
Result<LogExpr> parse_delete_query(std::string_view query);

// Any thread; execute_once by one at a time.
class DeleteRequests {
 public:
  // Hides what the requests of before say. A file that does not pass its checks is an error: without it deleted lines
  // would be shown again.
  static Result<std::unique_ptr<DeleteRequests>> open(FileSystem& files, const Clock& clock, EmbeddedStore& store,
                                                      DeleteOptions options);

  // Durable and in force when it returns. `query` is one that parse_delete_query accepts; both times are included.
  Result<DeleteRequest> add(std::string tenant, std::string query, TimeNs start, TimeNs end);
  // Lines are shown again. kNotFound; kInvalid once its execution has begun.
  Result<void> cancel(std::string_view tenant, std::string_view id);
  std::vector<DeleteRequest> list(std::string_view tenant) const;  // by creation

  // A step of carrying out what is due. True: there is more to do at once.
  Result<bool> execute_once();

 private:
  DeleteRequests(FileSystem& files, const Clock& clock, EmbeddedStore& store, DeleteOptions options)
      : files_(files), clock_(clock), store_(store), options_(std::move(options)) {}
  Result<void> replace(std::vector<DeleteRequest> requests);
  std::optional<DeleteRequest> next_due() const;
  Result<void> set_state(const DeleteRequest& request, DeleteRequest::State state);

  FileSystem& files_;
  const Clock& clock_;
  EmbeddedStore& store_;
  const DeleteOptions options_;
  std::uint64_t flushed_for_ = 0;  // execute_once: the request whose lines have left the head

  mutable std::mutex mutex_;  // guards requests_ and the file
  std::vector<DeleteRequest> requests_;
};

}  // namespace trilobite::logql
