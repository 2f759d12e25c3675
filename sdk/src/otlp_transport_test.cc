// The transport against receivers of every temper. Nothing waits for real: pauses are recorded instead.
#include "otlp_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "otlp_answer.h"
#include "protobuf_writer.h"
#include "scripted_collector.h"
#include "scripted_grpc.h"

namespace trilobite::otlp {
namespace {

using How = ScriptedAnswer::How;
using End = SendReport::End;
using testing::ElementsAre;
using testing::HasSubstr;

struct Sent {
  SendReport report;
  std::vector<std::int64_t> pauses;
};

TransportOptions options_for(const std::string& url) {
  TransportOptions options;
  options.url = url;
  options.jitter_instead = [] { return 0.0; };
  return options;
}

Sent send_to(const std::string& url, TransportOptions options = options_for("")) {
  Sent sent;
  options.url = url;
  options.pause_instead = [&](std::int64_t ms) { sent.pauses.push_back(ms); };
  auto transport = Transport::open(std::move(options));
  EXPECT_TRUE(transport.ok());
  sent.report = (*transport)->send("the body");
  return sent;
}

std::string export_response(std::uint64_t rejected, std::string_view message) {
  std::string out;
  ProtobufWriter writer(out);
  writer.message(1, [&] {
    writer.uint64(1, rejected);
    writer.bytes(2, message);
  });
  return out;
}

TEST(OtlpTransport, DeliversTheBodyWithItsHeaders) {
  ScriptedCollector collector;
  TransportOptions options = options_for("");
  options.headers = {{"X-Tenant", "a"}, {"X-Empty", ""}};
  const Sent sent = send_to(collector.url(), options);
  EXPECT_EQ(sent.report.end, End::kDelivered);
  EXPECT_EQ(sent.report.attempts, 1);
  const auto requests = collector.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].line, "POST /v1/traces HTTP/1.1");
  EXPECT_EQ(requests[0].body, "the body");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/x-protobuf");
  EXPECT_EQ(requests[0].headers.at("x-tenant"), "a");
  EXPECT_THAT(requests[0].headers.at("user-agent"), HasSubstr("trilobite-sdk/"));
  EXPECT_EQ(requests[0].headers.count("expect"), 0u);
}

TEST(OtlpTransport, CompressesOnRequest) {
  ScriptedCollector collector;
  TransportOptions options = options_for("");
  options.compression = Compression::kGzip;
  EXPECT_TRUE(send_to(collector.url(), options).report.delivered());
  const CollectedRequest request = collector.requests().at(0);
  EXPECT_EQ(request.headers.at("content-encoding"), "gzip");
  char plain[64];
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(request.body.data()));
  stream.avail_in = static_cast<uInt>(request.body.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain);
  stream.avail_out = sizeof plain;
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(std::string_view(plain, stream.total_out), "the body");
  inflateEnd(&stream);
}

TEST(OtlpTransport, RepeatsWhatMayPass) {
  for (const int status : {429, 502, 503, 504}) {
    ScriptedCollector collector({{.status = status}, {.status = status}, {}});
    const Sent sent = send_to(collector.url());
    EXPECT_TRUE(sent.report.delivered()) << status;
    EXPECT_EQ(sent.report.attempts, 3);
    EXPECT_THAT(sent.pauses, ElementsAre(1'000, 2'000));
  }
}

TEST(OtlpTransport, DoesNotRepeatWhatWillNotPass) {
  for (const int status : {400, 401, 403, 404, 413, 500, 501, 301}) {
    ScriptedCollector collector(
        {{.status = status, .headers = "Location: /x\r\nContent-Type: text/plain\r\n", .body = "no\nway"}});
    const Sent sent = send_to(collector.url());
    EXPECT_EQ(sent.report.end, End::kRefused) << status;
    EXPECT_EQ(sent.report.attempts, 1);
    EXPECT_EQ(sent.report.status, status);
    EXPECT_EQ(sent.report.message, "HTTP status " + std::to_string(status) + ": no way");
  }
}

TEST(OtlpTransport, SomePushesRepeatAfterEveryServerError) {
  ScriptedCollector collector({{.status = 500}, {}});
  TransportOptions options = options_for("");
  options.retry.all_server_errors = true;
  EXPECT_TRUE(send_to(collector.url(), options).report.delivered());
}

TEST(OtlpTransport, ObeysRetryAfter) {
  ScriptedCollector collector(
      {{.status = 429, .headers = "Retry-After: 7\r\n"}, {.status = 503, .headers = "Retry-After: 0\r\n"}, {}});
  const Sent sent = send_to(collector.url());
  EXPECT_TRUE(sent.report.delivered());
  EXPECT_THAT(sent.pauses, ElementsAre(7'000, 2'000));
}

