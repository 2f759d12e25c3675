// Whether and where the spans of this process are exported: the configuration's section `tracing`, and OpenTelemetry's
// variables, which win.
#pragma once

#include <trilobite/trace_export.h>
#include <trilobite/trace_setup.h>

#include <string>
#include <string_view>

#include "server/config.h"

namespace trilobite::server {

struct TracingPlan {
  trace::Config spans;
  trace::ExportConfig exported;  // not enabled unless somebody asked for it
};
// `spans` and `exported` come as the library reads them from the environment.
TracingPlan plan_tracing(const TracingSettings& settings, const Environment& environment, TracingPlan as_read);

// Sets up the spans of this process. Once, after the log; exit() ends the export. An error is logged: what observes
// must not keep the server from running.
void start_tracing(const TracingSettings& settings);

// Why `url` is none that spans can be sent to; or empty.
std::string wrong_tracing_endpoint(std::string_view url);

}  // namespace trilobite::server
