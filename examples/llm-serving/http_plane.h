// The request plane over HTTP: POST /v1/rpc/<subject> to the process that serves it, answered as a stream of frames:
// one letter (D data, E error, Z end), the size of the payload in decimal, a line feed, the payload.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "request_plane.h"

namespace llm {

// port: where this process serves; 0: nowhere. peers: worker to URL, as decode-0 to http://127.0.0.1:7001. Null, with
// the reason in error, when the port cannot be had.
std::unique_ptr<RequestPlane> make_http_plane(std::uint16_t port, std::map<std::string, std::string> peers,
                                              std::string& error);

}  // namespace llm
