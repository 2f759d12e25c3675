#include "api/prometheus_write.h"

#include "api/tenant.h"
#include "base/compress.h"
#include "ingest/remote_write.h"

namespace trilobite::api {
namespace {

using ingest::RemoteWriteVersion;

void say_written(http::Response& response, const ingest::MetricOutcome& outcome) {
  response.headers.emplace_back("X-Prometheus-Remote-Write-Samples-Written", std::to_string(outcome.floats));
  response.headers.emplace_back("X-Prometheus-Remote-Write-Histograms-Written", std::to_string(outcome.histograms));
  response.headers.emplace_back("X-Prometheus-Remote-Write-Exemplars-Written", std::to_string(outcome.exemplars));
}

Result<std::string> unpack(const PrometheusWrite& self, const http::Request& request) {
  auto raw = snappy_decompress(request.body, self.bytes_max);
  if (raw.ok()) return raw;
  if (raw.error().code == Code::kLimit) {
    return error(Code::kInvalid, "snappy: decoded block is too large (limit {} bytes)", self.bytes_max);
  }
  return error(Code::kInvalid, "snappy: corrupt input");
}

http::Response answer(const PrometheusWrite& self, const http::Request& request, const std::string& tenant,
                      RemoteWriteVersion version, ingest::MetricOutcome& outcome) {
  if (request.body.size() > self.bytes_max) return http::plain_failure(413, "http: request body too large");
  auto message = unpack(self, request);
  if (!message.ok()) return http::plain_failure(message.error());
  const auto table = self.writer.table(tenant);
  auto decoded = ingest::decode_remote_write(*message, version, *table);
  if (!decoded.ok()) return http::plain_failure(decoded.error());
  decoded->push.request = hash128(request.body);
  const bool keep_rest = version == RemoteWriteVersion::kV2;
  const ingest::MetricRules rules{keep_rest ? ingest::OnRefusal::kKeepRest : ingest::OnRefusal::kRefuseAll};
  auto written = self.writer.write(tenant, std::move(decoded->push), rules);
  if (!written.ok()) return http::plain_failure(written.error());
  outcome = std::move(*written);
  std::string refused = std::move(decoded->refused);
  if (outcome.refused) {
    if (!refused.empty()) refused += '\n';
    refused += outcome.refused->message;
  }
  if (!refused.empty()) return http::plain_failure(400, refused);
  http::Response done;
  done.status = 204;
  return done;
}

http::Response write(const PrometheusWrite& self, const http::Request& request) {
  const auto [tenant, refusal] = tenant_of(request, self.multi_tenant);
  if (refusal) return *refusal;
  const auto version = ingest::remote_write_version(request.header("content-type"));
  if (!version.ok()) return http::plain_failure(415, version.error().message);
  const std::string_view encoding = request.header("content-encoding");
  if (!encoding.empty() && encoding != "snappy") {
    return http::plain_failure(
        415, fmt::format("{} encoding (compression) is not accepted by this server; only snappy is acceptable",
                         encoding));
  }
  ingest::MetricOutcome outcome;
  http::Response response = answer(self, request, tenant, *version, outcome);
  // Senders of version 2 take an answer without these as one of a server that only knows version 1.
  if (*version == RemoteWriteVersion::kV2) say_written(response, outcome);
  return response;
}

}  // namespace

void add_prometheus_write_routes(http::Router& router, const PrometheusWrite& self) {
  for (const char* path : {"/api/v1/write", "/prometheus/api/v1/write", "/api/v1/push", "/api/prom/remote/write"}) {
    router.add({"POST"}, path, [self](const http::Request& request) { return write(self, request); });
  }
}

}  // namespace trilobite::api
