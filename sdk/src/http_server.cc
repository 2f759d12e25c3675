#include <trilobite/http_server.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <list>
#include <mutex>
#include <thread>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "http_request.h"

namespace trilobite::http {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Whether events came before the deadline.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 1'000'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::string head_of(const Response& response, std::string_view body_header, bool keeps_alive) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless && !response.content_type.empty()) out += "content-type: " + response.content_type + "\r\n";
  for (const Header& header : response.headers) {
    const std::string line = header.name + ": " + header.value;
    if (line.find_first_of("\r\n") == std::string::npos) out += line + "\r\n";  // nobody can smuggle a header in
  }
  if (!bodiless) out += body_header;
  out += keeps_alive ? "\r\n" : "connection: close\r\n\r\n";
  return out;
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

class ServerState {
 public:
  ServerState(ServerOptions options, Callback<Response(const Request&)> handler)
      : options_(std::move(options)), handler_(std::move(handler)) {}
  ~ServerState() { stop(); }

  void start();
  const std::string& error() const { return error_; }
  std::uint16_t port() const { return port_; }

 private:
  struct Connection {
    Descriptor socket;
    std::thread thread;
    std::atomic<bool> done{false};
  };

  // Writes chunks; see BodyWriter.
  class ChunkWriter : public BodyWriter {
   public:
    ChunkWriter(ServerState& server, int socket) : server_(server), socket_(socket) {}
    bool write(std::string_view piece) override {
      if (!open_ || piece.empty()) return open_;
      open_ =
          !server_.stopping_.load() && server_.send_all(socket_, fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
      return open_;
    }
    bool open() const { return open_; }

   private:
    ServerState& server_;
    int socket_;
    bool open_ = true;
  };

  std::string listen_on(const addrinfo& address);
  void accept_loop();
  void accept_one();
  void reap();
  void stop();
  void serve(int socket);
  bool receive(int socket, RequestParser& parser, std::string& buffered);
  bool answer(int socket, const Request& request, bool keeps_alive);
  Response handle(const Request& request);
  bool send_all(int socket, std::string_view bytes);
  void refuse(int socket, int status, std::string_view why);

  const ServerOptions options_;
  const Callback<Response(const Request&)> handler_;
  std::string error_;
  std::uint16_t port_ = 0;
  Descriptor listener_, wake_;
  std::atomic<bool> stopping_{false};
  std::thread acceptor_;
  std::mutex connections_mutex_;
  std::list<Connection> connections_;  // guarded by connections_mutex_; its threads by the acceptor and stop()
};

void ServerState::start() {
  const std::string service = std::to_string(options_.port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(options_.host.c_str(), service.c_str(), &hints, &found);
  if (failure != 0) {
    error_ = fmt::format("cannot listen on {}:{}: {}", options_.host, options_.port, gai_strerror(failure));
    return;
  }
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    error_ = listen_on(*address);
    if (error_.empty()) break;
  }
  freeaddrinfo(found);
  if (!error_.empty()) return;
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  acceptor_ = std::thread([this] { accept_loop(); });
}

std::string ServerState::listen_on(const addrinfo& address) {
  const auto failed = [&] {
    return fmt::format("cannot listen on {}:{}: {}", options_.host, options_.port, std::strerror(errno));
  };
  listener_ = Descriptor(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener_.get() < 0) return failed();
  const int on = 1;
  setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener_.get(), address.ai_addr, address.ai_addrlen) != 0 || listen(listener_.get(), 128) != 0)
    return failed();
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) return failed();
  port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                            : reinterpret_cast<sockaddr_in&>(bound).sin_port);
  return {};
}

void ServerState::accept_loop() {
  while (!stopping_.load()) {
    pollfd entries[] = {{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                        {.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    // Once a second the threads of closed connections are joined.
    if (poll(entries, 2, 1000) > 0 && (entries[0].revents & POLLIN) != 0) accept_one();
    reap();
  }
}

void ServerState::accept_one() {
  Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.get() < 0) {
    // Out of descriptors: the connection waits in the queue of the system, this loop must not spin on it.
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) poll(nullptr, 0, 10);
    return;
  }
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  reap();
  const std::lock_guard lock(connections_mutex_);
  if (connections_.size() >= options_.connections_max) {
    constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 21\r\nconnection: close\r\n\r\ntoo many connections\n";
    static_cast<void>(send(socket.get(), kFull.data(), kFull.size(), MSG_NOSIGNAL));
    return;
  }
  Connection& connection = connections_.emplace_back();
  connection.socket = std::move(socket);
  try {
    connection.thread = std::thread([this, &connection] {
      serve(connection.socket.get());
      shutdown(connection.socket.get(), SHUT_RDWR);
      connection.done.store(true);
    });
  } catch (const std::system_error&) {
    connections_.pop_back();  // no thread to be had; the client sees the connection closed
  }
}

void ServerState::reap() {
  std::list<Connection> done;
  {
    const std::lock_guard lock(connections_mutex_);
    for (auto it = connections_.begin(); it != connections_.end();) {
      const auto next = std::next(it);
      if (it->done.load()) done.splice(done.end(), connections_, it);
      it = next;
    }
  }
  for (Connection& connection : done) connection.thread.join();
}

void ServerState::stop() {
  if (!acceptor_.joinable()) return;
  stopping_.store(true);
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_.get(), &one, sizeof one));
  acceptor_.join();
  // Nothing more comes in: idle connections end at once, the others after the answer they are writing.
  for (Connection& connection : connections_) shutdown(connection.socket.get(), SHUT_RD);
  for (Connection& connection : connections_) connection.thread.join();
  connections_.clear();
}

