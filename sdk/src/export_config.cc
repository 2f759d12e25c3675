#include <charconv>

#include <fmt/format.h>

#include "export_spans.h"

namespace trilobite::trace {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

std::string_view value_of(const otlp::Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string_view() : std::string_view(found->second);
}

// The runtime's switches: 1 true on yes in any case, no trimming.
bool is_on(const otlp::Variables& variables, std::string_view name) {
  const std::string text = lower(value_of(variables, name));
  return text == "1" || text == "true" || text == "on" || text == "yes";
}

template <class T>
void read_number(ExportConfig& config, const otlp::Variables& variables, std::string_view name, T min, T& number) {
  const std::string_view text = value_of(variables, name);
  if (text.empty()) return;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= min) {
    number = value;
  } else {
    config.warnings.push_back(fmt::format("ignoring {}={}: expected a whole number from {} on", name, text, min));
  }
}

}  // namespace

ExportConfig read_export_config(const otlp::Variables& variables) {
  ExportConfig config;
  config.enabled = is_on(variables, "OTEL_EXPORT_ENABLED");
  if (config.enabled && !is_on(variables, "DYN_LOGGING_JSONL")) {
    config.enabled = false;
    config.warnings.push_back("OTEL_EXPORT_ENABLED has no effect without DYN_LOGGING_JSONL");
  }
  if (lower(value_of(variables, "OTEL_SDK_DISABLED")) == "true") config.enabled = false;
  const std::string exporter = lower(value_of(variables, "OTEL_TRACES_EXPORTER"));
  if (exporter == "none") config.enabled = false;
  if (!exporter.empty() && exporter != "none" && exporter != "otlp") {
    config.warnings.push_back(fmt::format("ignoring OTEL_TRACES_EXPORTER={}: expected otlp or none", exporter));
  }

  otlp::ExportSettings settings = otlp::export_settings(otlp::Signal::kTraces, variables);
  otlp::TransportOptions& transport = settings.transport;
  config.url = std::move(transport.url);
  config.protocol = transport.protocol == otlp::Protocol::kGrpc ? ExportConfig::Protocol::kGrpc
                                                                : ExportConfig::Protocol::kHttpProtobuf;
  config.headers = std::move(transport.headers);
  config.compression = transport.compression == otlp::Compression::kGzip ? ExportConfig::Compression::kGzip
                                                                         : ExportConfig::Compression::kNone;
  config.timeout_ms = transport.timeout_ms;
  config.ca_file = std::move(transport.ca_file);
  config.client_cert_file = std::move(transport.client_cert_file);
  config.client_key_file = std::move(transport.client_key_file);
  config.warnings.insert(config.warnings.end(), settings.warnings.begin(), settings.warnings.end());
  config.resource = otlp::resource_attributes(variables, config.warnings);

  read_number<std::uint32_t>(config, variables, "OTEL_BSP_MAX_QUEUE_SIZE", 1, config.queue_max);
  read_number<std::uint32_t>(config, variables, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, config.batch_max);
  read_number<std::int64_t>(config, variables, "OTEL_BSP_SCHEDULE_DELAY", 0, config.delay_ms);
  read_number<std::int64_t>(config, variables, "OTEL_BSP_EXPORT_TIMEOUT", 1, config.give_up_ms);
  if (config.batch_max > config.queue_max) {
    config.warnings.push_back(fmt::format("OTEL_BSP_MAX_EXPORT_BATCH_SIZE={} is more than the queue holds: {} is used",
                                          config.batch_max, config.queue_max));
    config.batch_max = config.queue_max;
  }
  return config;
}

ExportConfig ExportConfig::from_environment() { return read_export_config(otlp::environment_variables()); }

otlp::TransportOptions transport_options(const ExportConfig& config) {
  otlp::TransportOptions options;
  options.url = config.url;
  options.protocol =
      config.protocol == ExportConfig::Protocol::kGrpc ? otlp::Protocol::kGrpc : otlp::Protocol::kHttpProtobuf;
  options.grpc_path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  options.headers = config.headers;
  options.compression =
      config.compression == ExportConfig::Compression::kGzip ? otlp::Compression::kGzip : otlp::Compression::kNone;
  options.timeout_ms = config.timeout_ms;
  options.retry.give_up_ms = config.give_up_ms;
  options.ca_file = config.ca_file;
  options.client_cert_file = config.client_cert_file;
  options.client_key_file = config.client_key_file;
  return options;
}

}  // namespace trilobite::trace
