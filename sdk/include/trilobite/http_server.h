// A small HTTP/1.1 server for what a service tells about itself, and for services that are small themselves:
//
//   auto server = http::Server::start({.port = 8081}, [](const http::Request& request) -> http::Response {
//     return {.body = "hello " + request.path + "\n"};
//   });
//
// One thread per connection, with bounds on everything a client decides: connections, sizes, time. No TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <trilobite/callback.h>

namespace trilobite::http {

struct Header {
  std::string name;  // of requests: in small letters
  std::string value;
};

struct Request {
  std::string method;
  std::string target;  // as sent: path and query
  std::string path;    // percent decoded
  std::string query;   // as sent, without the question mark
  std::vector<Header> headers;
  std::string body;

  // The value of the first header of this name (small letters), or an empty text.
  std::string_view header(std::string_view name) const;
};

// Sends the body piece by piece. Blocks while the client does not read, at most ServerOptions::send_timeout_ms.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // False: the client is gone or the server stops; nothing further will arrive.
  virtual bool write(std::string_view piece) = 0;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::vector<Header> headers{};
  // When given, it makes the body instead, which is sent as it comes. For server-sent events and the like.
  Callback<void(BodyWriter&)> stream{};
};

struct ServerOptions {
  std::string host = "0.0.0.0";
  std::uint16_t port = 0;             // 0: any that is free
  std::size_t connections_max = 128;  // further ones are answered with 503
  std::size_t head_bytes_max = 16 << 10;
  std::size_t body_bytes_max = 1 << 20;
  std::int64_t idle_timeout_ms = 60'000;     // between requests of a connection
  std::int64_t receive_timeout_ms = 10'000;  // from the first byte of a request to its last
  std::int64_t send_timeout_ms = 10'000;     // for the client to take some of an answer
};

class ServerState;

class Server {
 public:
  Server() = default;  // not running
  Server(Server&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Server& operator=(Server&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  // Stops: running handlers end their answers, streams are told to. Waits for all of them.
  ~Server();

  // Answers until the object goes. handler is called by many threads at once; what it throws becomes status 500.
  // Without success the server is not running and error() says why.
  static Server start(ServerOptions options, Callback<Response(const Request&)> handler);

  bool running() const { return state_ != nullptr && error().empty(); }
  const std::string& error() const;
  std::uint16_t port() const;

 private:
  ServerState* state_ = nullptr;
};

std::string_view reason_phrase(int status);

}  // namespace trilobite::http
