// Where the queries of the command line go: a server over HTTP, or a data directory that this process opens itself.
// Both answer Loki's and Prometheus' HTTP API.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/http_client.h"
#include "api/http.h"
#include "base/result.h"

namespace trilobite::cli {

struct ServerOptions {
  std::string address = "http://localhost:3100";  // with a path in front of /loki, where a proxy has one
  agent::HttpOptions http;
  std::string org_id, bearer_token;
};

struct DirectoryOptions {
  std::string directory;  // what the server calls --data
  std::string org_id;     // empty: the one tenant of a server without tenants
};

// One thread at a time.
class LokiClient {
 public:
  virtual ~LokiClient() = default;

  // `path` as it is meant, nothing escaped. The body of an answer with a status of 2xx; any other is an error: kInvalid
  // for 4xx, else kUnavailable.
  virtual Result<std::string> get(const std::string& path, const http::Parameters& parameters) = 0;
  // Sends `body` by POST; else as get().
  virtual Result<std::string> post(const std::string& path, const http::Parameters& parameters,
                                   const std::string& content_type, std::string_view body) = 0;
  // Calls `frame` with each message of /loki/api/v1/tail. Returns only with an error: kUnavailable when the connection
  // broke or was closed, what `frame` returned, or as get().
  virtual Error tail(const http::Parameters& parameters,
                     const std::function<Result<void>(std::string_view message)>& frame) = 0;
};

Result<std::unique_ptr<LokiClient>> connect_to_server(ServerOptions options);
// kExists: a server has it open. Others as of ReadOnlyStore::open. `warn` gets what could not be read, a sentence each.
Result<std::unique_ptr<LokiClient>> open_data_directory(const DirectoryOptions& options,
                                                        const std::function<void(const std::string&)>& warn);

}  // namespace trilobite::cli
