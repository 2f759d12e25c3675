// HTTP as the API files see it: a request in, a response out, no socket. The server room drives it with Boost.Beast;
// tests call handlers directly.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.h"

namespace trilobite::http {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;              // upper case
  std::string path;                // decoded, without the query string
  // The path split at its slashes and then decoded, so that a segment may hold a slash (%2F). Empty: `path`, split.
  std::vector<std::string> segments;
  Parameters query;                // decoded; a form body (POST, application/x-www-form-urlencoded) is appended
  Parameters headers;              // names in lower case
  Parameters path_parameters;      // what {name} in the route matched
  std::string body;                // as it came; Content-Encoding is the handler's business
  std::string remote;              // address of the client
  std::string route;               // the pattern that matched, for metrics; "" when none did
  std::shared_ptr<CancelToken> cancel = std::make_shared<CancelToken>();  // set when the client goes away

  std::string_view header(std::string_view lower_case_name) const;               // "" when absent
  std::optional<std::string_view> parameter(std::string_view name) const;        // the first of that name
  std::vector<std::string_view> parameters(std::string_view name) const;         // all
  std::string_view path_parameter(std::string_view name) const;
};

// Receives the pieces of a streamed body. False: the client is gone, stop.
using Write = std::function<bool(std::string_view)>;

struct Response {
  int status = 200;
  std::string content_type;
  Parameters headers;                      // further ones
  std::string body;
  std::function<void(const Write&)> stream;  // if set, sent chunked instead of body

  static Response text(int status, std::string body);  // text/plain; charset=utf-8
  static Response json(int status, std::string body);  // application/json; charset=UTF-8
};

// Runs on a worker thread and may block; any number at once.
using Handler = std::function<Response(const Request&)>;

// A WebSocket after its upgrade. Handlers run on a thread of their own.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual bool send_text(std::string_view message) = 0;  // false: the client is gone
  virtual bool open() const = 0;
  virtual void close(int code, std::string_view reason) = 0;
};
// Called before the upgrade; a Response refuses it with that answer.
struct WebSocketRoute {
  std::function<std::optional<Response>(const Request&)> check;
  std::function<void(const Request&, WebSocket&)> run;
};

// Paths and what answers them. "/a/{name}/b" matches one segment. Filled at start, read-only after.
class Router {
 public:
  void add(std::vector<std::string> methods, std::string pattern, Handler handler);
  void add_websocket(std::string pattern, WebSocketRoute route);
  void add_fallback(Handler handler);  // for GET of paths that nothing matches: the UI

  // Answers 404 for an unknown path, 405 with Allow for a wrong method.
  Response handle(Request& request) const;
  // Methods and pattern of each, in the order they were added, without WebSockets.
  std::vector<std::pair<std::vector<std::string>, std::string>> routes() const;
  const WebSocketRoute* find_websocket(Request& request) const;

 private:
  struct Route {
    std::string pattern;
    std::vector<std::string> methods;
    std::vector<std::string> segments;
    Handler handler;
    std::optional<WebSocketRoute> websocket;
  };
  const Route* match(Request& request, bool websocket, std::string& allow) const;
  std::vector<Route> routes_;
  Handler fallback_;
};

// The status that clients of these APIs expect for an error.
int status_of(Code code);

// An error as a line of text, with Retry-After where it may help.
Response plain_failure(int status, std::string_view text);
Response plain_failure(const Error& error);

}  // namespace trilobite::http
