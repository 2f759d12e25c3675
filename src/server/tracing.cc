#include "server/tracing.h"

#include <trilobite/log.h>

#include <algorithm>

#include "api/status.h"

namespace trilobite::server {
namespace {

constexpr trilobite::log::Target kLog{"trilobite::server"};
constexpr std::string_view kPath = "/v1/traces";

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  std::string out = found == environment.end() ? std::string() : found->second;
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

bool is_on(const std::string& lower_case) {
  return lower_case == "1" || lower_case == "true" || lower_case == "on" || lower_case == "yes";
}

// The runtime that the library stands in for wants OTEL_EXPORT_ENABLED and lines of JSON as well. Whoever names an
// exporter or a receiver here has said enough.
bool environment_wants_export(const Environment& environment) {
  return is_on(value_of(environment, "OTEL_EXPORT_ENABLED")) ||
         value_of(environment, "OTEL_TRACES_EXPORTER") == "otlp" ||
         !value_of(environment, "OTEL_EXPORTER_OTLP_ENDPOINT").empty() ||
         !value_of(environment, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").empty();
}

bool environment_forbids_export(const Environment& environment) {
  return value_of(environment, "OTEL_SDK_DISABLED") == "true" ||
         value_of(environment, "OTEL_TRACES_EXPORTER") == "none";
}

// A URL without a path gets the one of the protocol.
std::string url_of(const std::string& endpoint) {
  const std::size_t host = endpoint.find("://") + 3;
  const std::size_t path = endpoint.find('/', host);
  if (path == std::string::npos) return endpoint + std::string(kPath);
  return path + 1 == endpoint.size() ? endpoint.substr(0, path) + std::string(kPath) : endpoint;
}

void name_service(trace::ExportConfig& exported, const Environment& environment) {
  const bool named = !value_of(environment, "OTEL_SERVICE_NAME").empty() ||
                     value_of(environment, "OTEL_RESOURCE_ATTRIBUTES").find("service.name=") != std::string::npos;
  const auto set = [&](std::string_view name, std::string value) {
    const auto found = std::find_if(exported.resource.begin(), exported.resource.end(),
                                    [&](const auto& attribute) { return attribute.first == name; });
    if (found == exported.resource.end()) {
      exported.resource.emplace_back(name, std::move(value));
    } else {
      found->second = std::move(value);
    }
  };
  if (!named) set("service.name", "trilobite");
  set("service.version", api::build_info().version);
}

}  // namespace

std::string wrong_tracing_endpoint(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme) && url.size() > scheme.size() && url[scheme.size()] != '/') return {};
  }
  return "want a URL such as http://localhost:4318";
}

TracingPlan plan_tracing(const TracingSettings& settings, const Environment& environment, TracingPlan as_read) {
  TracingPlan out = std::move(as_read);
  // Lines name the trace they belong to, in whichever format they are.
  out.spans.ids = value_of(environment, "OTEL_SDK_DISABLED") != "true";
  if (value_of(environment, "OTEL_TRACES_SAMPLER").empty() && settings.sample_ratio < 1) {
    out.spans.sampler.root = trace::Sampler::Root::kRatio;
    out.spans.sampler.ratio = settings.sample_ratio;
  }
  const bool asked = environment_wants_export(environment);
  out.exported.enabled = (asked || !settings.otlp_endpoint.empty()) && !environment_forbids_export(environment);
  if (!asked && !settings.otlp_endpoint.empty()) {
    out.exported.url = url_of(settings.otlp_endpoint);
    out.exported.protocol = trace::ExportConfig::Protocol::kHttpProtobuf;
  }
  // Of the condition above that does not hold here.
  std::erase_if(out.exported.warnings,
                [](const std::string& warning) { return warning.starts_with("OTEL_EXPORT_ENABLED"); });
  name_service(out.exported, environment);
  return out;
}

void start_tracing(const TracingSettings& settings) {
  const TracingPlan plan =
      plan_tracing(settings, process_environment(),
                   {trace::Config::from_environment(), trace::ExportConfig::from_environment()});
  trace::init(plan.spans);
  if (!plan.exported.enabled) return;
  if (const std::string wrong = trace::start_export(plan.exported); !wrong.empty()) {
    kLog.error("our own spans are not exported: {}", wrong);
  }
}

}  // namespace trilobite::server
