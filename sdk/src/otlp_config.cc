#include "otlp_config.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <unistd.h>

#include "otlp_answer.h"
#include "protobuf_writer.h"

namespace trilobite::otlp {
namespace {

constexpr std::array<std::string_view, 3> kPrefixes{"OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_LOGS_",
                                                    "OTEL_EXPORTER_OTLP_METRICS_"};
constexpr std::array<std::string_view, 3> kHttpPaths{"v1/traces", "v1/logs", "v1/metrics"};
constexpr std::array<std::string_view, 3> kGrpcPaths{"/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                                                     "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                                                     "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

// Where a value came from, for warnings.
struct Setting {
  std::string variable;
  std::string_view value;  // trimmed; empty: not set
  bool of_signal = false;
};

Setting setting(Signal signal, const Variables& variables, std::string_view name) {
  for (const bool of_signal : {true, false}) {
    std::string variable(of_signal ? kPrefixes[static_cast<std::size_t>(signal)] : "OTEL_EXPORTER_OTLP_");
    variable += name;
    const auto found = variables.find(variable);
    if (found == variables.end() || trimmed(found->second).empty()) continue;  // empty counts as not set
    return {.variable = std::move(variable), .value = trimmed(found->second), .of_signal = of_signal};
  }
  return {};
}

struct Endpoint {
  std::string_view value;
  bool of_signal = false;  // used as it is
  bool of_traces = false;  // lent to the logs
};

Endpoint endpoint_of(Signal signal, const Variables& variables) {
  Setting own = setting(signal, variables, "ENDPOINT");
  if (own.of_signal || signal != Signal::kLogs) return {.value = own.value, .of_signal = own.of_signal};
  const Setting traces = setting(Signal::kTraces, variables, "ENDPOINT");
  return {.value = traces.value, .of_traces = traces.of_signal};
}

std::string_view path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t path = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  return path == std::string_view::npos ? std::string_view() : url.substr(path);
}

Protocol protocol_of(Signal signal, const Variables& variables, std::string_view endpoint,
                     std::vector<std::string>& warnings) {
  const Setting given = setting(signal, variables, "PROTOCOL");
  const std::string name = lower(given.value);
  if (name == "grpc") return Protocol::kGrpc;
  if (name == "http/protobuf") return Protocol::kHttpProtobuf;
  if (!name.empty()) {
    warnings.push_back(fmt::format("ignoring {}={}: expected grpc or http/protobuf", given.variable, given.value));
  }
  const std::string_view path = path_of(endpoint);
  const std::string_view host = endpoint.substr(0, endpoint.size() - path.size());
  return path.size() > 1 || host.ends_with(":4318") ? Protocol::kHttpProtobuf : Protocol::kGrpc;
}

bool is_true(std::string_view text) { return lower(text) == "true"; }

std::string url_of(const Endpoint& endpoint, Protocol protocol, Signal signal, const Variables& variables) {
  std::string url(endpoint.value);
  if (url.empty()) url = protocol == Protocol::kGrpc ? "http://localhost:4317" : "http://localhost:4318";
  if (protocol == Protocol::kGrpc) {
    // A target without a scheme is allowed for gRPC; INSECURE says whether it means TLS.
    if (url.find("://") == std::string::npos) {
      const Setting insecure = setting(signal, variables, "INSECURE");
      url.insert(0, insecure.value.empty() || is_true(insecure.value) ? "http://" : "https://");
    }
    return url;
  }
  if (endpoint.of_signal) return path_of(url).empty() ? url + "/" : url;
  if (endpoint.of_traces && url.ends_with("/v1/traces")) url.resize(url.size() - std::string_view("v1/traces").size());
  if (!url.ends_with('/')) url += '/';
  return url + std::string(kHttpPaths[static_cast<std::size_t>(signal)]);
}

}  // namespace

Variables environment_variables() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !(text.starts_with("OTEL_") || text.starts_with("DYN_"))) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

