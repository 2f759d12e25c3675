#include "api/prometheus_api.h"

#include <memory>

#include "api/damaged_parts.h"
#include "api/tenant.h"
#include "base/json_writer.h"

namespace trilobite::api {
namespace {

constexpr std::string_view kPrefixes[] = {"", "/prometheus"};

struct ErrorKind {
  std::string_view type;
  int status;
};

ErrorKind kind_of(Code code) {
  switch (code) {
    case Code::kInvalid:
      return {"bad_data", 400};
    case Code::kNotFound:
      return {"not_found", 404};
    case Code::kTimeout:
      return {"timeout", 503};
    case Code::kCancelled:
      return {"canceled", 499};
    case Code::kInternal:
    case Code::kLimit:
    case Code::kUnsupported:
      return {"execution", 422};
    case Code::kUnavailable:
      return {"unavailable", 500};
    case Code::kOverload:
      return {"unavailable", 429};
    default:
      return {"internal", 500};
  }
}

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.key(key).begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
}

// What follows the data.
std::string tail_of(const PrometheusAnswer& answer) {
  std::string tail = "{";
  JsonWriter json(tail);
  json.begin_object();
  write_texts(json, "warnings", answer.warnings);
  write_texts(json, "infos", answer.infos);
  json.end_object();
  tail = tail.substr(2);  // what stands between the braces, and the last brace
  return tail.size() > 1 ? "," + tail : tail;
}

http::Response envelope(PrometheusAnswer answer) {
  if (answer.whole) return std::move(*answer.whole);
  http::Response response;
  if (answer.data.empty() && !answer.stream) {
    response.status = 204;
    return response;
  }
  static constexpr std::string_view kHead = "{\"status\":\"success\",\"data\":";
  response.content_type = "application/json";
  if (!answer.stream) {
    response.body = std::string(kHead) + answer.data + tail_of(answer);
    return response;
  }
  response.stream = [tail = tail_of(answer), stream = std::move(answer.stream)](const http::Write& write) {
    if (!write(kHead)) return;
    stream(write);
    write(tail);
  };
  return response;
}

}  // namespace

http::Response prometheus_error(const Error& error) {
  const ErrorKind kind = kind_of(error.code);
  http::Response response;
  response.status = kind.status;
  response.content_type = "application/json";
  JsonWriter json(response.body);
  json.begin_object().key("status").string("error").key("errorType").string(kind.type);
  json.key("error").string(error.message).end_object();
  return response;
}

std::optional<http::Response> not_ready(const PrometheusApi& api) {
  if (!api.runtime.ready || api.runtime.ready()) return std::nullopt;
  http::Response response = http::Response::text(503, "Service Unavailable");
  const bool stopping = api.runtime.stopping && api.runtime.stopping();
  response.headers.emplace_back("X-Prometheus-Stopping", stopping ? "true" : "false");
  return response;
}

http::Response change_error(const Error& error) {
  http::Response response = prometheus_error(error);
  if (error.code == Code::kExists) response.status = 409;
  if (error.code == Code::kLimit || error.code == Code::kUnsupported) response.status = 400;
  return response;
}

http::Response forbidden(std::string_view reason) {
  http::Response response = prometheus_error(error(Code::kUnavailable, "{}", reason));
  response.status = 403;
  return response;
}

void add_prometheus_route(http::Router& router, const PrometheusApi& api, std::vector<std::string> methods,
                          std::string path, PrometheusHandler handler) {
  const auto shared = std::make_shared<const PrometheusApi>(api);
  for (const std::string_view prefix : kPrefixes) {
    const std::string pattern = std::string(prefix) + "/api/v1" + path;
    const auto shown = [shared](const http::Request& request, http::Response response) {
      if (shared->cors) shared->cors->apply(request, response);
      return response;
    };
    router.add({"OPTIONS"}, pattern, [shown](const http::Request& request) {
      http::Response response;
      response.status = 204;
      return shown(request, std::move(response));
    });
    const bool always = path == "/status/walreplay" || path.starts_with("/notifications");
    router.add(methods, pattern, [shared, handler, shown, always](const http::Request& request) {
      if (!always) {
        if (auto refusal = not_ready(*shared)) return shown(request, std::move(*refusal));
      }
      const TenantsOf allowed = shared->multi_tenant_queries ? TenantsOf::kSeveral : TenantsOf::kOne;
      const TenantResult who = tenant_of(request, shared->multi_tenant, allowed);
      if (who.refusal) return shown(request, *who.refusal);
      const OnDamage on_damage = shared->answer_despite_damage ? OnDamage::kAskAgain : OnDamage::kFail;
      Result<PrometheusAnswer> answer =
          ask_despite_damage(on_damage, [&] { return handler(*shared, request, who.tenant); });
      return shown(request, answer.ok() ? envelope(std::move(answer).value()) : prometheus_error(answer.error()));
    });
  }
}

void add_prometheus_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_query_routes(router, api);
  add_prometheus_label_routes(router, api);
  add_prometheus_search_routes(router, api);
  add_prometheus_export_routes(router, api);
  add_prometheus_exemplar_routes(router, api);
  add_prometheus_status_routes(router, api);
  add_prometheus_rule_routes(router, api);
  add_prometheus_tsdb_routes(router, api);
  add_prometheus_admin_routes(router, api);
  add_prometheus_openapi_routes(router, api);
}

}  // namespace trilobite::api
