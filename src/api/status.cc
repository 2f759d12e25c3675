#include "api/status.h"

#include <atomic>

#include "api/build_revision.h"
#include "api/registry_page.h"
#include "base/json_writer.h"

#ifndef TRILOBITE_VERSION
#define TRILOBITE_VERSION "0.0.0"
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

http::Response config(const StatusSource& source, const http::Request& request) {
  const std::string_view mode = request.parameter("mode").value_or("");
  if (!mode.empty() && mode != "diff" && mode != "defaults") {
    return http::Response::text(400, fmt::format("mode \"{}\" is neither diff nor defaults\n", mode));
  }
  const ConfigView view = mode == "diff"       ? ConfigView::kChanges
                          : mode == "defaults" ? ConfigView::kDefaults
                                               : ConfigView::kAll;
  http::Response response = http::Response::text(200, source.config(view));
  response.content_type = "text/yaml; charset=utf-8";
  return response;
}

// Loki's rings say which instance holds what; here that is always this one.
http::Response ring(const http::Request& request) {
  http::Response response = http::Response::text(
      200, fmt::format("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title></head><body>"
                       "<h1>{0}</h1><p>Trilobite is one process: there is no ring, and this instance does everything."
                       "</p><table><tr><th>Instance</th><th>State</th></tr><tr><td>this one</td><td>ACTIVE</td></tr>"
                       "</table></body></html>\n",
                       request.route));
  response.content_type = "text/html; charset=utf-8";
  return response;
}

// Loki's ingesters are told before they are scaled away. Here every stop flushes, so the mark is all there is to it.
class PrepareShutdown {
 public:
  http::Response answer(const http::Request& request) {
    if (request.method == "GET") return http::Response::text(200, set_ ? "set\n" : "unset\n");
    set_ = request.method == "POST";
    http::Response response;
    response.status = 204;
    return response;
  }

 private:
  std::atomic<bool> set_{false};
};

http::Response answer_of(const Result<void>& done) {
  if (!done.ok()) return http::Response::text(http::status_of(done.error().code), done.error().message + "\n");
  http::Response response;
  response.status = 204;
  return response;
}

http::Response flush(const StatusSource& source) { return answer_of(source.flush()); }

// Any page in a browser can send a POST to this address, so it must not end the process.
http::Response shutdown(const StatusSource& source, const http::Request& request) {
  if (request.parameter("terminate").value_or("true") == "false") return flush(source);
  return http::Response::text(403,
                              "not by HTTP: SIGTERM stops the process and flushes; terminate=false only flushes\n");
}

void add_component_pages(http::Router& router, const std::shared_ptr<const StatusSource>& source) {
  for (const char* path : {"/ring", "/distributor/ring", "/ruler/ring", "/compactor/ring", "/indexgateway/ring",
                           "/scheduler/ring", "/pattern/ring", "/memberlist"}) {
    router.add({"GET"}, path, ring);
  }
  for (const char* path : {"/flush", "/loki/flush", "/ingester/flush"}) {
    router.add({"POST"}, path, [source](const http::Request&) { return flush(*source); });
  }
  // As victoria-metrics names them; there, too, GET will do.
  router.add({"GET", "POST"}, "/internal/force_flush", [source](const http::Request&) { return flush(*source); });
  router.add({"GET", "POST"}, "/internal/force_merge",
             [source](const http::Request&) { return answer_of(source->compact()); });
  router.add({"POST"}, "/ingester/shutdown",
             [source](const http::Request& request) { return shutdown(*source, request); });
  const auto prepare = std::make_shared<PrepareShutdown>();
  router.add({"GET", "POST", "DELETE"}, "/ingester/prepare_shutdown",
             [prepare](const http::Request& request) { return prepare->answer(request); });
}

}  // namespace

BuildInfo build_info() {
  const BuildRevision& revision = build_revision();
  return {TRILOBITE_VERSION, revision.revision, revision.branch, revision.date, "g++ " __VERSION__};
}

void add_status_routes(http::Router& router, StatusSource given) {
  const auto source = std::make_shared<const StatusSource>(std::move(given));
  using Request = http::Request;
  router.add({"GET"}, "/ready", [source](const Request&) { return ready(*source); });
  router.add({"GET"}, "/health", [](const Request&) { return http::Response::text(200, "ok\n"); });
  for (const char* path : {"/metrics", "/prometheus/metrics"}) {
    router.add({"GET"}, path, registry_page(source->metrics));
  }
  router.add({"GET"}, "/config", [source](const Request& request) { return config(*source, request); });
  router.add({"GET"}, "/services", [source](const Request&) { return http::Response::text(200, source->services()); });
  router.add({"GET"}, "/log_level", [source](const Request&) {
    return message(200, fmt::format("Current log level is {}", source->log_level()));
  });
  router.add({"POST"}, "/log_level", [source](const Request& request) { return set_log_level(*source, request); });
  add_component_pages(router, source);
  router.add({"GET"}, "/loki/api/v1/status/buildinfo",
             [](const Request&) { return http::Response::json(200, loki_buildinfo()); });
  router.add({"GET"}, "/api/trilobite/v1/buildinfo",
             [](const Request&) { return http::Response::json(200, own_buildinfo()); });
}

}  // namespace trilobite::api
