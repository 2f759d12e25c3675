// Where batches go: a server over HTTP (http_sink.h), or the server this process is (src/server supplies that one).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trilobite::agent {

enum class Delivery : std::uint8_t {
  kAccepted,  // durable on the other side, or recognised as a repeat
  kRefused,   // wrong in itself: sending it again will not help; it is dropped and counted
  kRetry,     // the other side is away or overloaded: send exactly the same again, later
};

struct SendOutcome {
  Delivery delivery = Delivery::kAccepted;
  std::string message;        // why, unless accepted
  bool rate_limited = false;  // 429: drop_rate_limited_batches looks at it
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Called by one thread at a time, and blocks it. `push_body` is a protobuf PushRequest, not compressed; for a batch
  // that is sent again it is the same byte for byte. An empty tenant means the receiver's default one.
  virtual SendOutcome send(std::string_view tenant, std::string_view push_body) = 0;
};

}  // namespace trilobite::agent
