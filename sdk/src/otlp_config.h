// The OTEL_EXPORTER_OTLP_* variables of one signal, and the resource all signals share. Variables are data, so tests
// need no environment.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otlp_transport.h"

namespace trilobite::otlp {

using Variables = std::map<std::string, std::string, std::less<>>;

// All variables of this process whose names begin with OTEL_ or DYN_.
Variables environment_variables();

enum class Signal : std::uint8_t { kTraces, kLogs, kMetrics };

struct ExportSettings {
  TransportOptions transport;
  std::vector<std::string> warnings;  // values that were ignored, and why
};

// OTEL_EXPORTER_OTLP_[TRACES_|LOGS_|METRICS_]{ENDPOINT,PROTOCOL,HEADERS,TIMEOUT,COMPRESSION,CERTIFICATE,
// CLIENT_CERTIFICATE,CLIENT_KEY,INSECURE}; those of a signal go before those of all. Without a protocol, an endpoint
// with a path or port 4318 is HTTP, anything else gRPC, as in the runtime this library is compatible with. The logs'
// endpoint is by default that of the traces, if there is one.
ExportSettings export_settings(Signal signal, const Variables& variables);

// `key=value,key=value` with percent-encoded values: OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES. Pieces that
// are no pair are told in warnings and left out.
std::vector<std::pair<std::string, std::string>> key_value_list(std::string_view text, std::string_view variable,
                                                                std::vector<std::string>& warnings);

// The attributes of the resource: service.name (OTEL_SERVICE_NAME, else from OTEL_RESOURCE_ATTRIBUTES, else `dynamo`),
// the others of OTEL_RESOURCE_ATTRIBUTES, and telemetry.sdk.*.
std::vector<std::pair<std::string, std::string>> resource_attributes(const Variables& variables,
                                                                     std::vector<std::string>& warnings);

// The message opentelemetry.proto.resource.v1.Resource.
std::string encoded_resource(const std::vector<std::pair<std::string, std::string>>& attributes);

}  // namespace trilobite::otlp
