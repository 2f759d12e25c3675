// Proves: what pushes contain, field by field; that they arrive, are repeated, and that failures are told.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <set>

#include <trilobite/http_server.h>
#include <trilobite/metrics_push.h>

#include "native_spans.h"
#include "protobuf_reader.h"
#include "push_encoders.h"

namespace trilobite::instruments {
namespace {

// A message as text: `number{...}` for what parses as a message where nested says so, `number="..."`, `number:value`.
std::string shown(std::string_view message, const std::set<std::uint32_t>& nested) {
  std::string out;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (!out.empty()) out += ' ';
    out += std::to_string(field->number);
    if (!field->is_delimited) {
      out += ':' + std::to_string(field->value);
    } else if (nested.contains(field->number)) {
      out += '{' + shown(field->bytes, nested) + '}';
    } else {
      out += "=\"" + std::string(field->bytes) + '"';
    }
  }
  EXPECT_TRUE(reader.valid());
  return out;
}

std::string bits(double value) { return std::to_string(std::bit_cast<std::uint64_t>(value)); }

std::string unsnappy(std::string_view block) {
  std::size_t size = 0, at = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(block[at++]);
    size |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  std::string out;
  while (at < block.size()) {
    const auto tag = static_cast<unsigned char>(block[at++]);
    const auto byte = [&] { return static_cast<std::size_t>(static_cast<unsigned char>(block.at(at++))); };
    if ((tag & 3) == 0) {
      std::size_t length = (tag >> 2) + 1u;
      if (length == 62) {
        length = byte();
        length += byte() << 8;
        ++length;
      }
      out += block.substr(at, length);
      at += length;
    } else {
      EXPECT_EQ(tag & 3, 2);
      const std::size_t length = (tag >> 2) + 1u;
      std::size_t distance = byte();
      distance += byte() << 8;
      EXPECT_GT(distance, 0u);
      EXPECT_LE(distance, out.size());
      if (distance == 0 || distance > out.size()) return out;
      for (std::size_t i = 0; i < length; ++i) out += out[out.size() - distance];
    }
  }
  EXPECT_EQ(out.size(), size);
  return out;
}

TEST(PushSnappy, GivesBackWhatItTook) {
  std::string noise;
  std::uint32_t state = 1;
  for (int i = 0; i < 200'000; ++i) noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  std::string mixed;
  for (int i = 0; i < 20'000; ++i) mixed += "requests_total{model=\"" + std::to_string(i % 97) + "\"} ";
  for (const std::string& text : {std::string(), std::string("a"), std::string("abcd"), std::string(59, 'x') + "yz",
                                  std::string(1'000'000, 'a'), noise, mixed, noise.substr(0, 65536 + 3)})
    EXPECT_EQ(unsnappy(snappy_block(text)), text) << text.size();
  EXPECT_LT(snappy_block(mixed).size() * 5, mixed.size());
}

Registry two_metrics() {
  const Registry registry;
  registry.create_intcounter("c_total", "C", {{"k", "v"}}).or_log().add(3);
  registry.create_gauge("g", "G").or_log().set(-1.5);
  return registry;
}

TEST(PushRemoteWrite, SamplesCarrySortedLabels) {
  auto gathered = gather(two_metrics(), WithTexts::kNo);
  ASSERT_TRUE(gathered.ok());
  const Labels common{{"job", "shop"}, {"k", "loses"}, {"a", ""}};
  const auto bodies = encode_remote_write(*gathered, common, 1234, 1000);
  ASSERT_EQ(bodies.size(), 1u);
  std::vector<std::string> fields;
  ProtobufReader reader(bodies[0]);
  while (const auto field = reader.next()) {
    if (field->number == 3) fields.push_back("meta " + shown(field->bytes, {}));
    if (field->number != 1) continue;
    std::string text;
    ProtobufReader series(field->bytes);
    while (const auto part = series.next()) text += std::to_string(part->number) + "{" + shown(part->bytes, {}) + "}";
    fields.push_back(text);
  }
  EXPECT_EQ(fields,
            (std::vector<std::string>{
                "1{1=\"__name__\" 2=\"c_total\"}1{1=\"job\" 2=\"shop\"}1{1=\"k\" 2=\"v\"}2{1:" + bits(3) + " 2:1234}",
                "meta 1:1 2=\"c_total\" 4=\"C\"",
                "1{1=\"__name__\" 2=\"g\"}1{1=\"job\" 2=\"shop\"}1{1=\"k\" 2=\"loses\"}2{1:" + bits(-1.5) + " 2:1234}",
                "meta 1:2 2=\"g\" 4=\"G\""}));
}

TEST(PushRemoteWrite, ManySamplesAreSeveralRequests) {
  const Registry registry;
  const auto vector = registry.create_gaugevec("g", "G", {"i"}).or_log();
  for (int i = 0; i < 25; ++i) vector.with({std::to_string(i)}).set(i);
  auto gathered = gather(registry, WithTexts::kNo);
  EXPECT_EQ(encode_remote_write(*gathered, {}, 1, 10).size(), 3u);
}

TEST(PushOtlp, CountersAndGauges) {
  auto gathered = gather(two_metrics(), WithTexts::kNo);
  const std::string created = std::to_string(gathered->families[0].samples[0].created_ms * 1'000'000);
  const std::string created_gauge = std::to_string(gathered->families[1].samples[0].created_ms * 1'000'000);
  const std::string body = encode_otlp(*gathered, "", 1);
  ProtobufReader request(body);
  ProtobufReader resource(request.next()->bytes);
  EXPECT_EQ(resource.next()->number, 1u);
  ProtobufReader scope(resource.next()->bytes);
  EXPECT_EQ(shown(scope.next()->bytes, {}), "1=\"trilobite\"");
  ProtobufReader counter(scope.next()->bytes);
  EXPECT_EQ(counter.next()->bytes, "c_total");
  EXPECT_EQ(counter.next()->bytes, "C");
  const auto sum = counter.next();
  EXPECT_EQ(sum->number, 7u);
  EXPECT_EQ(shown(sum->bytes, {1}).substr(0, 2), "1{");
  ProtobufReader sum_fields(sum->bytes);
  EXPECT_EQ(shown(sum_fields.next()->bytes, {}),
            "2:" + created + " 3:1000000 4:" + bits(3) + " 7=\"\n\x01k\x12\x03\n\x01v\"");
  EXPECT_EQ(sum_fields.next()->value, 2u) << "cumulative";
  EXPECT_EQ(sum_fields.next()->value, 1u) << "monotonic";
  ProtobufReader gauge(scope.next()->bytes);
  gauge.next();
  gauge.next();
  const auto points = gauge.next();
  EXPECT_EQ(points->number, 5u);
  ProtobufReader point(points->bytes);
  EXPECT_EQ(shown(point.next()->bytes, {}), "2:" + created_gauge + " 3:1000000 4:" + bits(-1.5));
}

TEST(NativeSpans, LeaveLongGapsOut) {
  const NativeSpans runs = native_spans({.first = -3, .counts = {0, 2, 0, 0, 5, 0, 0, 0, 1, 0}});
  ASSERT_EQ(runs.spans.size(), 2u);
  EXPECT_EQ(runs.spans[0].offset, -2);
  EXPECT_EQ(runs.spans[0].length, 4u);
  EXPECT_EQ(runs.spans[1].offset, 3);
  EXPECT_EQ(runs.spans[1].length, 1u);
  EXPECT_EQ(runs.deltas, (std::vector<std::int64_t>{2, -2, 0, 5, -4}));
  EXPECT_TRUE(native_spans({}).spans.empty());
}

TEST(ExponentialBuckets, HoldWhatTheirBoundsSay) {
  for (const int schema : {-4, -1, 0, 1, 3, 8}) {
    const ExponentialScale scale(schema, 1e-100);
    const double base = std::exp2(std::exp2(-schema));
    for (const double value : {1e-9, 0.3, 0.5, 0.75, 1.0, 1.0000001, 2.0, 3.7, 1024.0, 1e12}) {
      const double index = scale.index_of(value);
      EXPECT_LE(value, std::pow(base, index) * (1 + 1e-12)) << schema << " " << value;
      EXPECT_GT(value, std::pow(base, index - 1) * (1 - 1e-12)) << schema << " " << value;
    }
  }
  const ExponentialScale scale(ExponentialScale::schema_for(1.1), 1e-3);
  EXPECT_EQ(scale.schema(), 3);
  ExponentialBuckets buckets(&scale, 8);
  for (const double value : {1.0, 2.0, -4.0, 1e-4, 0.0, 1e300, -1e-300, double{INFINITY}}) buckets.add(value, 2);
  buckets.add(std::nan(""), 1);
  EXPECT_EQ(buckets.count(), 16u);
  EXPECT_EQ(buckets.zero_count(), 6u);
  EXPECT_EQ(buckets.schema(), -4 + 0) << "the distance to infinity needs the widest buckets";
  EXPECT_EQ(buckets.negative().counts.size(), 1u);
}

// Keeps what it gets; answers with the next status given, or 200.
class Receiver {
 public:
  explicit Receiver(std::vector<int> statuses)
      : statuses_(std::move(statuses)),
        server_(http::Server::start({.host = "127.0.0.1"}, [this](const http::Request& request) -> http::Response {
          const std::lock_guard lock(mutex_);
          requests_.push_back(request);
          if (statuses_.empty()) return {.content_type = "application/x-protobuf"};
          const int status = statuses_.front();
          statuses_.erase(statuses_.begin());
          return {.status = status, .body = "because"};
        })) {}
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(server_.port()) + path; }
  std::vector<http::Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<int> statuses_;
  std::vector<http::Request> requests_;
  http::Server server_;
};

TEST(Push, RemoteWriteArrivesAndEndsWithALastPush) {
  Receiver receiver({});
  const Registry registry = two_metrics();
  {
    auto push = Push::start(registry, {.protocol = PushProtocol::kRemoteWrite,
                                       .url = receiver.url("/api/v1/write"),
                                       .headers = {{"X-Scope-OrgID", "shop"}},
                                       .interval_ms = 3'600'000});
    ASSERT_EQ(push.error(), "");
    EXPECT_EQ(push.push_now(), "");
    EXPECT_EQ(receiver.requests().size(), 1u);
  }
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].path, "/api/v1/write");
  EXPECT_EQ(requests[1].header("content-encoding"), "snappy");
  EXPECT_EQ(requests[1].header("content-type"), "application/x-protobuf");
  EXPECT_EQ(requests[1].header("x-prometheus-remote-write-version"), "0.1.0");
  EXPECT_EQ(requests[1].header("x-scope-orgid"), "shop");
  EXPECT_NE(unsnappy(requests[1].body).find("c_total"), std::string::npos);
}

