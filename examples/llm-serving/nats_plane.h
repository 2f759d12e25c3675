// The request plane over NATS. A request names an inbox; each chunk is a message to it with the header x-stream: data,
// the last one has x-stream: end or error.
#pragma once

#include <memory>

#include "nats_connection.h"
#include "request_plane.h"

namespace llm {

// host:port of a NATS server; null when it cannot be reached within the time limit.
std::unique_ptr<RequestPlane> connect_nats(const std::string& address, std::chrono::milliseconds limit);

}  // namespace llm
