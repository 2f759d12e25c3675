// HTTP(S) requests one after another, over a connection that stays open: all that we use of libcurl.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config.h"
#include "base/result.h"

namespace trilobite::agent {

struct HttpOptions {
  TlsConfig tls;
  std::string proxy_url;
  std::string user_agent = "trilobite";
  std::string basic_user, basic_password;       // no user: none is sent
  Nanoseconds timeout{0};                       // of a whole request; 0: none
  Nanoseconds connect_timeout = std::chrono::seconds(30);
  std::size_t answer_bytes_max = SIZE_MAX;      // what a longer answer has behind is not kept
  bool accept_compressed = false;               // answers may come compressed; they are kept decompressed
};

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;             // "Name: value"; "Name:" takes one of libcurl's own away
  std::optional<std::string_view> post;         // the body of a POST; none: GET
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// A connection whose bytes are the caller's business, encrypted where the URL says https. One thread at a time.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  // What is there, after waiting for it for at most `wait`; empty when nothing came. kUnavailable at the end.
  virtual Result<std::string> read(std::chrono::milliseconds wait) = 0;
};

// One thread at a time.
class HttpClient {
 public:
  static Result<std::unique_ptr<HttpClient>> make(HttpOptions options);
  virtual ~HttpClient() = default;

  // kUnavailable without an answer: no connection, time out, broken off. Any status is an answer.
  virtual Result<HttpAnswer> send(const HttpRequest& request) = 0;
  // Connects to the host of `url`, through the proxy where there is one, and sends nothing.
  virtual Result<std::unique_ptr<ByteStream>> connect(const std::string& url) = 0;
  virtual void set_basic(std::string user, std::string password) = 0;  // from the next request on
};

// `text` for a place in a URL: all but letters, digits and -_.~ as %XX.
std::string url_escape(std::string_view text);

}  // namespace trilobite::agent