void ServerState::serve(int socket) {
  std::string buffered;
  for (;;) {
    RequestParser parser(options_.head_bytes_max, options_.body_bytes_max);
    if (!receive(socket, parser, buffered)) return;
    if (parser.state() == RequestParser::State::kBad) return refuse(socket, parser.error_status(), parser.error());
    const bool keeps_alive = parser.keeps_alive() && !stopping_.load();
    if (!answer(socket, parser.request(), keeps_alive) || !keeps_alive) return;
  }
}

// True with a whole or a bad request; what follows it stays in buffered.
bool ServerState::receive(int socket, RequestParser& parser, std::string& buffered) {
  using State = RequestParser::State;
  const Clock::time_point idle_end = Clock::now() + std::chrono::milliseconds(options_.idle_timeout_ms);
  Clock::time_point end{};
  bool continued = false;
  for (;;) {
    std::string_view bytes = buffered;
    const State state = parser.feed(bytes);
    buffered.erase(0, buffered.size() - bytes.size());
    if (state == State::kDone || state == State::kBad) return true;
    if (parser.begun() && end == Clock::time_point())
      end = Clock::now() + std::chrono::milliseconds(options_.receive_timeout_ms);
    if (state == State::kBody && parser.expects_continue() && !continued) {
      continued = true;
      if (!send_all(socket, "HTTP/1.1 100 Continue\r\n\r\n")) return false;
    }
    if (!wait_for(socket, POLLIN, parser.begun() ? end : idle_end)) {
      if (parser.begun()) refuse(socket, 408, "the request did not arrive in time");
      return false;
    }
    char piece[16 << 10];
    const ssize_t size = recv(socket, piece, sizeof piece, 0);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return false;
    if (size > 0) buffered.append(piece, static_cast<std::size_t>(size));
  }
}

void ServerState::refuse(int socket, int status, std::string_view why) {
  const std::string body = std::string(why) + "\n";
  const Response response{.status = status};
  if (!send_all(socket, head_of(response, fmt::format("content-length: {}\r\n", body.size()), false) + body)) return;
  // Closing with bytes unread would reset the connection before the client has read the answer.
  shutdown(socket, SHUT_WR);
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(500);
  char rest[4096];
  while (wait_for(socket, POLLIN, end) && recv(socket, rest, sizeof rest, 0) > 0) {
  }
}

Response ServerState::handle(const Request& request) {
  try {
    return handler_(request);
  } catch (const std::exception& thrown) {
    return {.status = 500, .body = std::string("Internal server error: ") + thrown.what() + "\n"};
  }
}

bool ServerState::answer(int socket, const Request& request, bool keeps_alive) {
  const Response response = handle(request);
  const bool has_body = request.method != "HEAD" && response.status != 204 && response.status != 304;
  if (!response.stream) {
    std::string out = head_of(response, fmt::format("content-length: {}\r\n", response.body.size()), keeps_alive);
    if (has_body) out += response.body;
    return send_all(socket, out);
  }
  if (!send_all(socket, head_of(response, "transfer-encoding: chunked\r\n", keeps_alive))) return false;
  if (!has_body) return true;
  ChunkWriter writer(*this, socket);
  try {
    response.stream(writer);
  } catch (const std::exception&) {
    return false;  // the missing last chunk tells the client that the answer is not whole
  }
  return writer.open() && send_all(socket, "0\r\n\r\n");
}

bool ServerState::send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno == EAGAIN) {
      const auto end = Clock::now() + std::chrono::milliseconds(options_.send_timeout_ms);
      if (!wait_for(socket, POLLOUT, end)) return false;
    } else if (sent < 0 && errno != EINTR) {
      return false;
    }
  }
  return true;
}

Server Server::start(ServerOptions options, Callback<Response(const Request&)> handler) {
  Server out;
  out.state_ = new ServerState(std::move(options), std::move(handler));
  out.state_->start();
  return out;
}

Server::~Server() { delete state_; }

const std::string& Server::error() const {
  static const std::string kNotStarted = "not started";
  return state_ == nullptr ? kNotStarted : state_->error();
}

std::uint16_t Server::port() const { return state_ == nullptr ? 0 : state_->port(); }

}  // namespace trilobite::http
