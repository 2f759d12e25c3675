#include "status_loras.h"

#include <exception>

#include "config_dump_parts.h"
#include "json.h"
#include "json_pull.h"

namespace trilobite::status {
namespace {

constexpr std::string_view kPath = "/v1/loras";

http::Response answer(int status, const JsonMembers& members) {
  return {.status = status, .content_type = "application/json", .body = json_object(members)};
}

http::Response failed(int status, std::string_view name, std::string_view message) {
  JsonMembers members{{"status", json_text("error")}, {"message", json_text(message)}};
  if (!name.empty()) members["lora_name"] = json_text(name);
  return answer(status, members);
}

// The members of the handler's object, and those it left out.
http::Response told(std::string_view name, const JsonOrError& result) {
  if (!result.ok()) return failed(500, name, result.error);
  std::string compact;
  if (!log::append_if_json(compact, result.text) || !compact.starts_with('{'))
    return failed(500, name, "the answer is not a JSON object");
  JsonMembers members;
  JsonPull object(compact);
  object.object([&](const std::string& key) {
    members[key] = object.skip();
    return true;
  });
  members.try_emplace("status", json_text("success"));
  if (!name.empty()) members.try_emplace("lora_name", json_text(name));
  return answer(200, members);
}

struct LoadRequest {
  std::string name, uri;
};

bool parse(std::string_view body, LoadRequest& out) {
  std::string compact;
  if (!log::append_if_json(compact, body) || !compact.starts_with('{')) return false;
  JsonPull request(compact);
  const auto take = [&](std::string& text) {
    if (request.at_string()) {
      text = request.string();
    } else {
      request.skip();
    }
    return true;
  };
  request.object([&](const std::string& key) {
    if (key == "lora_name") return take(out.name);
    if (key != "source" || !request.at_object()) return request.skip(), true;
    return request.object(
        [&](const std::string& inner) { return inner == "uri" ? take(out.uri) : (request.skip(), true); });
  });
  return !out.name.empty() && !out.uri.empty();
}

template <class Handler, class... Args>
JsonOrError call(const Handler& handler, const Args&... args) {
  if (!handler) return {.text = {}, .error = "LoRA adapters are not supported here"};
  try {
    return handler(args...);
  } catch (const std::exception& thrown) {
    return {.text = {}, .error = thrown.what()};
  }
}

}  // namespace

bool is_lora_path(std::string_view path) {
  return path == kPath || (path.starts_with(kPath) && path.substr(kPath.size()).starts_with('/'));
}

http::Response answer_lora(const LoraRoutes* routes, const http::Request& request) {
  static const LoraRoutes kNone;
  if (routes == nullptr) routes = &kNone;
  const bool one = request.path.size() > kPath.size() + 1;
  if (one && request.method == "DELETE") {
    const std::string_view name = std::string_view(request.path).substr(kPath.size() + 1);
    return told(name, call(routes->unload, name));
  }
  if (!one && request.method == "GET") return told({}, call(routes->list));
  if (!one && request.method == "POST") {
    LoadRequest load;
    if (!parse(request.body, load))
      return failed(400, {}, "the body must be {\"lora_name\":...,\"source\":{\"uri\":...}}");
    return told(load.name, call(routes->load, std::string_view(load.name), std::string_view(load.uri)));
  }
  http::Response out = failed(405, {}, "method not allowed");
  out.headers.push_back({.name = "allow", .value = one ? "DELETE" : "GET,POST"});
  return out;
}

}  // namespace trilobite::status
