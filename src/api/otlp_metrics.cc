#include "api/otlp_metrics.h"

#include "api/tenant.h"

namespace trilobite::api {
namespace {

// Exporters try again after 429, 502, 503 and 504 only.
http::Response failure(const Error& error) {
  const int status = http::status_of(error.code);
  return http::plain_failure(status == 507 ? 503 : status, error.message);
}

http::Response write_metrics(const OtlpMetricsApi& self, const http::Request& request) {
  const auto [tenant, refusal] = tenant_of(request, self.multi_tenant);
  if (refusal) return *refusal;
  if (request.body.size() > self.bytes_max) return http::plain_failure(413, "http: request body too large");
  const ingest::PushBody body{request.body, request.header("content-type"), request.header("content-encoding")};
  const auto table = self.writer.table(tenant);
  ingest::DeltaSession deltas(self.deltas.of(tenant), self.options.delta_limits);
  auto decoded =
      ingest::decode_otlp_metrics(body, {self.bytes_max}, self.options, *table, deltas, self.clock.now());
  if (!decoded.ok()) return failure(decoded.error());
  decoded->push.request = hash128(request.body);
  const auto written = self.writer.write(tenant, std::move(decoded->push));
  if (!written.ok()) return failure(written.error());
  deltas.commit();
  if (!decoded->target_info.times.empty()) {
    // Of the same resource through several exporters, some are old: nobody is helped by an error.
    const ingest::MetricRules rules{ingest::OnRefusal::kCountOnly};
    const auto info = self.writer.write(tenant, std::move(decoded->target_info), rules);
    if (!info.ok()) return failure(info.error());
  }
  if (!decoded->refused.empty()) return http::plain_failure(400, decoded->refused);
  return {};
}

}  // namespace

void add_otlp_metrics_routes(http::Router& router, const OtlpMetricsApi& self) {
  for (const char* path :
       {"/api/v1/otlp/v1/metrics", "/prometheus/api/v1/otlp/v1/metrics", "/otlp/v1/metrics", "/v1/metrics"}) {
    router.add({"POST"}, path, [self](const http::Request& request) { return write_metrics(self, request); });
  }
}

}  // namespace trilobite::api
