// Proves: requests in any pieces, what is refused and with which status, limits, streams, an orderly stop.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http_request.h"
#include "http_test_client.h"

namespace trilobite::http {
namespace {

struct Parsed {
  RequestParser parser{1000, 100};
  std::string rest;
};

Parsed parse(std::string_view text, std::size_t step) {
  Parsed out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    std::string_view piece = text.substr(at, step);
    out.parser.feed(piece);
    if (!piece.empty()) {
      out.rest = std::string(piece) + std::string(text.substr(std::min(text.size(), at + step)));
      break;
    }
  }
  return out;
}

TEST(HttpRequest, ArrivesInAnyPieces) {
  const std::string text =
      "\r\nPOST /a%20b/c?x=%20&y HTTP/1.1\r\nHost: h\r\nX-Thing:  v \r\nTransfer-Encoding: Chunked\r\n\r\n"
      "4;ext=1\r\nwxyz\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nGET / HTTP/1.1\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    Parsed parsed = parse(text, step);
    ASSERT_EQ(parsed.parser.state(), RequestParser::State::kDone) << step << " " << parsed.parser.error();
    const Request& request = parsed.parser.request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a%20b/c?x=%20&y");
    EXPECT_EQ(request.path, "/a b/c");
    EXPECT_EQ(request.query, "x=%20&y");
    EXPECT_EQ(request.header("x-thing"), "v");
    EXPECT_EQ(request.body, "wxyz0123456789");
    EXPECT_TRUE(parsed.parser.keeps_alive());
  }
  EXPECT_EQ(parse(text, text.size()).rest, "GET / HTTP/1.1\r\n");
}

TEST(HttpRequest, WhatIsWrongHasItsStatus) {
  struct Case {
    std::string text;
    int status;  // 0: it is fine
  };
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
  const Case cases[] = {
      {get + "\r\n", 0},
      {"GET http://h:80/x HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"GET / HTTP/1.0\r\n\r\n", 0},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {get + "Host: other\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\n\r\n", 505},
      {"GET / FTP\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\n\r\n", 400},
      {"GET HTTP/1.1\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\n\r\n", 400},
      {"GET no-slash HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {get + "no colon\r\n\r\n", 400},
      {get + " folded: x\r\n\r\n", 400},
      {get + "Name : x\r\n\r\n", 400},
      {get + std::string("A: b\0c\r\n\r\n", 10), 400},
      {get + "Content-Length: -1\r\n\r\n", 400},
      {get + "Content-Length: 1x\r\n\r\n", 400},
      {get + "Content-Length: \r\n\r\n", 400},
      {get + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {get + "Content-Length: 101\r\n\r\n", 413},
      {get + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {get + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {get + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {get + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
      {get + "Transfer-Encoding: chunked\r\n\r\n\r\n", 400},
      {get + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400},
      {get + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413},
      {get + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400},
      {get + "Transfer-Encoding: chunked\r\n\r\n" + std::string(500, '0'), 400},
      {get + "A: " + std::string(2000, 'a'), 431},
  };
  for (const Case& c : cases) {
    for (const std::size_t step : {std::size_t{1}, c.text.size()}) {
      const Parsed parsed = parse(c.text, step);
      EXPECT_EQ(parsed.parser.error_status(), c.status) << c.text << parsed.parser.error();
      EXPECT_EQ(parsed.parser.state(), c.status == 0 ? RequestParser::State::kDone : RequestParser::State::kBad)
          << c.text;
    }
  }
}

Response echo(const Request& request) {
  if (request.path == "/throw") throw std::runtime_error("broken");
  if (request.path == "/stream")
    return {.stream = [](BodyWriter& out) {
      for (const char* piece : {"one ", "", "two"}) static_cast<void>(out.write(piece));
    }};
  if (request.path == "/inject") return {.headers = {{.name = "a", .value = "b\r\nc: d"}, {.name = "e", .value = "f"}}};
  return {.body = request.method + " " + request.path + " " + request.body};
}

TEST(HttpServer, AnswersSeveralRequestsOfAConnection) {
  const Server server = Server::start({.host = "127.0.0.1"}, echo);
  ASSERT_TRUE(server.running()) << server.error();
  TestClient client(server.port());
  client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz");
  EXPECT_EQ(client.receive().body, "GET /a ");
  EXPECT_EQ(client.receive().body, "POST /b xyz");
  client.send("HEAD /c HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.receive_head(),
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 8\r\n\r\n");
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.receive().body, "one two");
  client.send("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
  const TestResponse thrown = client.receive();
  EXPECT_EQ(thrown.status, 500);
  EXPECT_EQ(thrown.body, "Internal server error: broken\n");
  client.send("GET /inject HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const TestResponse injected = client.receive();
  EXPECT_EQ(injected.head.find("c: d"), std::string::npos);
  EXPECT_NE(injected.head.find("e: f\r\n"), std::string::npos);
  EXPECT_TRUE(client.closed());
}

TEST(HttpServer, WaitsForTheBodyAndSaysSo) {
  const Server server = Server::start({.host = "127.0.0.1"}, echo);
  TestClient client(server.port());
  client.send("POST /b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.receive_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("xyz");
  EXPECT_EQ(client.receive().body, "POST /b xyz");
}

TEST(HttpServer, BadAndLateRequestsAreRefusedAndTheConnectionClosed) {
  const Server server = Server::start({.host = "127.0.0.1", .receive_timeout_ms = 1}, echo);
  TestClient bad(server.port());
  bad.send("nonsense\r\n\r\n");
  EXPECT_EQ(bad.receive().status, 400);
  EXPECT_TRUE(bad.closed());
  TestClient late(server.port());
  late.send("GET / HT");
  EXPECT_EQ(late.receive().status, 408);
  EXPECT_TRUE(late.closed());
}

TEST(HttpServer, ConnectionsAreBounded) {
  const Server server = Server::start({.host = "127.0.0.1", .connections_max = 1}, echo);
  TestClient first(server.port());
  first.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(first.receive().status, 200);
  TestClient second(server.port());
  EXPECT_EQ(second.receive().status, 503);
  EXPECT_TRUE(second.closed());
}

TEST(HttpServer, StopsWithIdleConnectionsAndStreams) {
  std::atomic<bool> streaming{false};
  auto server = Server::start({.host = "127.0.0.1"}, [&](const Request&) -> Response {
    return {.stream = [&](BodyWriter& out) {
      streaming = true;
      while (out.write("tick ")) {
      }
    }};
  });
  const TestClient idle(server.port());
  TestClient reader(server.port());
  reader.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::thread drain([&] { reader.receive_all(); });
  while (!streaming.load()) std::this_thread::yield();
  server = Server();
  drain.join();
  EXPECT_FALSE(server.running());
}

TEST(HttpServer, APortThatIsTakenIsAnError) {
  const Server first = Server::start({.host = "127.0.0.1"}, echo);
  const Server second = Server::start({.host = "127.0.0.1", .port = first.port()}, echo);
  EXPECT_FALSE(second.running());
  EXPECT_NE(second.error().find("Address already in use"), std::string::npos) << second.error();
  EXPECT_FALSE(Server::start({.host = "256.0.0.1.invalid"}, echo).running());
}

}  // namespace
}  // namespace trilobite::http
