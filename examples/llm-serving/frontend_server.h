// The frontend's HTTP server: POST /v1/chat/completions and /v1/completions, GET /v1/models, /health, /live, /metrics.
#pragma once

#include <cstdint>

#include <trilobite/http_server.h>
#include <trilobite/metrics.h>

#include "frontend.h"

namespace llm {

trilobite::http::Server serve_frontend(std::uint16_t port, Frontend& frontend,
                                       const trilobite::metrics::Registry& registry);

}  // namespace llm
