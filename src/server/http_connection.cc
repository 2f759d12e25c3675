// One connection: a coroutine on a strand of its own. Its watcher and the writes that worker threads ask for run on the
// same strand, never at once, so that a Session needs no lock.
//
// What a coroutine takes by value is a named variable first: GCC 12 destroys a temporary twice that is the argument of
// an awaited call.
#include "server/http_connection.h"

#include <sys/socket.h>
#include <trilobite/log.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <future>
#include <thread>

#include "base/compress.h"
#include "server/gzip_stream.h"
#include "server/request_trace.h"
#include "server/request_target.h"

namespace trilobite::server {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using net::ip::tcp;

constexpr trilobite::log::Target kLog{"trilobite::http"};
constexpr auto kTuple = net::as_tuple(net::use_awaitable);
constexpr int kGzipLevel = 2;
constexpr std::size_t kReceiveBytesMax = 1u << 20;    // asked of the socket at once for a body
constexpr std::size_t kStreamPieceBytes = 64u << 10;  // streamed answers leave in pieces of about this size

std::chrono::nanoseconds steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

// Memory of a request body, counted until the request is answered.
class BodyShare {
 public:
  BodyShare() = default;
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() {
    if (total_ != nullptr) *total_ -= bytes_;
  }
  bool take(std::atomic<std::size_t>& total, std::size_t bytes, std::size_t bytes_max) {
    if (total.fetch_add(bytes) + bytes > bytes_max) {
      total -= bytes;
      return false;
    }
    total_ = &total;
    bytes_ = bytes;
    return true;
  }

 private:
  std::atomic<std::size_t>* total_ = nullptr;
  std::size_t bytes_ = 0;
};

// Writes that a load balancer of our own keeps apart from reads: pushes of any protocol.
bool is_write(const http::Request& request) {
  if (request.method != "POST") return false;
  const std::string_view path = request.path;
  return path.ends_with("/push") || path.ends_with("/write") || path.starts_with("/otlp/") ||
         path.ends_with("/v1/logs") || path.ends_with("/v1/metrics") || path.starts_with("/api/v1/import");
}

bool compressible(const http::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (beast::iequals(name, "content-encoding")) return false;
  }
  return response.content_type.starts_with("text/") || response.content_type.starts_with("application/json") ||
         response.content_type.starts_with("application/javascript") ||
         response.content_type.starts_with("application/yaml");
}

