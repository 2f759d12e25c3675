#include "api/prometheus_import.h"

#include "api/tenant.h"
#include "base/compress.h"

namespace trilobite::api {
namespace {

// `unpacked` holds the bytes if there was something to unpack.
Result<std::string_view> body_of(const PrometheusImport& self, const http::Request& request, std::string& unpacked) {
  const std::string_view encoding = request.header("content-encoding");
  if (encoding.empty() || encoding == "identity") return std::string_view(request.body);
  Result<std::string> raw = error(Code::kInvalid, "unsupported compression: {}", encoding);
  if (encoding == "gzip") raw = gzip_decompress(request.body, self.bytes_decoded_max);
  if (encoding == "deflate") raw = deflate_decompress(request.body, self.bytes_decoded_max);
  if (encoding == "zstd") raw = zstd_stream_decompress(request.body, self.bytes_decoded_max);
  if (encoding == "snappy") raw = snappy_decompress(request.body, self.bytes_decoded_max);
  if (!raw.ok()) return std::move(raw).error();
  unpacked = std::move(*raw);
  return std::string_view(unpacked);
}

Result<ingest::ImportOptions> options_of(const http::Request& request) {
  ingest::ImportOptions options;
  for (const std::string_view extra : request.parameters("extra_label")) {
    const std::size_t equals = extra.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return error(Code::kInvalid, "invalid parameter \"extra_label\": \"{}\" is not name=value", extra);
    }
    options.extra_labels.emplace_back(extra.substr(0, equals), extra.substr(equals + 1));
  }
  return options;
}

template <class Import>
http::Response import(const PrometheusImport& self, const http::Request& request, const Import& run) {
  const auto [tenant, refusal] = tenant_of(request, self.multi_tenant);
  if (refusal) return *refusal;
  auto options = options_of(request);
  if (!options.ok()) return http::plain_failure(options.error());
  std::string unpacked;
  const auto body = body_of(self, request, unpacked);
  if (!body.ok()) {
    return http::plain_failure(body.error().code == Code::kLimit ? 413 : http::status_of(body.error().code),
                         body.error().message);
  }
  const Result<ingest::ImportOutcome> outcome = run(*body, *options, tenant);
  if (!outcome.ok()) return http::plain_failure(outcome.error());
  if (outcome->faults > 0) {
    return http::plain_failure(
        400, fmt::format("{} samples stored, {} faults:\n{}", outcome->samples + outcome->histograms, outcome->faults,
                         outcome->first_faults));
  }
  http::Response done;
  done.status = 204;
  return done;
}

// Of InfluxDB's parameter `precision`; nanoseconds without it.
std::optional<TimeNs> unit_of(std::string_view precision) {
  static constexpr std::pair<std::string_view, TimeNs> kUnits[] = {
      {"", 1},   {"n", 1},         {"ns", 1},          {"u", 1000},          {"us", 1000},
      {"ms", 1'000'000}, {"s", kNsPerSecond}, {"m", 60 * kNsPerSecond}, {"h", 3600 * kNsPerSecond}};
  for (const auto& [name, unit] : kUnits) {
    if (name == precision) return unit;
  }
  return std::nullopt;
}

http::Response import_lines(const PrometheusImport& self, const http::Request& request) {
  const auto unit = unit_of(request.parameter("precision").value_or(""));
  if (!unit) return http::plain_failure(400, "invalid parameter \"precision\": use ns, us, ms, s, m or h");
  return import(self, request, [&](std::string_view body, auto options, const std::string& tenant) {
    // As VictoriaMetrics: the name of the database is a label.
    if (const auto database = request.parameter("db"); database && !database->empty()) {
      options.extra_labels.emplace_back("db", *database);
    }
    return ingest::import_influx(body, *unit, self.clock.now(), options, tenant, self.writer);
  });
}

}  // namespace

void add_prometheus_import_routes(http::Router& router, const PrometheusImport& self) {
  router.add({"POST"}, "/api/v1/import", [self](const http::Request& request) {
    return import(self, request, [&](std::string_view body, const auto& options, const std::string& tenant) {
      return ingest::import_json_lines(body, options, tenant, self.writer);
    });
  });
  router.add({"POST", "PUT"}, "/api/v1/import/prometheus", [self](const http::Request& request) {
    return import(self, request, [&](std::string_view body, const auto& options, const std::string& tenant) {
      const auto format =
          ingest::exposition_format(request.header("content-type")).value_or(ingest::ExpositionFormat::kText);
      return ingest::import_exposition(body, format, self.clock.now(), options, tenant, self.writer);
    });
  });
  router.add({"POST", "PUT"}, "/api/v1/import/graphite", [self](const http::Request& request) {
    return import(self, request, [&](std::string_view body, const auto& options, const std::string& tenant) {
      return ingest::import_graphite(body, self.clock.now(), options, tenant, self.writer);
    });
  });
  for (const char* path : {"/write", "/api/v2/write", "/influx/write", "/influx/api/v2/write"}) {
    router.add({"POST"}, path, [self](const http::Request& request) { return import_lines(self, request); });
  }
}

}  // namespace trilobite::api
