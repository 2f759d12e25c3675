// Pushes to a Loki-compatible server over HTTP: protobuf in snappy.
#pragma once

#include <memory>

#include "agent/config.h"
#include "agent/sink.h"

namespace trilobite::agent {

Result<std::unique_ptr<Sink>> make_http_sink(const ClientConfig& config);

}  // namespace trilobite::agent
