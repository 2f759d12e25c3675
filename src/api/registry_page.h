// The metrics of a program, as Prometheus fetches them.
#pragma once

#include <trilobite/metrics.h>

#include "api/http.h"

namespace trilobite::api {

// Answers in the format that the client asks for: text 0.0.4 unless it wants OpenMetrics or protobuf.
http::Handler registry_page(instruments::Registry registry);

}  // namespace trilobite::api
