#include "nats_connection.h"

#include <netdb.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <vector>

#include <fmt/format.h>

namespace llm {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::size_t kPayloadBytesMax = 8 << 20;

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> found;
  while (!line.empty()) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    found.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
  return found;
}

bool parse_size(std::string_view text, std::size_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value <= kPayloadBytesMax;
}

// "NATS/1.0[ status[ text]]", then lines "name: value".
void parse_headers(std::string_view block, NatsMessage& message) {
  bool first = true;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find(kCrlf), block.size());
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(std::min(end + kCrlf.size(), block.size()));
    if (first) {
      const auto parts = words(line);
      if (parts.size() > 1) message.status = parts[1];
      first = false;
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      std::string_view value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      message.headers.emplace_back(line.substr(0, colon), value);
    }
  }
}

std::string random_name() {
  std::uint64_t bits[2] = {};
  if (getrandom(bits, sizeof bits, 0) != sizeof bits) bits[0] = static_cast<std::uint64_t>(getpid());
  return fmt::format("{:016x}{:016x}", bits[0], bits[1]);
}

}  // namespace

NatsConnection::NatsConnection(std::string host, std::uint16_t port)
    : host_(std::move(host)), port_(port), inbox_prefix_("_INBOX." + random_name()), reader_([this] { run(); }) {}

NatsConnection::~NatsConnection() {
  stopping_ = true;
  {
    const std::lock_guard lock(send_mutex_);
    if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
  }
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  reader_.join();
  close_socket();
}

bool NatsConnection::wait_connected(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return connected_; });
}

std::uint64_t NatsConnection::subscribe(const std::string& subject, const std::string& queue, OnMessage on_message) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = next_id_++;
    subscriptions_[id] = std::make_shared<Subscription>(Subscription{subject, queue, std::move(on_message)});
  }
  const std::lock_guard lock(send_mutex_);
  send_all(fmt::format("SUB {}{}{} {}\r\n", subject, queue.empty() ? "" : " ", queue, id));
  return id;
}

void NatsConnection::unsubscribe(std::uint64_t id) {
  {
    const std::lock_guard lock(mutex_);
    subscriptions_.erase(id);
  }
  const std::lock_guard lock(send_mutex_);
  send_all(fmt::format("UNSUB {}\r\n", id));
}

bool NatsConnection::publish(const std::string& subject, const std::string& reply, const Headers& headers,
                             std::string_view payload) {
  std::string head = "NATS/1.0\r\n";
  for (const auto& [name, value] : headers) head += fmt::format("{}: {}\r\n", name, value);
  head += kCrlf;
  std::string command = fmt::format("HPUB {} {}{}{} {}\r\n", subject, reply, reply.empty() ? "" : " ", head.size(),
                                    head.size() + payload.size());
  command += head;
  command += payload;
  command += kCrlf;
  const std::lock_guard lock(send_mutex_);
  return send_all(command);
}

std::string NatsConnection::new_inbox() {
  const std::lock_guard lock(mutex_);
  return fmt::format("{}.{}", inbox_prefix_, next_id_++);
}

void NatsConnection::run() {
  while (!stopping_) {
    if (open()) {
      while (!stopping_ && read_some() && handle_input()) {
      }
    }
    close_socket();
    std::unique_lock lock(mutex_);
    connected_ = false;
    changed_.wait_for(lock, std::chrono::milliseconds(500), [&] { return stopping_.load(); });
  }
}

bool NatsConnection::open() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host_.c_str(), std::to_string(port_).c_str(), &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  int fd = -1;
  for (const addrinfo* at = addresses.get(); at != nullptr && fd < 0; at = at->ai_next) {
    fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  if (fd < 0) return false;
  input_.clear();
  std::string hello =
      "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"lang\":\"cpp\","
      "\"version\":\"1\",\"name\":\"llm-serving\",\"protocol\":1}\r\nPING\r\n";
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, subscription] : subscriptions_)
      hello += fmt::format("SUB {}{}{} {}\r\n", subscription->subject, subscription->queue.empty() ? "" : " ",
                           subscription->queue, id);
  }
  const std::lock_guard lock(send_mutex_);
  socket_ = fd;
  return send_all(hello);
}

void NatsConnection::close_socket() {
  const std::lock_guard lock(send_mutex_);
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

bool NatsConnection::send_all(std::string_view bytes) {
  if (socket_ < 0) return false;
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool NatsConnection::read_some() {
  char buffer[64 << 10];
  const ssize_t got = recv(socket_, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  input_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

// False: the connection is of no use any more.
bool NatsConnection::handle_input() {
  while (true) {
    const std::size_t end = input_.find(kCrlf);
    if (end == std::string::npos) return input_.size() <= kPayloadBytesMax;
    const std::string_view line = std::string_view(input_).substr(0, end);
    if (line.starts_with("MSG ") || line.starts_with("HMSG ")) {
      const std::size_t before = input_.size();
      if (!handle_message(line, line.front() == 'H', end + kCrlf.size())) return false;
      if (input_.size() == before) return true;  // not all of it is here yet
      continue;
    }
    if (line.starts_with("PING")) {
      const std::lock_guard lock(send_mutex_);
      if (!send_all("PONG\r\n")) return false;
    } else if (line.starts_with("PONG")) {
      const std::lock_guard lock(mutex_);
      connected_ = true;
      changed_.notify_all();
    } else if (line.starts_with("-ERR")) {
      return false;
    }
    input_.erase(0, end + kCrlf.size());
  }
}

// MSG subject sid [reply] bytes | HMSG subject sid [reply] header-bytes all-bytes
bool NatsConnection::handle_message(std::string_view line, bool with_headers, std::size_t line_bytes) {
  const auto parts = words(line);
  const std::size_t fixed = with_headers ? 5 : 4;
  if (parts.size() != fixed && parts.size() != fixed + 1) return false;
  std::size_t head = 0, all = 0, id = 0;
  if (!parse_size(parts[2], id) || !parse_size(parts.back(), all)) return false;
  if (with_headers && (!parse_size(parts[parts.size() - 2], head) || head > all)) return false;
  if (input_.size() < line_bytes + all + kCrlf.size()) return true;
  NatsMessage message;
  message.subject = parts[1];
  if (parts.size() == fixed + 1) message.reply = parts[3];
  const std::string_view body = std::string_view(input_).substr(line_bytes, all);
  parse_headers(body.substr(0, head), message);
  message.payload = body.substr(head);
  input_.erase(0, line_bytes + all + kCrlf.size());
  dispatch(id, std::move(message));
  return true;
}

void NatsConnection::dispatch(std::uint64_t id, NatsMessage&& message) {
  std::shared_ptr<Subscription> subscription;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = subscriptions_.find(id); found != subscriptions_.end()) subscription = found->second;
  }
  if (subscription) subscription->on_message(std::move(message));
}

}  // namespace llm
