// The listener: binds, accepts, keeps the list of connections, and stops them.
#include "server/http_server.h"

#include <trilobite/log.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "server/http_connection.h"

namespace trilobite::server {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

constexpr trilobite::log::Target kLog{"trilobite::http"};
constexpr auto kTuple = net::as_tuple(net::use_awaitable);

}  // namespace

// Members go in the opposite order: the workers of `context`, whose tasks hold connections, before the io context.
struct HttpServer::State {
  State(HttpServerOptions options, const http::Router& router, RequestObserver observer)
      : acceptor(net::make_strand(io)), context(std::move(options), router, std::move(observer)) {}

  net::io_context io;
  std::optional<net::executor_work_guard<net::io_context::executor_type>> keep_running;
  tcp::acceptor acceptor;
  std::string address;
  std::vector<std::thread> threads;

  std::mutex mutex;  // guards what follows up to context
  std::condition_variable changed;
  std::map<HttpConnection*, std::weak_ptr<HttpConnection>> connections;
  bool stopping = false;

  ConnectionContext context;

  std::vector<std::shared_ptr<HttpConnection>> live_connections() {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<HttpConnection>> out;
    for (const auto& [key, connection] : connections) {
      if (auto alive = connection.lock()) out.push_back(std::move(alive));
    }
    return out;
  }
  bool wait_for_connections(std::chrono::milliseconds time_max) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, time_max, [&] { return connections.empty(); });
  }
  void forget(HttpConnection* ended) {
    const std::lock_guard lock(mutex);
    connections.erase(ended);
    changed.notify_all();
  }
};

namespace {

void refuse_connection(tcp::socket socket) {
  static constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(net::buffer(kAnswer), 0, ignored);
  socket.close(ignored);
}

net::awaitable<void> accept_all(HttpServer::State& server) {
  for (;;) {
    auto [failed, socket] = co_await server.acceptor.async_accept(net::make_strand(server.io), kTuple);
    if (failed == net::error::operation_aborted || !server.acceptor.is_open()) co_return;
    if (failed) {  // such as no file descriptor left: waiting is all that helps
      kLog.warn("cannot accept a connection: {}", failed.message());
      net::steady_timer pause(server.io, std::chrono::milliseconds(100));
      co_await pause.async_wait(kTuple);
      continue;
    }
    const std::lock_guard lock(server.mutex);
    if (server.stopping) co_return;
    if (server.connections.size() >= server.context.options.connections_max) {
      ++server.context.refused;
      refuse_connection(std::move(socket));
      continue;
    }
    const bool v6 = socket.local_endpoint(failed).address().is_v6();
    if (failed) continue;  // gone already
    const AcceptedSocket accepted{socket.release(failed), v6};
    if (failed) continue;
    const auto connection = start_connection(server.context, server.io, accepted,
                                             [&server](HttpConnection* ended) { server.forget(ended); });
    server.connections.emplace(connection.get(), connection);
  }
}

Result<void> bind_to(HttpServer::State& state) {
  TRY(wanted, parse_listen(state.context.options.listen));
  error_code failed;
  tcp::resolver resolver(state.io);
  const auto found = resolver.resolve(wanted.host, std::to_string(wanted.port), tcp::resolver::passive, failed);
  if (failed) return error(Code::kInvalid, "cannot listen on {}: {}", state.context.options.listen, failed.message());
  const tcp::endpoint endpoint = found.begin()->endpoint();
  state.acceptor.open(endpoint.protocol(), failed);
  if (!failed) state.acceptor.set_option(net::socket_base::reuse_address(true), failed);
  if (!failed) state.acceptor.bind(endpoint, failed);
  if (!failed) state.acceptor.listen(net::socket_base::max_listen_connections, failed);
  if (failed == net::error::address_in_use) {
    return error(Code::kExists, "cannot listen on {}: another process has this address", state.context.options.listen);
  }
  if (failed) return error(Code::kIo, "cannot listen on {}: {}", state.context.options.listen, failed.message());
  const tcp::endpoint bound = state.acceptor.local_endpoint(failed);
  const std::string host = bound.address().to_string();
  state.address = fmt::format("{}:{}", bound.address().is_v6() ? "[" + host + "]" : host, bound.port());
  return {};
}

}  // namespace

Result<HostPort> parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return error(Code::kInvalid, "cannot listen on {}: want HOST:PORT", text);
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  unsigned port = 0;
  for (const char c : port_text) {
    if (c < '0' || c > '9' || port > 65535) return error(Code::kInvalid, "cannot listen on {}: bad port", text);
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port_text.empty() || port > 65535) return error(Code::kInvalid, "cannot listen on {}: bad port", text);
  return HostPort{host.empty() ? "0.0.0.0" : std::string(host), static_cast<std::uint16_t>(port)};
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, const http::Router& router,
                                                      RequestObserver observer) {
  auto state = std::make_unique<State>(std::move(options), router, std::move(observer));
  TRY_VOID(bind_to(*state));
  state->keep_running.emplace(state->io.get_executor());
  net::co_spawn(state->acceptor.get_executor(), accept_all(*state), net::detached);
  for (std::size_t i = 0; i < state->context.options.io_threads; ++i) {
    state->threads.emplace_back([raw = state.get()] { raw->io.run(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() { stop(); }

std::string HttpServer::address() const { return state_->address; }

HttpServerStats HttpServer::stats() const {
  const ConnectionContext& context = state_->context;
  HttpServerStats stats;
  {
    const std::lock_guard lock(state_->mutex);
    stats.connections = state_->connections.size();
  }
  stats.websockets = context.websockets;
  stats.requests_running = context.reads.running() + context.writes.running();
  stats.requests_waiting = context.reads.waiting() + context.writes.waiting();
  stats.bodies_bytes = context.bodies_bytes;
  stats.requests_refused = context.refused;
  return stats;
}

void HttpServer::stop() {
  State& state = *state_;
  {
    const std::lock_guard lock(state.mutex);
    if (std::exchange(state.stopping, true)) return;
  }
  state.context.stopping = true;
  net::post(state.acceptor.get_executor(), [&state] {
    error_code ignored;
    state.acceptor.close(ignored);
  });
  const std::chrono::milliseconds grace = state.context.options.stop_grace;
  for (const auto& connection : state.live_connections()) connection->begin_stop();
  if (!state.wait_for_connections(grace)) {
    kLog.warn("some requests did not end in time and are cut off");
    for (const auto& connection : state.live_connections()) connection->abort();
    // Handlers see their token within a block of work.
    while (!state.wait_for_connections(grace)) kLog.warn("still waiting for requests to end");
  }
  state.keep_running.reset();
  state.io.stop();
  for (std::thread& thread : state.threads) thread.join();
}

}  // namespace trilobite::server
