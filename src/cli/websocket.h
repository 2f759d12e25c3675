// The client's side of a WebSocket (RFC 6455), as far as following a tail needs it: text comes in, nothing but the
// answers to pings and closes goes out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/http_client.h"
#include "base/result.h"

namespace trilobite::cli {

std::string base64(std::string_view bytes);

// Takes frames of a server apart. Knows no connection.
class FrameReader {
 public:
  struct Message {
    enum class Kind : std::uint8_t { kData, kPing, kPong, kClose } kind = Kind::kData;
    std::string payload;  // of all fragments of a data message
  };
  void add(std::string_view bytes) { bytes_ += bytes; }
  // The next whole message, or nothing until more bytes are there. kCorrupt for what no server may send.
  Result<std::optional<Message>> next();

 private:
  std::string bytes_;     // not taken apart yet
  std::string fragments_;
  bool in_fragments_ = false;
};

// A frame as a client sends it: masked with `mask`.
std::string client_frame(unsigned opcode, std::string_view payload, std::uint32_t mask);

struct WebSocketRequest {
  std::string host;    // with a port where it is not the usual one
  std::string target;  // path and query
  std::vector<std::string> headers;
};
// `address` as http(s)://HOST[:PORT][/PREFIX].
WebSocketRequest websocket_request(const std::string& address, const std::string& target);

// One thread at a time.
class WebSocketClient {
 public:
  // Asks for the upgrade. When the server refuses, the result has its status and body and nothing else can be done.
  static Result<std::unique_ptr<WebSocketClient>> open(std::unique_ptr<agent::ByteStream> stream,
                                                       const WebSocketRequest& request);

  int status() const { return status_; }
  const std::string& refusal_body() const { return refusal_body_; }
  // Waits for the next message. kUnavailable when the connection is closed, with the reason that the server gave.
  Result<std::string> read();

 private:
  explicit WebSocketClient(std::unique_ptr<agent::ByteStream> stream) : stream_(std::move(stream)) {}
  Result<void> shake_hands(const WebSocketRequest& request);
  Result<void> read_refusal(std::string rest, std::size_t length);

  std::unique_ptr<agent::ByteStream> stream_;
  FrameReader frames_;
  int status_ = 0;
  std::string refusal_body_;
};

}  // namespace trilobite::cli
