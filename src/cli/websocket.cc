#include "cli/websocket.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "logs/text.h"

namespace trilobite::cli {
namespace {

constexpr std::size_t kMessageBytesMax = 256u << 20;
constexpr std::size_t kHeadBytesMax = 64u << 10;
constexpr std::chrono::milliseconds kWait{1000};
constexpr int kHandshakeWaitsMax = 60;
constexpr unsigned kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;

std::string random_bytes(std::size_t count) {
  std::random_device device;
  std::string out;
  while (out.size() < count) out.push_back(static_cast<char>(device()));
  return out;
}

// What the server must answer to a key, so that nobody takes an answer from a cache for an upgrade.
std::string accept_of(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr) != 1) return "";
  return base64({reinterpret_cast<const char*>(digest), length});
}

// The value of a header in the head of an answer; "" when absent.
std::string header_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || logql::to_lower_ascii(line.substr(0, colon)) != name) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    return std::string(value);
  }
  return "";
}

std::size_t number_of(std::string_view text) {
  std::size_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string close_reason(std::string_view payload) {
  if (payload.size() < 2) return "the server closed the connection";
  const unsigned code = static_cast<unsigned char>(payload[0]) * 256u + static_cast<unsigned char>(payload[1]);
  return fmt::format("the server closed the connection: {} ({})", payload.substr(2), code);
}

}  // namespace

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out.push_back(i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63]);
    }
  }
  return out;
}

Result<std::optional<FrameReader::Message>> FrameReader::next() {
  for (;;) {
    const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(bytes_[i]); };
    if (bytes_.size() < 2) return std::optional<Message>();
    const bool last = (byte(0) & 0x80) != 0;
    const unsigned opcode = byte(0) & 0x0F;
    if ((byte(0) & 0x70) != 0) return error(Code::kCorrupt, "WebSocket: an extension that was not agreed on");
    if ((byte(1) & 0x80) != 0) return error(Code::kCorrupt, "WebSocket: a masked frame from a server");
    std::uint64_t length = byte(1) & 0x7F;
    const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (bytes_.size() < 2 + more) return std::optional<Message>();
    if (more > 0) length = 0;
    for (std::size_t i = 0; i < more; ++i) length = length << 8 | byte(2 + i);
    const bool control = opcode >= kClose;
    if (control && (!last || length > 125)) return error(Code::kCorrupt, "WebSocket: a control frame that is too long");
    if (length > kMessageBytesMax || fragments_.size() + length > kMessageBytesMax) {
      return error(Code::kLimit, "WebSocket: a message of more than {} bytes", kMessageBytesMax);
    }
    const std::size_t head = 2 + more;
    if (bytes_.size() - head < length) return std::optional<Message>();
    std::string payload = bytes_.substr(head, length);
    bytes_.erase(0, head + length);
    switch (opcode) {
      case kClose: return std::optional(Message{Message::Kind::kClose, std::move(payload)});
      case kPing: return std::optional(Message{Message::Kind::kPing, std::move(payload)});
      case kPong: return std::optional(Message{Message::Kind::kPong, std::move(payload)});
      case kText:
      case kBinary:
      case kContinuation: break;
      default: return error(Code::kCorrupt, "WebSocket: unknown opcode {}", opcode);
    }
    if ((opcode == kContinuation) != in_fragments_) return error(Code::kCorrupt, "WebSocket: fragments out of order");
    fragments_ += payload;
    in_fragments_ = !last;
    if (!last) continue;
    Message message{Message::Kind::kData, std::move(fragments_)};
    fragments_.clear();
    return std::optional(std::move(message));
  }
}

std::string client_frame(unsigned opcode, std::string_view payload, std::uint32_t mask) {
  std::string out;
  out.push_back(static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | payload.size()));
  } else {
    const std::size_t bytes = payload.size() <= 0xFFFF ? 2 : 8;
    out.push_back(static_cast<char>(bytes == 2 ? 0xFE : 0xFF));
    for (std::size_t i = bytes; i > 0; --i) out.push_back(static_cast<char>(payload.size() >> (8 * (i - 1)) & 0xFF));
  }
  char key[4];
  for (std::size_t i = 0; i < 4; ++i) key[i] = static_cast<char>(mask >> (24 - 8 * i) & 0xFF);
  out.append(key, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(payload[i] ^ key[i % 4]));
  return out;
}

WebSocketRequest websocket_request(const std::string& address, const std::string& target) {
  const std::size_t scheme = address.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t path = std::min(address.find('/', host), address.size());
  std::string authority = address.substr(host, path - host);
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) authority.erase(0, at + 1);
  return {authority, address.substr(path) + target, {}};
}

Result<std::unique_ptr<WebSocketClient>> WebSocketClient::open(std::unique_ptr<agent::ByteStream> stream,
                                                               const WebSocketRequest& request) {
  std::unique_ptr<WebSocketClient> socket(new WebSocketClient(std::move(stream)));
  TRY_VOID(socket->shake_hands(request));
  return socket;
}

Result<void> WebSocketClient::shake_hands(const WebSocketRequest& request) {
  const std::string key = base64(random_bytes(16));
  std::string text = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: trilobite\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n",
      request.target, request.host, key);
  for (const std::string& header : request.headers) text += header + "\r\n";
  TRY_VOID(stream_->write(text + "\r\n"));
  std::string answer;
  std::size_t end = std::string::npos;
  for (int waits = 0; (end = answer.find("\r\n\r\n")) == std::string::npos;) {
    if (answer.size() > kHeadBytesMax) return error(Code::kCorrupt, "the head of the answer is too long");
    TRY(more, stream_->read(kWait));
    if (more.empty() && ++waits > kHandshakeWaitsMax) return error(Code::kUnavailable, "no answer came");
    answer += more;
  }
  if (!answer.starts_with("HTTP/1.") || end < 12) return error(Code::kCorrupt, "the answer is no HTTP");
  const std::string head = answer.substr(0, end + 2);
  status_ = static_cast<int>(number_of(std::string_view(head).substr(9, 3)));
  if (status_ != 101) return read_refusal(answer.substr(end + 4), number_of(header_of(head, "content-length")));
  if (header_of(head, "sec-websocket-accept") != accept_of(key)) {
    return error(Code::kCorrupt, "the answer is no upgrade of this request");
  }
  frames_.add(std::string_view(answer).substr(end + 4));
  return {};
}

Result<void> WebSocketClient::read_refusal(std::string rest, std::size_t length) {
  length = std::min(length, kHeadBytesMax);
  for (int waits = 0; rest.size() < length && waits < kHandshakeWaitsMax;) {
    auto more = stream_->read(kWait);
    if (!more.ok()) break;  // closed: what came is what there is
    if (more->empty()) ++waits;
    rest += *more;
  }
  refusal_body_ = rest.substr(0, length);
  return {};
}

Result<std::string> WebSocketClient::read() {
  for (;;) {
    TRY(message, frames_.next());
    if (!message) {
      TRY(bytes, stream_->read(kWait));
      frames_.add(bytes);
      continue;
    }
    std::random_device random;
    switch (message->kind) {
      case FrameReader::Message::Kind::kData: return std::move(message->payload);
      case FrameReader::Message::Kind::kPing:
        TRY_VOID(stream_->write(client_frame(kPong, message->payload, random())));
        break;
      case FrameReader::Message::Kind::kPong: break;
      case FrameReader::Message::Kind::kClose:
        static_cast<void>(stream_->write(client_frame(kClose, message->payload, random())));
        return error(Code::kUnavailable, "{}", close_reason(message->payload));
    }
  }
}

}  // namespace trilobite::cli