TEST(Push, ARefusalIsAnError) {
  Receiver receiver({400, 200});
  auto push = Push::start(
      two_metrics(), {.protocol = PushProtocol::kRemoteWrite, .url = receiver.url("/w"), .interval_ms = 3'600'000});
  const std::string error = push.push_now();
  EXPECT_NE(error.find("400"), std::string::npos) << error;
  EXPECT_NE(error.find("because"), std::string::npos) << error;
}

TEST(Push, OtlpFollowsTheEnvironment) {
  Receiver receiver({});
  setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", receiver.url("/v1/metrics").c_str(), 1);
  setenv("OTEL_METRIC_EXPORT_INTERVAL", "3600000", 1);
  auto push = Push::start(two_metrics(), PushOptions::otlp_from_environment());
  EXPECT_EQ(push.push_now(), "");
  setenv("OTEL_METRIC_EXPORT_INTERVAL", "soon", 1);
  EXPECT_NE(PushOptions::otlp_from_environment().error, "");
  unsetenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
  unsetenv("OTEL_METRIC_EXPORT_INTERVAL");
  auto given = Push::start(two_metrics(), {.url = receiver.url("/otlp/v1/metrics"), .interval_ms = 3'600'000});
  EXPECT_EQ(given.push_now(), "");
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].path, "/v1/metrics");
  EXPECT_EQ(requests[1].path, "/otlp/v1/metrics");
  EXPECT_NE(requests[0].body.find("service.name"), std::string::npos);
  EXPECT_NE(requests[0].body.find("c_total"), std::string::npos);
}

TEST(Push, WhatCannotWorkIsToldAtTheStart) {
  EXPECT_NE(Push::start(Registry(), {.protocol = PushProtocol::kRemoteWrite, .url = "ftp://x"}).error(), "");
  EXPECT_NE(Push::start(Registry(), {.protocol = PushProtocol::kRemoteWrite}).error(), "");
  EXPECT_NE(Push::start(Registry(), {.interval_ms = 0}).error(), "");
}

}  // namespace
}  // namespace trilobite::instruments
