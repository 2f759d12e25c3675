#include "api/otlp_logs.h"

#include "api/loki_push.h"
#include "api/tenant.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "ingest/otlp_logs.h"

namespace trilobite::api {
namespace {

// google.rpc.Status{2 message}: what exporters read, whatever they sent. The code is that of HTTP.
http::Response failure(http::Response response) {
  std::string_view text = response.body;
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::string message;
  ByteWriter writer(message);
  writer.varint(2 << 3 | 2);
  writer.text(text);
  response.body = std::move(message);
  response.content_type = "application/octet-stream";
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  // Exporters try again after 429, 502, 503 and 504 only.
  if (response.status == 500 || response.status == 507) response.status = 503;
  return response;
}

http::Response failure(const Error& error) {
  const int status = error.code == Code::kLimit ? 413 : http::status_of(error.code);
  return failure(http::Response::text(status, error.message));
}

http::Response write_logs(const OtlpLogs& self, const http::Request& request) {
  const auto [tenant, refusal] = tenant_of(request, self.multi_tenant);
  if (refusal) return failure(*refusal);
  const ingest::PushBody body{request.body, request.header("content-type"), request.header("content-encoding")};
  const std::shared_ptr<const ingest::LogLimits> limits = self.writer.limits_of(tenant);
  auto decoded = ingest::decode_otlp_logs(body, self.limits, limits->otlp, self.clock.now());
  if (!decoded.ok()) return failure(decoded.error());
  decoded->request = hash128(request.body);
  http::Response response = push_response(self.writer.write(tenant, std::move(*decoded)));
  return response.status < 300 ? response : failure(std::move(response));
}

}  // namespace

void add_otlp_logs_routes(http::Router& router, const OtlpLogs& self) {
  for (const char* path : {"/otlp/v1/logs", "/v1/logs"}) {
    router.add({"POST"}, path, [self](const http::Request& request) { return write_logs(self, request); });
  }
}

}  // namespace trilobite::api
