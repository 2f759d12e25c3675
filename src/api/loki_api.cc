#include "api/loki_api.h"

#include "api/damaged_parts.h"
#include "api/tenant.h"

namespace trilobite::api {
namespace {

constexpr std::string_view kTimeoutText =
    "request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex "
    "match) to reduce the amount of data processed";

}  // namespace

http::Response loki_error(const Error& error) {
  http::Response response = http::Response::text(http::status_of(error.code), error.message);
  if (error.code == Code::kTimeout) response.body = kTimeoutText;
  return response;
}

void add_loki_route(http::Router& router, const LokiApi& api, std::string pattern, LokiHandler handler) {
  router.add({"GET", "POST"}, std::move(pattern), [api, handler](const http::Request& request) {
    const TenantsOf allowed = api.multi_tenant_queries ? TenantsOf::kSeveral : TenantsOf::kOne;
    const TenantResult who = tenant_of(request, api.multi_tenant, allowed);
    if (who.refusal) return *who.refusal;
    LokiApi own = api;
    if (api.limits_of) own.limits = api.limits_of(who.tenant);
    const OnDamage on_damage = api.answer_despite_damage ? OnDamage::kAskAgain : OnDamage::kFail;
    Result<http::Response> response =
        ask_despite_damage(on_damage, [&] { return handler(own, request, who.tenant); });
    return response.ok() ? std::move(response).value() : loki_error(response.error());
  });
}

void add_loki_read_routes(http::Router& router, const LokiApi& api) {
  add_loki_query_routes(router, api);
  add_loki_label_routes(router, api);
  add_loki_index_routes(router, api);
  add_loki_detected_routes(router, api);
  add_loki_patterns_routes(router, api);
  add_loki_legacy_routes(router, api);
  add_loki_limits_routes(router, api);
  add_extension_routes(router, api);
}

}  // namespace trilobite::api