TEST(OtlpTransport, ARetryAfterBeyondTheLimitEndsIt) {
  ScriptedCollector collector({{.status = 429, .headers = "Retry-After: 3600\r\n"}});
  const Sent sent = send_to(collector.url());
  EXPECT_EQ(sent.report.end, End::kGaveUp);
  EXPECT_EQ(sent.report.attempts, 1);
  EXPECT_TRUE(sent.pauses.empty());
}

TEST(OtlpTransport, PausesGrowToALimitAndEndInTime) {
  ScriptedCollector collector(std::vector<ScriptedAnswer>{{.status = 503}});
  TransportOptions options = options_for("");
  options.retry = {.pause_min_ms = 1'000, .pause_max_ms = 8'000, .give_up_ms = 30'000};
  const Sent sent = send_to(collector.url(), options);
  EXPECT_EQ(sent.report.end, End::kGaveUp);
  EXPECT_THAT(sent.pauses, ElementsAre(1'000, 2'000, 4'000, 8'000, 8'000));
  EXPECT_EQ(sent.report.attempts, 6);
  options.jitter_instead = [] { return 1.0; };
  EXPECT_EQ(send_to(collector.url(), options).pauses.at(0), 500);
}

TEST(OtlpTransport, RepeatsWhenNobodyListens) {
  const Sent sent = send_to(ScriptedCollector::refusing_url());
  EXPECT_EQ(sent.report.end, End::kGaveUp);
  EXPECT_GT(sent.report.attempts, 3);
  EXPECT_THAT(sent.report.message, HasSubstr("connect"));
}

TEST(OtlpTransport, RepeatsAfterBrokenConnections) {
  for (const How how : {How::kReset, How::kGarbage}) {
    ScriptedCollector collector({{.how = how, .body = "some answer"}, {}});
    const Sent sent = send_to(collector.url());
    EXPECT_TRUE(sent.report.delivered()) << static_cast<int>(how) << sent.report.message;
    EXPECT_EQ(sent.report.attempts, 2);
  }
}

TEST(OtlpTransport, WhatWasAcceptedIsNotSentAgainBecauseTheAnswerBroke) {
  ScriptedCollector collector({{.how = How::kHalf, .body = std::string(500, 'x')}, {}});
  const Sent sent = send_to(collector.url());
  EXPECT_TRUE(sent.report.delivered()) << sent.report.message;
  EXPECT_EQ(sent.report.attempts, 1);
}

TEST(OtlpTransport, AReceiverThatHangsRunsIntoTheTimeout) {
  ScriptedCollector collector({{.how = How::kHang}, {}});
  TransportOptions options = options_for("");
  options.timeout_ms = 50;
  const Sent sent = send_to(collector.url(), options);
  EXPECT_TRUE(sent.report.delivered());
  EXPECT_GE(sent.report.attempts, 2);  // more on a machine that is busy
}

TEST(OtlpTransport, ASlowAnswerIsAnAnswer) {
  ScriptedCollector collector({{.how = How::kByteByByte, .headers = "Content-Type: application/x-protobuf\r\n"}});
  EXPECT_TRUE(send_to(collector.url()).report.delivered());
}

TEST(OtlpTransport, PartialSuccessIsNotRepeated) {
  ScriptedCollector collector(
      {{.headers = "Content-Type: application/x-protobuf\r\n", .body = export_response(3, "too old")}});
  const Sent sent = send_to(collector.url());
  EXPECT_TRUE(sent.report.delivered());
  EXPECT_EQ(sent.report.rejected, 3u);
  EXPECT_EQ(sent.report.message, "too old");
  EXPECT_EQ(collector.requests().size(), 1u);
}

TEST(OtlpTransport, StopEndsAPauseAndATransfer) {
  ScriptedCollector collector({{.status = 503}, {.how = How::kHang}});
  TransportOptions options = options_for(collector.url());
  options.retry.pause_min_ms = options.retry.pause_max_ms = 20'000;
  auto transport = Transport::open(options);
  ASSERT_TRUE(transport.ok());
  SendReport report;
  std::thread sender([&] { report = (*transport)->send("x"); });
  collector.wait_for(1);
  (*transport)->stop(0);
  sender.join();
  EXPECT_EQ(report.end, End::kStopped);

  (*transport).reset();  // the receiver serves one connection at a time
  options.retry.pause_min_ms = options.retry.pause_max_ms = 1;
  auto hanging = Transport::open(options);
  std::thread second([&] { report = (*hanging)->send("y"); });
  collector.wait_for(2);
  (*hanging)->stop(0);
  second.join();
  EXPECT_EQ(report.end, End::kStopped);
}

TEST(OtlpTransport, BadOptionsAreToldAtTheStart) {
  for (const char* url : {"", "localhost:4318", "ftp://x/", "http://", "http://a b/", "unix:///x"}) {
    auto transport = Transport::open(options_for(url));
    EXPECT_FALSE(transport.ok()) << url;
  }
  TransportOptions options = options_for("http://localhost");
  options.headers = {{"a", "b\r\nc: d"}};
  EXPECT_FALSE(Transport::open(options).ok());
  options.headers = {{"a b", "c"}};
  EXPECT_FALSE(Transport::open(options).ok());
}

TransportOptions grpc_options() {
  TransportOptions options = options_for("");
  options.protocol = Protocol::kGrpc;
  options.grpc_path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  return options;
}

std::string framed(std::string_view message) {
  std::string out("\0\0\0\0", 4);
  out += static_cast<char>(message.size());
  return out + std::string(message);
}

TEST(OtlpTransport, SpeaksGrpc) {
  ScriptedGrpc server(framed(export_response(2, "no")), {{"grpc-status", "0"}});
  const Sent sent = send_to(server.url() + "/", grpc_options());
  EXPECT_TRUE(sent.report.delivered()) << sent.report.message;
  EXPECT_EQ(sent.report.rejected, 2u);
  EXPECT_THAT(server.bodies(), ElementsAre(framed("the body")));
}

TEST(OtlpTransport, SpeaksGrpcMoreThanOnce) {
  ScriptedGrpc server(framed(""), {{"grpc-status", "0"}});
  TransportOptions options = grpc_options();
  options.url = server.url();
  options.retry.give_up_ms = 0;
  auto transport = Transport::open(options);
  ASSERT_TRUE(transport.ok());
  for (int i = 0; i < 3; ++i) {
    const SendReport report = (*transport)->send("again");
    EXPECT_TRUE(report.delivered()) << report.message;
  }
  EXPECT_EQ(server.bodies().size(), 3u);
}

TEST(OtlpTransport, AGrpcStatusDecidesAboutRepeating) {
  ScriptedGrpc refusing("", {{"grpc-status", "3"}, {"grpc-message", "bad%20span"}});
  const Sent refused = send_to(refusing.url(), grpc_options());
  EXPECT_EQ(refused.report.end, End::kRefused);
  EXPECT_EQ(refused.report.message, "gRPC status 3: bad span");

  ScriptedGrpc unavailable("", {{"grpc-status", "14"}});
  const Sent repeated = send_to(unavailable.url(), grpc_options());
  EXPECT_EQ(repeated.report.end, End::kGaveUp);
  EXPECT_EQ(repeated.report.message, "gRPC status 14");

  ScriptedGrpc exhausted("", {{"grpc-status", "8"}});
  EXPECT_EQ(send_to(exhausted.url(), grpc_options()).report.end, End::kRefused);
  // Status { details: [ Any { RetryInfo { retry_delay: 5 s } } ] }
  ScriptedGrpc with_delay(
      "", {{"grpc-status", "8"},
           {"grpc-status-details-bin", "GjAKKHR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5SZXRyeUluZm8SBAoCCAU="}});
  const Sent paused = send_to(with_delay.url(), grpc_options());
  EXPECT_EQ(paused.report.end, End::kGaveUp);
  EXPECT_EQ(paused.pauses.at(0), 5'000);
}

TEST(OtlpTransport, GrpcToAnHttp1ServerFails) {
  ScriptedCollector collector;
  TransportOptions options = grpc_options();
  options.retry.give_up_ms = 0;
  options.timeout_ms = 2'000;
  EXPECT_FALSE(send_to(collector.url(""), options).report.delivered());
}

TEST(OtlpAnswer, MalformedAnswersAreNoAnswers) {
  EXPECT_TRUE(read_export_response(""));
  EXPECT_FALSE(read_export_response("\x0a\x05"));
  EXPECT_FALSE(read_export_response("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
  EXPECT_FALSE(read_export_response("\x0a\x02\x08"));
  EXPECT_FALSE(read_rpc_status("\x12\x09 short"));
  EXPECT_EQ(error_text("text/html", std::string(1'000, 'x')).size(), 200u);
  EXPECT_EQ(error_text("text/plain",
                       "a\x01\x02"
                       "b\xff"),
            "a b");
  EXPECT_EQ(percent_decoded("a%20b%zz%4"), "a b%zz%4");
  EXPECT_EQ(base64_decoded("aGk="), "hi");
  EXPECT_EQ(base64_decoded("aGk"), "hi");
  EXPECT_FALSE(base64_decoded("a*"));
}

}  // namespace
}  // namespace trilobite::otlp