ExportSettings export_settings(Signal signal, const Variables& variables) {
  ExportSettings settings;
  TransportOptions& transport = settings.transport;
  const Endpoint endpoint = endpoint_of(signal, variables);
  transport.protocol = protocol_of(signal, variables, endpoint.value, settings.warnings);
  transport.url = url_of(endpoint, transport.protocol, signal, variables);
  transport.grpc_path = std::string(kGrpcPaths[static_cast<std::size_t>(signal)]);

  const Setting headers = setting(signal, variables, "HEADERS");
  transport.headers = key_value_list(headers.value, headers.variable, settings.warnings);
  const Setting timeout = setting(signal, variables, "TIMEOUT");
  if (!timeout.value.empty()) {
    std::int64_t ms = 0;
    const char* const end = timeout.value.data() + timeout.value.size();
    const auto [stop, error] = std::from_chars(timeout.value.data(), end, ms);
    if (error == std::errc() && stop == end && ms > 0) {
      transport.timeout_ms = ms;
    } else {
      settings.warnings.push_back(fmt::format("ignoring {}={}: expected milliseconds, a whole number above 0",
                                              timeout.variable, timeout.value));
    }
  }
  const Setting compression = setting(signal, variables, "COMPRESSION");
  if (lower(compression.value) == "gzip") {
    transport.compression = Compression::kGzip;
  } else if (!compression.value.empty() && lower(compression.value) != "none") {
    settings.warnings.push_back(
        fmt::format("ignoring {}={}: expected gzip or none", compression.variable, compression.value));
  }
  transport.ca_file = std::string(setting(signal, variables, "CERTIFICATE").value);
  transport.client_cert_file = std::string(setting(signal, variables, "CLIENT_CERTIFICATE").value);
  transport.client_key_file = std::string(setting(signal, variables, "CLIENT_KEY").value);
  return settings;
}

std::vector<std::pair<std::string, std::string>> key_value_list(std::string_view text, std::string_view variable,
                                                                std::vector<std::string>& warnings) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string_view piece = trimmed(text.substr(start, end - start));
    start = end + 1;
    if (piece.empty()) continue;
    const std::size_t equals = piece.find('=');
    const std::string_view key = trimmed(piece.substr(0, equals));
    if (equals == std::string_view::npos || key.empty()) {
      // The value may be a secret: only its place is told.
      warnings.push_back(fmt::format("ignoring a piece of {}: expected key=value", variable));
      continue;
    }
    pairs.emplace_back(key, percent_decoded(trimmed(piece.substr(equals + 1))));
  }
  return pairs;
}

std::vector<std::pair<std::string, std::string>> resource_attributes(const Variables& variables,
                                                                     std::vector<std::string>& warnings) {
  constexpr std::string_view kVariable = "OTEL_RESOURCE_ATTRIBUTES";
  constexpr std::string_view kServiceName = "service.name";
  std::vector<std::pair<std::string, std::string>> attributes;
  const auto put = [&](std::string_view key, std::string_view value) {
    const auto same = std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.first == key; });
    if (same == attributes.end()) {
      attributes.emplace_back(key, value);
    } else {
      same->second = std::string(value);
    }
  };
  put(kServiceName, "dynamo");
  if (const auto given = variables.find(kVariable); given != variables.end()) {
    for (const auto& [key, value] : key_value_list(given->second, kVariable, warnings)) put(key, value);
  }
  if (const auto name = variables.find("OTEL_SERVICE_NAME"); name != variables.end()) put(kServiceName, name->second);
  put("telemetry.sdk.name", "trilobite");
  put("telemetry.sdk.language", "cpp");
  put("telemetry.sdk.version", TRILOBITE_SDK_VERSION);
  return attributes;
}

std::string encoded_resource(const std::vector<std::pair<std::string, std::string>>& attributes) {
  std::string out;
  ProtobufWriter writer(out);
  for (const auto& attribute : attributes) {
    writer.message(1, [&] {
      writer.bytes(1, attribute.first);
      writer.message(2, [&] { writer.bytes(1, attribute.second); });
    });
  }
  return out;
}

}  // namespace trilobite::otlp
