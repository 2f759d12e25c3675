// HTTP as bytes over loopback: what clients send, also broken, and what they get.
#include "server/http_server.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "base/compress.h"
#include "server/raw_client.h"

namespace trilobite::server {
namespace {

using http::Request;
using http::Response;

// A door that handlers wait at.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }
  void arrive() {
    const std::lock_guard lock(mutex_);
    ++arrived_;
    changed_.notify_all();
  }
  bool wait_for_arrivals(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

struct HttpServerTest : testing::Test {
  http::Router router;
  HttpServerOptions options;
  std::mutex mutex;
  std::vector<std::string> observed;
  Gate gate;
  std::unique_ptr<HttpServer> server;  // last: its threads use the rest

  HttpServerTest() {
    options.listen = "127.0.0.1:0";
    options.stop_grace = std::chrono::seconds(5);
    router.add({"GET"}, "/hello", [](const Request& request) {
      return Response::text(200, fmt::format("hello {}", request.parameter("name").value_or("nobody")));
    });
    router.add({"POST"}, "/echo", [](const Request& request) { return Response::text(200, request.body); });
    router.add({"POST"}, "/form", [](const Request& request) {
      return Response::text(200, std::string(request.parameter("a").value_or("-")));
    });
    router.add({"POST"}, "/write", [](const Request& request) {
      return Response::text(200, fmt::format("{} {}", request.query.size(), request.body));
    });
    router.add({"GET"}, "/big", [](const Request&) { return Response::json(200, std::string(100'000, 'x')); });
    router.add({"GET"}, "/none", [](const Request&) {
      Response r;
      r.status = 204;
      return r;
    });
    router.add({"GET"}, "/throw", [](const Request&) -> Response { throw std::runtime_error("boom"); });
    router.add({"GET"}, "/stream", [](const Request&) {
      Response r = Response::json(200, "");
      r.stream = [](const http::Write& write) {
        for (int i = 0; i < 3000; ++i) write(fmt::format("piece {:04} {}\n", i, std::string(90, 'y')));
      };
      return r;
    });
    router.add({"GET"}, "/wait", [this](const Request& request) {
      gate.arrive();
      gate.wait();
      return Response::text(200, request.cancel->cancelled() ? "cancelled" : "waited");
    });
  }
  void start() {
    auto started = HttpServer::start(options, router, [this](const RequestRecord& record) {
      const std::lock_guard lock(mutex);
      observed.push_back(fmt::format("{} {} {}", record.request.method, record.request.route, record.status));
    });
    ASSERT_TRUE(started.ok()) << started.error().message;
    server = std::move(*started);
  }
  std::uint16_t port() const { return parse_listen(server->address())->port; }
};

TEST_F(HttpServerTest, KeepsConnectionsAlive) {
  start();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.ask("GET", fmt::format("/hello?name=a%20b+{}", i));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, fmt::format("hello a b {}", i));
    EXPECT_TRUE(answer.has("Content-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_TRUE(answer.has("X-Content-Type-Options: nosniff\r\n"));
  }
  EXPECT_EQ(client.ask("GET", "/none").status, 204);
  EXPECT_EQ(client.ask("POST", "/echo", "", "body").body, "body");
  EXPECT_EQ(client.ask("POST", "/form", "Content-Type: application/x-www-form-urlencoded\r\n", "a=x%2By").body, "x+y");
  EXPECT_EQ(client.ask("POST", "/write?b=1", "Content-Type: application/x-www-form-urlencoded\r\n", "a=x").body, "1 a=x")
      << "what is written is no form, even if curl says so";
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(port());
  client.send(
      "GET /hello?name=1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ntwo"
      "GET /hello?name=3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "hello 1");
  EXPECT_EQ(client.read_answer().body, "two");
  EXPECT_EQ(client.read_answer().body, "hello 3");
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(HttpServerTest, MethodsAndPaths) {
  start();
  RawClient client(port());
  EXPECT_EQ(client.ask("GET", "/nowhere").status, 404);
  const auto wrong = client.ask("POST", "/hello");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_TRUE(wrong.has("Allow: GET\r\n"));
  const auto head = client.ask("HEAD", "/hello");
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.has("Content-Length: 12\r\n"));
  EXPECT_EQ(client.ask("GET", "/hello").body, "hello nobody");  // nothing of HEAD's body lies in between
  EXPECT_FALSE(client.ask("HEAD", "/stream").has("Content-Length")) << "GET tells none either";
  EXPECT_EQ(client.ask("GET", "/hello").body, "hello nobody");
  EXPECT_EQ(client.ask("GET", "/throw").status, 500);
  EXPECT_EQ(client.ask("GET", "/hello?a=%zz").status, 400);
  EXPECT_EQ(client.ask("GET", "http://host/hello?name=proxy").body, "hello proxy");
}

TEST_F(HttpServerTest, GzipsLargeAnswersForThoseWhoWantIt) {
  start();
  RawClient client(port());
  const auto packed = client.ask("GET", "/big", "Accept-Encoding: deflate, gzip;q=0.5\r\n");
  EXPECT_TRUE(packed.has("Content-Encoding: gzip\r\n"));
  EXPECT_LT(packed.body.size(), 10'000u);
  EXPECT_EQ(*gzip_decompress(packed.body, 1 << 20), std::string(100'000, 'x'));
  EXPECT_EQ(client.ask("GET", "/big").body.size(), 100'000u);
  EXPECT_EQ(client.ask("GET", "/big", "Accept-Encoding: gzip;q=0\r\n").body.size(), 100'000u);
  EXPECT_FALSE(client.ask("GET", "/hello", "Accept-Encoding: gzip\r\n").has("Content-Encoding"));
}

std::string unchunked(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t line = text.find("\r\n");
    const std::size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    if (size == 0) return out;
    out += text.substr(line + 2, size);
    text.remove_prefix(line + 2 + size + 2);
  }
}

TEST_F(HttpServerTest, StreamsInChunks) {
  std::string want;
  for (int i = 0; i < 3000; ++i) want += fmt::format("piece {:04} {}\n", i, std::string(90, 'y'));
  start();
  RawClient client(port());
  auto answer = client.ask("GET", "/stream");
  EXPECT_TRUE(answer.has("Transfer-Encoding: chunked\r\n"));
  ASSERT_TRUE(client.read_until("\r\n0\r\n\r\n"));
  EXPECT_EQ(unchunked(client.input()), want);
  client.input().clear();

  answer = client.ask("GET", "/stream", "Accept-Encoding: gzip\r\n");
  EXPECT_TRUE(answer.has("Content-Encoding: gzip\r\n"));
  ASSERT_TRUE(client.read_until("\r\n0\r\n\r\n"));
  EXPECT_EQ(*gzip_decompress(unchunked(client.input()), 1 << 22), want);
  client.input().clear();
  EXPECT_EQ(client.ask("GET", "/hello").status, 200);

  RawClient old(port());
  old.send("GET /stream HTTP/1.0\r\n\r\n");
  const std::string all = old.read_all();
  EXPECT_EQ(all.find("chunked"), std::string::npos);
  EXPECT_TRUE(all.ends_with(want));
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequest) {
  options.header_bytes_max = 8192;
  options.body_bytes_max = 1000;
  start();
  struct Case {
    std::string text;
    int want;
  };
  const Case cases[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET /hello HTTP/9.9\r\n\r\n", 400},
      {"GET /hello HTTP/1.1\r\nbad header line\r\n\r\n", 400},
      {"GET /hello?" + std::string(10'000, 'a') + " HTTP/1.1\r\n\r\n", 431},
      {"POST /echo HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 413},
      {"POST /echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n",
       413},
  };
  for (const Case& c : cases) {
    RawClient client(port());
    client.send(c.text);
    EXPECT_EQ(client.read_answer().status, c.want) << c.text.substr(0, 80);
    EXPECT_EQ(client.read_all(), "") << "the connection is closed";
  }
  RawClient good(port());
  EXPECT_EQ(good.ask("POST", "/echo", "", std::string(1000, 'x')).body.size(), 1000u);
  good.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(good.read_answer().body, "abcde");
}

TEST_F(HttpServerTest, Expect100Continue) {
  start();
  RawClient client(port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("body");
  EXPECT_EQ(client.read_answer().body, "body");
  RawClient large(port());
  large.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 999999999999\r\n\r\n");
  EXPECT_EQ(large.read_answer().status, 413);
}

TEST_F(HttpServerTest, AClientThatLeavesCancelsItsRequest) {
  std::promise<bool> cancelled;
  router.add({"GET"}, "/long", [&](const Request& request) {
    gate.arrive();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!request.cancel->cancelled() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    cancelled.set_value(request.cancel->cancelled());
    return Response::text(200, "");
  });
  start();
  RawClient client(port());
  client.send("GET /long HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  client.close();
  EXPECT_TRUE(cancelled.get_future().get());
}

TEST_F(HttpServerTest, AStreamStopsWhenTheClientLeaves) {
  std::promise<bool> stopped;
  router.add({"GET"}, "/endless", [&](const Request&) {
    Response r = Response::json(200, "");
    r.stream = [&](const http::Write& write) {
      const std::string piece(10'000, 'x');
      std::size_t left = 1'000'000;
      while (left > 0 && write(piece)) --left;
      stopped.set_value(left > 0);
    };
    return r;
  });
  start();
  RawClient client(port());
  client.send("GET /endless HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(client.read_until("xxxx"));
  client.close();
  EXPECT_TRUE(stopped.get_future().get());
}

TEST_F(HttpServerTest, OverloadAnswers503AndWritesAreApart) {
  options.read_threads = 1;
  options.queue_max = 1;
  router.add({"POST"}, "/loki/api/v1/push", [](const Request&) { return Response::text(200, "pushed"); });
  start();
  RawClient running(port()), waiting(port()), refused(port()), push(port());
  running.send("GET /wait HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  // Bounded: some are taken by the queue, sooner or later one is refused.
  waiting.send("GET /wait HTTP/1.1\r\n\r\n");
  RawClient::Answer answer;
  std::vector<std::unique_ptr<RawClient>> more;
  std::vector<std::future<RawClient::Answer>> answers;
  while (server->stats().requests_refused == 0) {
    more.push_back(std::make_unique<RawClient>(port()));
    more.back()->send("GET /wait HTTP/1.1\r\n\r\n");
    ASSERT_LT(more.size(), 1000u);
    std::this_thread::yield();
  }
  EXPECT_EQ(push.ask("POST", "/loki/api/v1/push", "", "x").body, "pushed");
  gate.open();
  int busy = 0, done = 0;
  for (const auto& client : more) {
    const auto got = client->read_answer();
    busy += got.status == 503 && got.has("Retry-After: 1\r\n") ? 1 : 0;
    done += got.status == 200 ? 1 : 0;
  }
  EXPECT_GE(busy, 1);
  EXPECT_EQ(busy + done, static_cast<int>(more.size()));
  EXPECT_EQ(running.read_answer().body, "waited");
}

TEST_F(HttpServerTest, TooManyConnectionsAreTurnedAway) {
  options.connections_max = 2;
  start();
  RawClient a(port()), b(port());
  EXPECT_EQ(a.ask("GET", "/hello").status, 200);
  EXPECT_EQ(b.ask("GET", "/hello").status, 200);
  RawClient c(port());
  EXPECT_EQ(c.read_answer().status, 503);
}

TEST_F(HttpServerTest, StopFinishesWhatIsUnderWay) {
  start();
  RawClient idle(port()), busy(port());
  EXPECT_EQ(idle.ask("GET", "/hello").status, 200);
  busy.send("GET /wait HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  auto stopping = std::async(std::launch::async, [&] { server->stop(); });
  EXPECT_EQ(idle.read_all(), "");  // closed at once
  gate.open();
  const auto answer = busy.read_answer();
  EXPECT_EQ(answer.body, "waited");
  EXPECT_TRUE(answer.has("Connection: close\r\n"));
  stopping.get();
  EXPECT_FALSE(RawClient(port()).connected());
}

TEST_F(HttpServerTest, StopCutsWhatDoesNotEnd) {
  options.stop_grace = std::chrono::milliseconds(50);
  router.add({"GET"}, "/stubborn", [&](const Request& request) {
    gate.arrive();
    while (!request.cancel->cancelled()) std::this_thread::yield();
    return Response::text(200, "");
  });
  start();
  RawClient client(port());
  client.send("GET /stubborn HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  server->stop();
}

TEST_F(HttpServerTest, ATakenAddressIsSaidSo) {
  start();
  HttpServerOptions second = options;
  second.listen = server->address();
  const auto again = HttpServer::start(second, router, nullptr);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Code::kExists);
  EXPECT_EQ(again.error().message,
            fmt::format("cannot listen on {}: another process has this address", server->address()));
}

TEST_F(HttpServerTest, ObservesRoutesNotPaths) {
  router.add({"GET"}, "/label/{name}/values",
             [](const Request& request) { return Response::text(200, std::string(request.path_parameter("name"))); });
  start();
  {
    RawClient client(port());
    EXPECT_EQ(client.ask("GET", "/label/a/b/values").status, 404);
    EXPECT_EQ(client.ask("GET", "/label/x%2Fy/values").body, "x/y");
  }
  server->stop();
  EXPECT_EQ(observed, (std::vector<std::string>{"GET  404", "GET /label/{name}/values 200"}));
}

// A masked frame as browsers send it.
std::string client_frame(int opcode, std::string_view payload) {
  std::string out;
  out.push_back(static_cast<char>(0x80 | opcode));
  out.push_back(static_cast<char>(0x80 | payload.size()));
  out.append("\0\0\0\0", 4);
  return out.append(payload);
}

constexpr std::string_view kUpgrade =
    " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

TEST_F(HttpServerTest, WebSocketSendsAndCloses) {
  router.add_websocket("/live", {[](const Request& request) -> std::optional<Response> {
                                   if (request.parameter("bad")) return Response::text(400, "bad query");
                                   return std::nullopt;
                                 },
                                 [](const Request&, http::WebSocket& socket) {
                                   EXPECT_TRUE(socket.send_text("one"));
                                   EXPECT_TRUE(socket.send_text("two"));
                                   socket.close(1011, "reason");
                                   EXPECT_FALSE(socket.send_text("three"));
                                 }});
  start();
  RawClient client(port());
  client.send(fmt::format("GET /live{}", kUpgrade));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 101);
  EXPECT_TRUE(answer.has("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  ASSERT_TRUE(client.read_until("reason"));
  EXPECT_EQ(client.input(), std::string("\x81\x03one\x81\x03two\x88\x08\x03\xF3reason", 20));
  client.send(client_frame(8, "\x03\xF3"));
  client.read_all();

  RawClient refused(port());
  refused.send(fmt::format("GET /live?bad=1{}", kUpgrade));
  const auto no = refused.read_answer();
  EXPECT_EQ(no.status, 400);
  EXPECT_EQ(no.body, "bad query");
  RawClient nowhere(port());
  nowhere.send(fmt::format("GET /nowhere{}", kUpgrade));
  EXPECT_EQ(nowhere.read_answer().status, 404);
}

TEST_F(HttpServerTest, WebSocketHandlerSeesTheClientLeave) {
  std::promise<void> left;
  router.add_websocket("/live", {nullptr, [&](const Request&, http::WebSocket& socket) {
                                   socket.send_text("hi");
                                   while (socket.open()) std::this_thread::yield();
                                   left.set_value();
                                 }});
  start();
  RawClient client(port());
  client.send(fmt::format("GET /live{}", kUpgrade));
  ASSERT_TRUE(client.read_until("hi"));
  client.close();
  left.get_future().get();
}

TEST_F(HttpServerTest, StopEndsWebSockets) {
  router.add_websocket("/live", {nullptr, [&](const Request&, http::WebSocket& socket) {
                                   socket.send_text("hi");
                                   while (socket.open()) std::this_thread::yield();
                                 }});
  start();
  RawClient client(port());
  client.send(fmt::format("GET /live{}", kUpgrade));
  ASSERT_TRUE(client.read_until("hi"));
  auto stopping = std::async(std::launch::async, [&] { server->stop(); });
  EXPECT_TRUE(client.read_until(std::string_view("\x88\x02\x03\xE9", 4)));  // 1001, going away
  client.close();
  stopping.get();
}

TEST(ParseListen, Forms) {
  EXPECT_EQ(parse_listen("127.0.0.1:3100")->port, 3100);
  EXPECT_EQ(parse_listen("[::1]:0")->host, "::1");
  EXPECT_EQ(parse_listen(":80")->host, "0.0.0.0");
  for (const std::string_view bad : {"", "x", "x:", "x:y", "x:65536", "x:-1", "x:99999999999"})
    EXPECT_FALSE(parse_listen(bad).ok()) << bad;
}

}  // namespace
}  // namespace trilobite::server
