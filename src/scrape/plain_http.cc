#include "scrape/plain_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "base/check.h"
#include "scrape/limits.h"

namespace trilobite::scrape {

// Owned by PlainHttp. Waits in the poller for bytes all its life, so that a server's goodbye is seen when it comes.
struct PlainConnection {
  int descriptor = -1;
  std::string address;
  PlainExchange* exchange = nullptr;  // null: idle
  bool waits_to_send = false;         // and the poller for room
  bool used = false;                  // an answer came over it
};

namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kScheme = "http://";

struct PlainUrl {
  std::string_view address, path;  // 127.0.0.1:80 or [::1], /metrics?a=b
};

std::optional<PlainUrl> split(std::string_view url) {
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  return PlainUrl{url.substr(0, slash), url.substr(slash)};
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool default_port = false;
};

std::optional<SocketAddress> parse_address(std::string_view text) {
  const bool six = text.starts_with('[');
  const std::size_t bracket = six ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return std::nullopt;
  const std::size_t colon = text.find(':', bracket);
  if (six && colon != std::string_view::npos && colon != bracket + 1) return std::nullopt;
  if (six && colon == std::string_view::npos && bracket + 1 != text.size()) return std::nullopt;
  std::uint16_t port = 80;
  if (colon != std::string_view::npos) {
    const auto [end, failed] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  const std::string host(six ? text.substr(1, bracket - 1) : text.substr(0, colon));
  SocketAddress out;
  out.default_port = port == 80;
  if (six) {
    auto& address = reinterpret_cast<sockaddr_in6&>(out.storage);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    out.size = sizeof address;
    if (::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) return std::nullopt;
  } else {
    auto& address = reinterpret_cast<sockaddr_in&>(out.storage);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    out.size = sizeof address;
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  }
  return out;
}

// host:port of a host that is to be looked up.
bool is_name(std::string_view address) {
  const std::size_t colon = std::min(address.find(':'), address.size());
  const std::string_view host = address.substr(0, colon), port = address.substr(std::min(colon + 1, address.size()));
  const auto part_of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return !host.empty() && std::all_of(host.begin(), host.end(), part_of_name) &&
         parse_address("0.0.0.0" + std::string(address.substr(colon))) && (colon == address.size() || !port.empty());
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// libcurl takes these for orders, or leaves out what has no value.
bool plain_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || !printable(line.substr(0, colon))) return false;
  if (line.find_first_not_of(" \t", colon + 1) == std::string_view::npos) return false;
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return false;
  std::string name(line.substr(0, colon));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  static constexpr std::array<std::string_view, 9> kOrders = {"host",       "user-agent",     "accept-encoding",
                                                              "connection", "content-length", "transfer-encoding",
                                                              "te",         "expect",         "upgrade"};
  return std::find(kOrders.begin(), kOrders.end(), name) == kOrders.end();
}

}  // namespace

void PlainExchange::release() {
  if (budget_ != nullptr) budget_->used -= reserved_;
  reserved_ = 0;
  answer_.release();
}

PlainHttp::PlainHttp(BodyBudget* budget) : budget_(budget) {
  poller_ = ::epoll_create1(EPOLL_CLOEXEC);
  waker_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK(poller_ >= 0 && waker_ >= 0);
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.ptr = nullptr;
  CHECK(::epoll_ctl(poller_, EPOLL_CTL_ADD, waker_, &wanted) == 0);
}

PlainHttp::~PlainHttp() {
  for (const auto& [connection, owned] : connections_) ::close(connection->descriptor);
  ::close(waker_);
  ::close(poller_);
}

bool PlainHttp::can(const HttpTransferRequest& request, const HttpConfig& config, bool proxy_in_environment) {
  if (!request.unix_socket.empty() || !request.post.empty()) return false;
  if (config.proxy.from_environment ? proxy_in_environment : !config.proxy.url.empty()) return false;
  const auto url = split(request.url);
  if (!url || !printable(url->path) || url->path.find('#') != std::string_view::npos) return false;
  const std::string_view path = url->path.substr(0, url->path.find('?'));
  if (path.empty() || path.find("/.") != std::string_view::npos || path.find('\\') != std::string_view::npos)
    return false;
  return (parse_address(url->address) || is_name(url->address)) &&
         std::all_of(request.headers.begin(), request.headers.end(), plain_header);
}

