// One client of the HTTP server: reads its requests, has them handled, writes the answers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "server/http_server.h"
#include "server/worker_pool.h"

namespace boost::asio {
class io_context;
}

namespace trilobite::server {

// What connections share. Outlives them.
struct ConnectionContext {
  HttpServerOptions options;
  const http::Router& router;
  RequestObserver observer;
  std::atomic<std::size_t> bodies_bytes{0};
  std::atomic<std::size_t> websockets{0};
  std::atomic<std::uint64_t> refused{0};
  // Set before any connection is told to stop, so that no answer says "keep-alive" once another one was closed.
  std::atomic<bool> stopping{false};
  WorkerPool reads, writes;  // last: their threads are joined before the rest goes

  ConnectionContext(HttpServerOptions chosen, const http::Router& routes, RequestObserver watch)
      : options(std::move(chosen)),
        router(routes),
        observer(std::move(watch)),
        reads("http-read", options.read_threads, options.queue_max),
        writes("http-write", options.write_threads, options.queue_max) {}
};

// Any thread.
class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  virtual void begin_stop() = 0;  // ends after the request under way, at once if there is none
  virtual void abort() = 0;       // cancels the request and closes the socket
};

struct AcceptedSocket {
  int handle = -1;  // owned
  bool v6 = false;
};
// Runs on `io`. `ended` is called there when the connection is over.
std::shared_ptr<HttpConnection> start_connection(ConnectionContext& context, boost::asio::io_context& io,
                                                 AcceptedSocket accepted, std::function<void(HttpConnection*)> ended);

}  // namespace trilobite::server
