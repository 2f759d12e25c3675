#include "api/http.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace trilobite::http {
namespace {

// "/a/b" -> {"a", "b"}; a slash at the end gives an empty last segment, so "/a/" is not "/a".
std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_capture(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// On success `captured` has what the {name} segments matched; an empty segment matches none of them.
bool segments_match(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
                    Parameters& captured) {
  if (pattern.size() != path.size()) return false;
  captured.clear();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_capture(pattern[i])) {
      if (path[i].empty()) return false;
      captured.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return true;
}

const std::string* find_first(const Parameters& parameters, std::string_view name) {
  const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto& p) { return p.first == name; });
  return found == parameters.end() ? nullptr : &found->second;
}

void append_allowed(const std::vector<std::string>& methods, std::string& allow) {
  for (const std::string& method : methods) {
    if (!allow.empty()) allow += ", ";
    allow += method;
  }
}

}  // namespace

std::string_view Request::header(std::string_view lower_case_name) const {
  const std::string* value = find_first(headers, lower_case_name);
  return value == nullptr ? std::string_view() : *value;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  const std::string* value = find_first(query, name);
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(*value);
}

std::vector<std::string_view> Request::parameters(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::string_view Request::path_parameter(std::string_view name) const {
  const std::string* value = find_first(path_parameters, name);
  return value == nullptr ? std::string_view() : *value;
}

Response Response::text(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

Response Response::json(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json; charset=UTF-8";
  response.body = std::move(body);
  return response;
}

void Router::add(std::vector<std::string> methods, std::string pattern, Handler handler) {
  CHECK(!methods.empty() && pattern.starts_with('/') && handler);
  routes_.push_back(Route{pattern, std::move(methods), split_path(pattern), std::move(handler), std::nullopt});
}

void Router::add_websocket(std::string pattern, WebSocketRoute route) {
  CHECK(pattern.starts_with('/') && route.run);
  routes_.push_back(Route{pattern, {"GET"}, split_path(pattern), nullptr, std::move(route)});
}

void Router::add_fallback(Handler handler) { fallback_ = std::move(handler); }

// The first route added wins. `allow` collects the methods of routes that match but for the method.
const Router::Route* Router::match(Request& request, bool websocket, std::string& allow) const {
  if (request.segments.empty()) request.segments = split_path(request.path);
  // HEAD is GET whose body the connection drops.
  const std::string wanted = request.method == "HEAD" ? "GET" : request.method;
  for (const Route& route : routes_) {
    if (route.websocket.has_value() != websocket) continue;
    if (!segments_match(route.segments, request.segments, request.path_parameters)) continue;
    if (std::find(route.methods.begin(), route.methods.end(), wanted) != route.methods.end()) return &route;
    append_allowed(route.methods, allow);
  }
  request.path_parameters.clear();
  return nullptr;
}

std::vector<std::pair<std::vector<std::string>, std::string>> Router::routes() const {
  std::vector<std::pair<std::vector<std::string>, std::string>> out;
  for (const Route& route : routes_) {
    if (!route.websocket) out.emplace_back(route.methods, route.pattern);
  }
  return out;
}

Response Router::handle(Request& request) const {
  std::string allow;
  if (const Route* route = match(request, false, allow)) {
    request.route = route->pattern;
    return route->handler(request);
  }
  if (!allow.empty()) {
    Response response = Response::text(405, "405 method not allowed\n");
    response.headers.emplace_back("Allow", std::move(allow));
    return response;
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && fallback_) return fallback_(request);
  return Response::text(404, "404 page not found\n");
}

const WebSocketRoute* Router::find_websocket(Request& request) const {
  std::string allow;
  const Route* route = match(request, true, allow);
  if (route == nullptr) return nullptr;
  request.route = route->pattern;
  return &*route->websocket;
}

int status_of(Code code) {
  switch (code) {
    case Code::kInvalid: return 400;
    case Code::kNotFound: return 404;
    case Code::kExists: return 409;
    case Code::kLimit: return 400;
    case Code::kOverload: return 429;
    case Code::kUnavailable: return 503;
    case Code::kNoSpace: return 507;
    case Code::kCancelled: return 499;
    case Code::kTimeout: return 504;
    case Code::kCorrupt: return 500;
    case Code::kIo: return 500;
    case Code::kUnsupported: return 400;
    case Code::kInternal: return 500;
  }
  return 500;
}

Response plain_failure(int status, std::string_view text) {
  Response response = Response::text(status, std::string(text) + "\n");
  if (status == 429 || status == 503 || status == 507) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response plain_failure(const Error& error) { return plain_failure(status_of(error.code), error.message); }

}  // namespace trilobite::http