void PlainHttp::remember(const HttpTransferRequest& request, const std::string& ip, nanoseconds steady) {
  const auto url = split(request.url);
  if (ip.empty() || !url || !is_name(url->address)) return;
  if (known_.size() >= kConnectionsMax) known_.clear();
  const std::size_t colon = std::min(url->address.find(':'), url->address.size());
  const std::string host = ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
  known_[std::string(url->address)] = {host + std::string(url->address.substr(colon)), steady + kNamesKept};
}

PlainConnection* PlainHttp::connect(const std::string& address, nanoseconds steady) {
  if (const auto found = idle_.find(address); found != idle_.end()) {
    PlainConnection* connection = found->second.back();
    found->second.pop_back();
    if (found->second.empty()) idle_.erase(found);
    return connection;
  }
  auto where = parse_address(address);
  if (!where) {
    const auto found = known_.find(address);
    if (found != known_.end() && steady < found->second.until) where = parse_address(found->second.address);
  }
  if (!where || connections_.size() >= kConnectionsMax) return nullptr;
  auto made = std::make_unique<PlainConnection>();
  made->address = address;
  made->descriptor = ::socket(where->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made->descriptor < 0) return nullptr;
  const int on = 1;
  ::setsockopt(made->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int connected = ::connect(made->descriptor, reinterpret_cast<const sockaddr*>(&where->storage), where->size);
  made->waits_to_send = connected != 0;
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLRDHUP | (made->waits_to_send ? EPOLLOUT : 0u);
  wanted.data.ptr = made.get();
  if ((connected != 0 && errno != EINPROGRESS) || ::epoll_ctl(poller_, EPOLL_CTL_ADD, made->descriptor, &wanted) != 0) {
    ::close(made->descriptor);
    return nullptr;
  }
  PlainConnection* const connection = made.get();
  connections_.emplace(connection, std::move(made));
  return connection;
}

void PlainHttp::close(PlainConnection* connection) {
  if (connection->exchange == nullptr) {
    const auto found = idle_.find(connection->address);
    if (found != idle_.end() && std::erase(found->second, connection) > 0 && found->second.empty()) idle_.erase(found);
  }
  ::close(connection->descriptor);  // and with it out of the poller
  connections_.erase(connection);
}

std::unique_ptr<PlainExchange> PlainHttp::start(const HttpTransferRequest& request, const HttpConfig& config,
                                                nanoseconds steady) {
  const auto url = split(request.url);
  std::unique_ptr<PlainExchange> exchange;
  if (kept_.empty()) {
    exchange = std::make_unique<PlainExchange>();
    exchange->budget_ = budget_;
  } else {
    exchange = std::move(kept_.back());
    kept_.pop_back();
  }
  exchange->address_ = url->address;
  PlainConnection* const connection = connect(exchange->address_, steady);
  if (connection == nullptr) return nullptr;
  std::string_view host = url->address;
  if (const std::size_t port = host.rfind(":80"); port != std::string_view::npos && port + 3 == host.size())
    host.remove_suffix(3);
  std::string& text = exchange->request_;
  text = "GET ";
  text += url->path;
  text += " HTTP/1.1\r\nHost: ";
  text += host;
  text += "\r\nUser-Agent: ";
  text += kUserAgent;
  text += request.compressed ? "\r\nAccept-Encoding: gzip\r\n" : "\r\nAccept-Encoding: identity\r\n";
  for (const std::string& line : request.headers) {
    text += line;
    text += "\r\n";
  }
  text += "\r\n";
  exchange->sent_ = 0;
  exchange->answer_.begin(
      {.body_bytes_max = request.body_bytes_max, .unpacks = request.compressed, .follows = config.follow_redirects});
  exchange->deadline_ = request.timeout.count() > 0 ? steady + request.timeout : nanoseconds::max();
  next_deadline_ = std::min(next_deadline_, exchange->deadline_);
  exchange->connection_ = connection;
  exchange->place_ = under_way_.size();
  under_way_.push_back(exchange.get());
  connection->exchange = exchange.get();
  if (!connection->waits_to_send) static_cast<void>(send(*connection));  // what goes wrong, the poller tells
  return exchange;
}

// False: the connection is broken.
bool PlainHttp::send(PlainConnection& connection) {
  PlainExchange& exchange = *connection.exchange;
  bool waits = false;
  while (exchange.sent_ < exchange.request_.size()) {
    const ssize_t sent = ::send(connection.descriptor, exchange.request_.data() + exchange.sent_,
                                exchange.request_.size() - exchange.sent_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) {
      waits = true;
      break;
    }
    exchange.sent_ += static_cast<std::size_t>(sent);
  }
  if (waits == connection.waits_to_send) return true;
  connection.waits_to_send = waits;
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLRDHUP | (waits ? EPOLLOUT : 0u);
  wanted.data.ptr = &connection;
  return ::epoll_ctl(poller_, EPOLL_CTL_MOD, connection.descriptor, &wanted) == 0;
}

// True: the exchange ended, as `how` says.
bool PlainHttp::receive(PlainConnection& connection, PlainEnd& how) {
  PlainExchange& exchange = *connection.exchange;
  PlainAnswer& answer = exchange.answer_;
  for (;;) {
    const std::span<char> room = answer.room();
    const ssize_t got = ::recv(connection.descriptor, room.data(), room.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return false;
    PlainAnswer::State state = PlainAnswer::State::kMore;
    if (got <= 0) {
      if (!answer.began()) {
        how = PlainEnd::kNoConnection;
        return true;
      }
      state = got == 0 ? answer.end() : PlainAnswer::State::kNotPlain;
    } else {
      const auto bytes = static_cast<std::uint64_t>(got);
      exchange.reserved_ += bytes;
      if (budget_->used.fetch_add(bytes) + bytes > budget_->max) {
        how = PlainEnd::kOverBudget;
        return true;
      }
      state = answer.take(static_cast<std::size_t>(got));
    }
    switch (state) {
      case PlainAnswer::State::kMore:
        // A read that did not fill the room took what there was.
        if (static_cast<std::size_t>(got) < room.size()) return false;
        continue;
      case PlainAnswer::State::kDone:
        how = PlainEnd::kDone;
        return true;
      case PlainAnswer::State::kTooLarge:
        how = PlainEnd::kTooLarge;
        return true;
      case PlainAnswer::State::kNotPlain:
        how = PlainEnd::kNotPlain;
        return true;
    }
  }
}

void PlainHttp::end(PlainExchange& exchange, PlainEnd how, std::vector<PlainExchange*>& ended) {
  under_way_[exchange.place_] = under_way_.back();
  under_way_[exchange.place_]->place_ = exchange.place_;
  under_way_.pop_back();
  PlainConnection* const connection = exchange.connection_;
  exchange.connection_ = nullptr;
  exchange.how_ = how;
  ended.push_back(&exchange);
  const bool whole = exchange.sent_ == exchange.request_.size();
  if (how == PlainEnd::kDone && whole && exchange.answer_.keeps_open()) {
    connection->exchange = nullptr;
    idle_[connection->address].push_back(connection);
  } else {
    close(connection);
  }
}

void PlainHttp::serve(PlainConnection& connection, std::uint32_t events, std::vector<PlainExchange*>& ended) {
  if (connection.exchange == nullptr) return close(&connection);  // the server says goodbye, or what nobody asked for
  PlainExchange& exchange = *connection.exchange;
  if (connection.waits_to_send && (events & EPOLLOUT) != 0 && (events & (EPOLLERR | EPOLLHUP)) == 0) {
    if (!send(connection)) return end(exchange, PlainEnd::kNoConnection, ended);
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) == 0) return;
  if (PlainEnd how; receive(connection, how)) end(exchange, how, ended);
}

void PlainHttp::move(int wait_ms, std::vector<PlainExchange*>& ended) {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), wait_ms);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      std::uint64_t calls = 0;
      static_cast<void>(::read(waker_, &calls, sizeof calls));
    } else {
      serve(*static_cast<PlainConnection*>(event.data.ptr), event.events, ended);
    }
  }
}

void PlainHttp::expire(nanoseconds steady, std::vector<PlainExchange*>& ended) {
  if (steady < next_deadline_) return;
  next_deadline_ = nanoseconds::max();
  for (std::size_t i = 0; i < under_way_.size();) {
    PlainExchange& exchange = *under_way_[i];
    if (exchange.deadline_ <= steady) {
      end(exchange, PlainEnd::kTimeout, ended);  // another takes its place
    } else {
      next_deadline_ = std::min(next_deadline_, exchange.deadline_);
      ++i;
    }
  }
}

void PlainHttp::keep(std::unique_ptr<PlainExchange> exchange) {
  exchange->release();
  if (kept_.size() < kTransfersKeptMax) kept_.push_back(std::move(exchange));
}

void PlainHttp::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(waker_, &one, sizeof one));
}

}  // namespace trilobite::scrape
