#include "api/status.h"

#include "base/json_writer.h"

#ifndef TRILOBITE_VERSION
#define TRILOBITE_VERSION "0.0.0"
#endif
#ifndef TRILOBITE_REVISION
#define TRILOBITE_REVISION "unknown"
#endif

namespace trilobite::api {
namespace {

// Loki's features that Grafana looks for behind this version are all served.
constexpr std::string_view kLokiVersion = "3.7.6";

std::string loki_buildinfo() {
  const BuildInfo info = build_info();
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("version").string(kLokiVersion).key("revision").string(info.revision).key("branch").string(info.branch);
  json.key("buildUser")
      .string("trilobite")
      .key("buildDate")
      .string(info.build_date)
      .key("goVersion")
      .string(info.compiler);
  json.end_object();
  return out;
}

std::string own_buildinfo() {
  const BuildInfo info = build_info();
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("status").string("success").key("data").begin_object();
  json.key("application").string("Trilobite").key("version").string(info.version).key("revision").string(info.revision);
  json.key("branch").string(info.branch).key("buildDate").string(info.build_date).key("compiler").string(info.compiler);
  json.key("lokiVersion").string(kLokiVersion);
  json.end_object().end_object();
  return out;
}

http::Response ready(const StatusSource& source) {
  if (const auto reason = source.not_ready()) return http::Response::text(503, *reason + "\n");
  return http::Response::text(200, "ready\n");
}

http::Response message(int status, std::string_view text) {
  std::string out;
  JsonWriter(out).begin_object().key("message").string(text).end_object();
  return http::Response::json(status, out);
}

http::Response set_log_level(const StatusSource& source, const http::Request& request) {
  const auto level = request.parameter("log_level");
  if (!level) return message(400, "parameter log_level is missing");
  if (const auto done = source.set_log_level(*level); !done.ok()) return message(400, done.error().message);
  return message(200, fmt::format("Log level set to {}", *level));
}

http::Response flush(const StatusSource& source) {
  if (const auto done = source.flush(); !done.ok()) {
    return http::Response::text(http::status_of(done.error().code), done.error().message + "\n");
  }
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace

BuildInfo build_info() { return {TRILOBITE_VERSION, TRILOBITE_REVISION, "main", "", "g++ " __VERSION__}; }

void add_status_routes(http::Router& router, StatusSource given) {
  const auto source = std::make_shared<const StatusSource>(std::move(given));
  using Request = http::Request;
  router.add({"GET"}, "/ready", [source](const Request&) { return ready(*source); });
  router.add({"GET"}, "/health", [](const Request&) { return http::Response::text(200, "ok\n"); });
  router.add({"GET"}, "/metrics", [source](const Request&) {
    http::Response response = http::Response::text(200, source->metrics());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  });
  router.add({"GET"}, "/config", [source](const Request&) {
    http::Response response = http::Response::text(200, source->config());
    response.content_type = "text/yaml; charset=utf-8";
    return response;
  });
  router.add({"GET"}, "/services", [source](const Request&) { return http::Response::text(200, source->services()); });
  router.add({"GET"}, "/log_level", [source](const Request&) {
    return message(200, fmt::format("Current log level is {}", source->log_level()));
  });
  router.add({"POST"}, "/log_level", [source](const Request& request) { return set_log_level(*source, request); });
  for (const char* path : {"/flush", "/loki/flush", "/ingester/flush"}) {
    router.add({"POST"}, path, [source](const Request&) { return flush(*source); });
  }
  router.add({"GET"}, "/loki/api/v1/status/buildinfo",
             [](const Request&) { return http::Response::json(200, loki_buildinfo()); });
  router.add({"GET"}, "/api/v1/status/buildinfo",
             [](const Request&) { return http::Response::json(200, own_buildinfo()); });
}

}  // namespace trilobite::api