template <class Message>
void fill_head(Message& message, const http::Response& response) {
  message.result(static_cast<unsigned>(response.status));
  message.set(bhttp::field::server, "trilobite");
  if (!response.content_type.empty()) message.set(bhttp::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  if (response.content_type.starts_with("text/plain")) message.set("X-Content-Type-Options", "nosniff");
}

class SocketOfWeb;

class Session final : public HttpConnection, public std::enable_shared_from_this<Session> {
 public:
  Session(ConnectionContext& server, tcp::socket socket)
      : server_(&server), stream_(std::move(socket)), executor_(stream_.get_executor()), wake_(executor_) {
    error_code ignored;
    const auto remote = stream_.socket().remote_endpoint(ignored);
    if (!ignored) remote_ = remote.address().to_string() + ":" + std::to_string(remote.port());
    stream_.socket().set_option(tcp::no_delay(true), ignored);
  }

  net::awaitable<void> run() {
    bool keep = true;
    while (keep && !server_->stopping) keep = co_await one_request();
    if (web_) co_return;  // has the socket, and has closed it
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.socket().close(ignored);
  }

  void begin_stop() override {
    net::post(executor_, [self = shared_from_this()] {
      if (!self->busy_) self->close_socket();
      if (self->web_) self->stop_web();
    });
  }
  void abort() override {
    net::post(executor_, [self = shared_from_this()] {
      if (self->cancel_) self->cancel_->cancel(Code::kUnavailable);
      self->close_socket();
    });
  }
  const net::any_io_executor& executor() const { return executor_; }

 private:
  friend class SocketOfWeb;
  using Parser = bhttp::request_parser<bhttp::string_body>;

  void close_socket() {
    error_code ignored;
    if (web_) {
      beast::get_lowest_layer(*web_).socket().close(ignored);
    } else {
      stream_.socket().close(ignored);
    }
  }

  // True: the connection can take another request.
  net::awaitable<bool> one_request() {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(server_->options.header_bytes_max));
    parser.body_limit(server_->options.body_bytes_max);
    stream_.expires_after(server_->options.idle_timeout);
    const auto [failed, read] = co_await bhttp::async_read_header(stream_, buffer_, parser, kTuple);
    if (failed) {
      co_await answer_bad_header(failed);
      co_return false;
    }
    busy_ = true;
    started_ = steady_now();
    http::Request request;
    cancel_ = request.cancel;
    BodyShare share;
    std::optional<http::Response> refusal = co_await read_body(parser, request, share);
    keep_alive_ = parser.get().keep_alive() && !server_->stopping && !refusal_closes_;
    http_version_ = parser.get().version();
    accepts_gzip_ = accepts_gzip(parser.get()[bhttp::field::accept_encoding]);
    bool keep = false;
    if (!refusal && websocket::is_upgrade(parser.get())) {
      bhttp::request<bhttp::string_body> handshake = parser.release();
      keep = co_await upgrade(std::move(request), std::move(handshake));
    } else {
      keep = co_await answer(std::move(request), std::move(refusal));
    }
    cancel_.reset();
    busy_ = false;
    co_return keep;
  }

  net::awaitable<void> answer_bad_header(error_code failed) {
    int status = 0;
    if (failed == bhttp::error::header_limit) {
      status = 431;
    } else if (failed.category() == make_error_code(bhttp::error::bad_method).category() &&
               failed != bhttp::error::end_of_stream && failed != bhttp::error::partial_message) {
      status = failed == bhttp::error::body_limit ? 413 : 400;
    }
    if (status == 0) co_return;  // the client closed, or was idle for too long
    keep_alive_ = false;
    http::Response response = http::Response::text(status, fmt::format("{}\n", failed.message()));
    co_await send(std::move(response), false);
  }

  // A body of known length goes from the socket into its string. The parser would take it in small pieces and copy each
  // twice, which was a third of the cost of a push.
  net::awaitable<error_code> receive_body(Parser& parser) {
    const auto length = parser.content_length();
    if (!length || parser.chunked()) {
      const auto [failed, read] = co_await bhttp::async_read(stream_, buffer_, parser, kTuple);
      co_return failed;
    }
    std::string& body = parser.get().body();
    body.resize(static_cast<std::size_t>(*length));
    const std::size_t there = net::buffer_copy(net::buffer(body), buffer_.data());
    buffer_.consume(there);
    const auto rest = net::buffer(body) + there;
    const auto until_full = [](error_code failed, std::size_t) { return failed ? 0 : kReceiveBytesMax; };
    const auto [failed, read] = co_await net::async_read(stream_, rest, until_full, kTuple);
    co_return failed;
  }

  // Fills the request. A response: what to answer instead of running a handler.
  net::awaitable<std::optional<http::Response>> read_body(Parser& parser, http::Request& request, BodyShare& share) {
    auto& message = parser.get();
    request.method = std::string(message.method_string());
    request.remote = remote_;
    for (const auto& field : message) {
      std::string name(field.name_string());
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    refusal_closes_ = true;  // its body stays unread
    const std::uint64_t announced = parser.content_length().value_or(0);
    if (announced > server_->options.body_bytes_max) co_return too_large();
    // A chunked body of unknown size is counted as a usual push.
    const std::size_t counted = parser.chunked() ? 1u << 20 : static_cast<std::size_t>(announced);
    if (!share.take(server_->bodies_bytes, counted, server_->options.bodies_bytes_max)) co_return overloaded();
    if (beast::iequals(message[bhttp::field::expect], "100-continue") && !parser.is_done()) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      stream_.expires_after(server_->options.write_timeout);
      co_await net::async_write(stream_, net::buffer(kContinue), kTuple);
    }
    if (!parser.is_done()) {
      stream_.expires_after(server_->options.body_timeout);
      const error_code failed = co_await receive_body(parser);
      if (failed == bhttp::error::body_limit) co_return too_large();
      if (failed) {
        if (failed == beast::error::timeout) co_return http::Response::text(408, "request body did not come in time\n");
        co_return http::Response::text(400, fmt::format("cannot read request body: {}\n", failed.message()));
      }
    }
    refusal_closes_ = false;
    request.body = std::move(message.body());
    if (auto bad = parse_target(message.target(), request); !bad.ok()) {
      co_return http::Response::text(400, bad.error().message + "\n");
    }
    // Curl names every body so that it is not told about. What is written is data and no form, whatever stands in it.
    if (!is_write(request) && request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
      // No form has lines.
      auto bad = parse_form(request.body, request.query);
      if (!bad.ok() && request.body.find('\n') == std::string::npos) {
        co_return http::Response::text(400, bad.error().message + "\n");
      }
    }
    co_return std::nullopt;
  }

  http::Response too_large() const {
    return http::Response::text(413,
                                fmt::format("request body is larger than {} bytes\n", server_->options.body_bytes_max));
  }
  http::Response overloaded() const {
    ++server_->refused;
    http::Response response = http::Response::text(503, "too many requests at once, try again later\n");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }

  // Runs `work` on a worker while this coroutine waits; false when the pool is full.
  net::awaitable<bool> on_worker(WorkerPool& pool, std::function<void()> work) {
    const auto done = std::make_shared<std::atomic<bool>>(false);
    wake_.expires_at(net::steady_timer::time_point::max());
    const bool taken = pool.submit([self = shared_from_this(), done, work = std::move(work)] {
      work();
      done->store(true);
      net::post(self->executor(), [self] { self->wake_.cancel(); });
    });
    if (!taken) co_return false;
    while (!done->load()) co_await wake_.async_wait(kTuple);
    co_return true;
  }

  net::awaitable<bool> answer(http::Request request, std::optional<http::Response> response) {
    const auto shared = std::make_shared<http::Request>(std::move(request));
    const std::uint64_t bytes_in = shared->body.size();
    span_ = start_request_span(*shared, steady_now() - started_);
    stream_.expires_never();
    WorkerPool& pool = is_write(*shared) ? server_->writes : server_->reads;
    bytes_out_ = 0;
    if (!response) {
      response.emplace();
      start_watching();
      std::function<void()> work = [this, shared, out = &*response] { *out = handle(*shared); };
      const bool ran = co_await on_worker(pool, std::move(work));
      if (!ran) response = overloaded();
    }
    bool sent = false;
    if (response->stream && shared->method != "HEAD") {
      sent = co_await send_stream(std::move(*response), pool);
    } else {
      const bool head_only = shared->method == "HEAD";
      sent = co_await send(std::move(*response), head_only);
    }
    co_await stop_watching();
    if (server_->observer) {
      const trace::Entered entered = span_.enter();
      server_->observer({*shared, status_sent_, steady_now() - started_, bytes_in, bytes_out_});
    }
    end_request_span(span_, *shared, status_sent_, bytes_in, bytes_out_);
    co_return sent&& keep_alive_;
  }

  // On a worker thread.
  http::Response handle(http::Request& request) const {
    const trace::Entered entered = span_.enter();
    http::Response response;
    try {
      response = server_->router.handle(request);
    } catch (const std::exception& bug) {
      kLog.error("handler failed: {}", bug.what(), trilobite::log::kv("path", request.path));
      response = http::Response::text(500, "internal error\n");
    }
    if (response.stream || !compressible(response)) return response;
    response.headers.emplace_back("Vary", "Accept-Encoding");  // also where it is not packed: caches must know
    if (response.body.size() >= server_->options.gzip_bytes_min && accepts_gzip_) {
      response.body = gzip_compress(response.body, kGzipLevel);
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    return response;
  }

  net::awaitable<bool> send(http::Response response, bool head_only) {
    status_sent_ = response.status;
    keep_alive_ = keep_alive_ && !server_->stopping;
    bhttp::response<bhttp::string_body> message;
    message.version(http_version_);
    fill_head(message, response);
    message.keep_alive(keep_alive_);
    const bool no_body = response.status == 204 || response.status == 304 || response.status < 200;
    const std::size_t length = response.body.size();
    if (!head_only && !no_body) message.body() = std::move(response.body);
    if (!no_body && !response.stream) message.content_length(length);  // HEAD of a streamed answer: nobody knows
    bytes_out_ = message.body().size();
    stream_.expires_after(server_->options.write_timeout);
    const auto [failed, written] = co_await bhttp::async_write(stream_, message, kTuple);
    co_return !failed;
  }

  // Chunked; pieces come from a worker thread that waits while a piece is written.
  net::awaitable<bool> send_stream(http::Response response, WorkerPool& pool) {
    status_sent_ = response.status;
    const bool may_pack = compressible(response), gzip = accepts_gzip_ && may_pack;
    if (may_pack) response.headers.emplace_back("Vary", "Accept-Encoding");
    if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
    bhttp::response<bhttp::empty_body> head;
    head.version(http_version_);
    fill_head(head, response);
    const bool chunked = http_version_ >= 11;
    keep_alive_ = keep_alive_ && !server_->stopping;
    if (!chunked) keep_alive_ = false;  // HTTP/1.0: the end of the connection is the end of the body
    head.keep_alive(keep_alive_);
    head.chunked(chunked);
    bhttp::response_serializer<bhttp::empty_body> serializer(head);
    stream_.expires_after(server_->options.write_timeout);
    const auto [failed, written] = co_await bhttp::async_write_header(stream_, serializer, kTuple);
    if (failed) co_return false;
    bool complete = false;
    std::function<void()> work = [this, gzip, chunked, &complete, &response] {
      complete = pump(response.stream, gzip, chunked);
    };
    const bool ran = co_await on_worker(pool, std::move(work));
    co_return ran&& complete;
  }

  // On a worker thread. False: the client is gone or the producer failed; the connection must close unfinished, so that
  // the client sees that the answer is cut.
  bool pump(const std::function<void(const http::Write&)>& produce, bool gzip, bool chunked) {
    const trace::Entered entered = span_.enter();
    std::optional<GzipStream> packer;
    if (gzip) packer.emplace(kGzipLevel);
    std::string pending;
    bool alive = true;
    const auto flush = [&] {
      if (!pending.empty()) alive = write_piece(std::exchange(pending, {}), chunked);
      return alive;
    };
    try {
      produce([&](std::string_view piece) {
        if (!alive) return false;
        if (packer) {
          packer->add(piece, pending);
        } else {
          pending.append(piece);
        }
        return pending.size() < kStreamPieceBytes || flush();
      });
    } catch (const std::exception& bug) {
      kLog.error("streamed answer failed: {}", bug.what());
      return false;
    }
    if (alive && packer) packer->finish(pending);
    if (!alive || !flush()) return false;
    return !chunked || write_piece({}, true);
  }

  // On a worker thread; an empty chunk ends the body.
  bool write_piece(std::string piece, bool chunked) {
    try {
      return net::co_spawn(executor(), write_on_strand(std::move(piece), chunked), net::use_future).get();
    } catch (const std::exception&) {
      return false;
    }
  }
  net::awaitable<bool> write_on_strand(std::string piece, bool chunked) {
    bytes_out_ += piece.size();
    std::string head = chunked ? fmt::format("{:x}\r\n", piece.size()) : std::string();
    static constexpr std::string_view kEnd = "\r\n";
    const std::array<net::const_buffer, 3> buffers{net::buffer(head), net::buffer(piece),
                                                   net::buffer(chunked ? kEnd : std::string_view())};
    stream_.expires_after(server_->options.write_timeout);
    const auto [failed, written] = co_await net::async_write(stream_, buffers, kTuple);
    stream_.expires_never();
    co_return !failed;
  }

  // ---- client gone ----
  // While a handler runs nothing reads from the socket, so that it becoming readable means the next request (pipelined)
  // or its end.
  void start_watching() {
    watching_ = true;
    net::co_spawn(executor(), watch(shared_from_this()), net::detached);
  }
  static net::awaitable<void> watch(std::shared_ptr<Session> self) {
    const auto [failed] = co_await self->stream_.socket().async_wait(tcp::socket::wait_read, kTuple);
    if (!failed) {
      char byte = 0;
      const auto got = ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      if (got == 0 && self->cancel_) self->cancel_->cancel(Code::kCancelled);
      if (got < 0 && errno != EAGAIN && errno != EINTR && self->cancel_) self->cancel_->cancel(Code::kCancelled);
    }
    self->watching_ = false;
    self->wake_.cancel();
  }
  net::awaitable<void> stop_watching() {
    error_code ignored;
    if (watching_) stream_.socket().cancel(ignored);
    wake_.expires_at(net::steady_timer::time_point::max());
    while (watching_) co_await wake_.async_wait(kTuple);
  }

  // ---- WebSocket ----
  net::awaitable<bool> upgrade(http::Request request, bhttp::request<bhttp::string_body> handshake);
  net::awaitable<void> read_web(std::shared_ptr<Session> self);
  void stop_web();

  ConnectionContext* server_;
  beast::tcp_stream stream_;
  net::any_io_executor executor_;  // the strand
  beast::flat_buffer buffer_;
  net::steady_timer wake_;  // its cancellation wakes the coroutine
  std::string remote_;

  // Of the request under way.
  bool busy_ = false, watching_ = false;
  bool keep_alive_ = false, accepts_gzip_ = false, refusal_closes_ = false;
  unsigned http_version_ = 11;
  int status_sent_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::chrono::nanoseconds started_{0};
  trace::Span span_;
  std::shared_ptr<CancelToken> cancel_;

  std::optional<websocket::stream<beast::tcp_stream>> web_;
  std::atomic<bool> web_open_{false};
  bool web_closing_ = false;  // stop_web() says goodbye
};

// What a WebSocket handler sees, on its own thread.
class SocketOfWeb final : public http::WebSocket {
 public:
  explicit SocketOfWeb(Session& session) : session_(session) {}

  bool send_text(std::string_view message) override { return open() && on_strand(write(std::string(message))); }
  bool open() const override { return session_.web_open_.load(); }
  void close(int code, std::string_view reason) override {
    if (open()) on_strand(finish(code, std::string(reason)));
  }

 private:
  bool on_strand(net::awaitable<bool> work) {
    try {
      return net::co_spawn(session_.executor(), std::move(work), net::use_future).get();
    } catch (const std::exception&) {
      return false;
    }
  }
  net::awaitable<bool> write(std::string message) {
    session_.web_->text(true);
    const auto [failed, written] = co_await session_.web_->async_write(net::buffer(message), kTuple);
    if (failed) session_.web_open_ = false;
    session_.bytes_out_ += written;
    co_return !failed;
  }
  net::awaitable<bool> finish(int code, std::string reason) {
    session_.web_open_ = false;
    constexpr std::size_t kReasonMax = 123;  // RFC 6455: a control frame holds 125 bytes
    const websocket::close_reason why(static_cast<websocket::close_code>(code),
                                      std::string_view(reason).substr(0, kReasonMax));
    const auto [failed] = co_await session_.web_->async_close(why, kTuple);
    co_return !failed;
  }

  Session& session_;
};

net::awaitable<bool> Session::upgrade(http::Request request, bhttp::request<bhttp::string_body> handshake) {
  const http::WebSocketRoute* route = server_->router.find_websocket(request);
  std::optional<http::Response> refusal;
  if (route == nullptr) co_return co_await answer(std::move(request), std::move(refusal));
  stream_.expires_never();
  if (server_->websockets.fetch_add(1) >= server_->options.websockets_max) {
    refusal = overloaded();
  } else if (route->check) {
    std::function<void()> work = [&] { refusal = route->check(request); };
    if (!co_await on_worker(server_->reads, std::move(work))) refusal = overloaded();
  }
  if (refusal) {
    --server_->websockets;
    co_return co_await answer(std::move(request), std::move(refusal));
  }
  web_.emplace(std::move(stream_));
  web_->set_option(websocket::stream_base::timeout{std::chrono::seconds(30), std::chrono::seconds(30), true});
  web_->read_message_max(1u << 20);
  const auto [failed] = co_await web_->async_accept(handshake, kTuple);
  if (!failed) {
    web_open_ = true;
    watching_ = true;
    net::co_spawn(executor(), read_web(shared_from_this()), net::detached);
    if (server_->stopping) stop_web();  // was told so before there was anything to stop
    std::atomic<bool> done{false};
    SocketOfWeb socket(*this);
    std::thread handler([&, self = shared_from_this()] {
      try {
        route->run(request, socket);
      } catch (const std::exception& bug) {
        kLog.error("WebSocket handler failed: {}", bug.what());
      }
      done = true;
      net::post(executor(), [self] { self->wake_.cancel(); });
    });
    wake_.expires_at(net::steady_timer::time_point::max());
    while (!done) co_await wake_.async_wait(kTuple);
    handler.join();
    if (web_open_.exchange(false)) co_await web_->async_close(websocket::close_code::normal, kTuple);
    while (web_closing_) co_await wake_.async_wait(kTuple);  // or the client would not learn why
    close_socket();
    while (watching_) co_await wake_.async_wait(kTuple);
  }
  --server_->websockets;
  if (server_->observer) server_->observer({request, 101, steady_now() - started_, 0, bytes_out_});
  co_return false;
}

// Clients say nothing on our sockets; reading is how pings are answered and a close is seen.
net::awaitable<void> Session::read_web(std::shared_ptr<Session> /* keeps this alive */) {
  beast::flat_buffer ignored;
  for (;;) {
    const auto [failed, read] = co_await web_->async_read(ignored, kTuple);
    if (failed) break;
    ignored.clear();
  }
  web_open_ = false;
  if (cancel_) cancel_->cancel(Code::kCancelled);
  watching_ = false;
  wake_.cancel();
}

void Session::stop_web() {
  if (!web_open_.exchange(false)) return;
  if (cancel_) cancel_->cancel(Code::kUnavailable);
  web_closing_ = true;
  net::co_spawn(
      executor(),
      [](std::shared_ptr<Session> self) -> net::awaitable<void> {
        co_await self->web_->async_close(websocket::close_code::going_away, kTuple);
        self->web_closing_ = false;
        self->wake_.cancel();
      }(shared_from_this()),
      net::detached);
}

net::awaitable<void> serve(std::shared_ptr<Session> session, std::function<void()> ended) {
  try {
    co_await session->run();
  } catch (const std::exception& bug) {
    kLog.error("connection failed: {}", bug.what());
  }
  session.reset();
  ended();
}

}  // namespace

std::shared_ptr<HttpConnection> start_connection(ConnectionContext& context, net::io_context& io,
                                                 AcceptedSocket accepted, std::function<void(HttpConnection*)> ended) {
  tcp::socket socket(net::make_strand(io), accepted.v6 ? tcp::v6() : tcp::v4(), accepted.handle);
  auto session = std::make_shared<Session>(context, std::move(socket));
  HttpConnection* const key = session.get();
  net::co_spawn(session->executor(), serve(session, [ended = std::move(ended), key] { ended(key); }), net::detached);
  return session;
}

}  // namespace trilobite::server
