// Log lines over OTLP, to the platform or any collector. Part of the export library (trilobite::export).
//
//   auto config = trilobite::log::Config::from_environment("info");
//   trilobite::log::add_otlp_from_environment(config);
//   trilobite::log::init(config);
#pragma once

#include <string>

#include <trilobite/log_setup.h>

namespace trilobite::log {

// With OTEL_EXPORT_ENABLED on and in JSONL mode, adds an output to where OTEL_EXPORTER_OTLP_[LOGS_]ENDPOINT and its
// like say, under OTEL_SERVICE_NAME. Settings that cannot work become Config::error, those that were ignored warnings.
void add_otlp_from_environment(Config& config);

// The same for one receiver chosen in code: url whole, such as http://localhost:3100/v1/logs, HTTP with protobuf. The
// output lives as long as the process. Empty when the settings cannot work; error then says why.
//
// Lines are sent in batches by a thread of their own, at the latest after a second; 8,192 may wait, further ones are
// dropped and counted in Statistics::write_failures. At exit what waits is sent within 3 seconds.
[[nodiscard]] bool add_otlp_output(Config& config, const std::string& url, const std::string& service,
                                   std::string& error);

}  // namespace trilobite::log
