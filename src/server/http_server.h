// The HTTP side of the process: listens, reads requests, runs the router's handlers on worker threads, writes answers.
// Keep-alive, Expect: 100-continue, gzip of answers, chunked streaming, WebSocket. One coroutine per connection on a
// few I/O threads; handlers may block, reads and writes of data have worker threads of their own, so that slow queries
// never hold up a push. Everything is bounded; beyond the bounds a client gets 503 with Retry-After.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "api/http.h"

namespace trilobite::server {

struct HttpServerOptions {
  std::string listen = "127.0.0.1:3100";  // port 0: any free one
  std::size_t io_threads = 1;
  std::size_t read_threads = 4;   // queries and everything that is no write
  std::size_t write_threads = 4;  // pushes
  std::size_t queue_max = 256;    // requests that wait for a thread, of each kind
  std::size_t connections_max = 1024;
  std::size_t websockets_max = 100;
  std::size_t header_bytes_max = 64u << 10;  // long queries travel in the URL
  std::size_t body_bytes_max = 100u << 20;
  std::size_t bodies_bytes_max = 512u << 20;                         // of all requests at once
  std::chrono::milliseconds idle_timeout = std::chrono::minutes(2);  // between requests, and for a header to come
  std::chrono::milliseconds body_timeout = std::chrono::minutes(5);
  std::chrono::milliseconds write_timeout = std::chrono::minutes(1);  // for one piece of an answer
  std::chrono::milliseconds stop_grace = std::chrono::seconds(10);    // for requests under way, when stopping
  std::size_t gzip_bytes_min = 1024;
};

struct RequestRecord {
  const http::Request& request;
  int status = 0;
  std::chrono::nanoseconds duration{0};
  std::uint64_t bytes_in = 0, bytes_out = 0;
};
// After each answer, on an I/O or worker thread.
using RequestObserver = std::function<void(const RequestRecord&)>;

struct HttpServerStats {
  std::size_t connections = 0, websockets = 0, requests_running = 0, requests_waiting = 0;
  std::size_t bodies_bytes = 0;        // of requests, in memory
  std::uint64_t requests_refused = 0;  // by a bound
};

class HttpServer {
 public:
  // Binds and starts. kExists: the address is taken. The router must outlive the server.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, const http::Router& router,
                                                   RequestObserver observer);
  ~HttpServer();

  std::string address() const;  // host:port as bound
  HttpServerStats stats() const;

  // Takes no more connections, finishes requests under way, closes the rest. Idempotent.
  void stop();

  struct State;

 private:
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};
// "127.0.0.1:3100", "[::1]:0", ":3100" (all addresses), "localhost:3100".
Result<HostPort> parse_listen(std::string_view text);

}  // namespace trilobite::server
