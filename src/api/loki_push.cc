#include "api/loki_push.h"

#include "api/tenant.h"
#include "base/hash.h"

namespace trilobite::api {
namespace {

http::Response push(const LokiPush& self, const http::Request& request) {
  const auto [tenant, refusal] = tenant_of(request, self.multi_tenant);
  if (refusal) return *refusal;
  const ingest::PushBody body{request.body, request.header("content-type"), request.header("content-encoding")};
  auto decoded = ingest::decode_loki_push(body, self.limits, self.labels);
  if (!decoded.ok()) {
    const Error& failed = decoded.error();
    return http::plain_failure(failed.code == Code::kLimit ? 413 : http::status_of(failed.code), failed.message);
  }
  if (decoded->batch.label_sets.empty()) {
    return http::plain_failure(422, "error at least one valid stream is required for ingestion");
  }
  decoded->request = hash128(request.body);
  return push_response(self.writer.write(tenant, std::move(*decoded)));
}

}  // namespace

http::Response push_response(const Result<ingest::PushOutcome>& outcome) {
  if (!outcome.ok()) return http::plain_failure(outcome.error());
  if (outcome->partial) {
    const int status = outcome->status != 0 ? outcome->status : http::status_of(outcome->partial->code);
    return http::plain_failure(status, outcome->partial->message);
  }
  http::Response done;
  done.status = 204;
  return done;
}

void add_loki_push_routes(http::Router& router, const LokiPush& self) {
  for (const char* path : {"/loki/api/v1/push", "/api/prom/push"}) {
    router.add({"POST"}, path, [self](const http::Request& request) { return push(self, request); });
  }
}

}  // namespace trilobite::api
