// Log lines over OTLP: what a record contains, and that lines reach a receiver, those before the exit too.
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <trilobite/http_server.h>
#include <trilobite/log_otlp.h>

#include "otlp_config.h"
#include "otlp_log_sink.h"
#include "protobuf_reader.h"

namespace trilobite::log {
namespace {

std::vector<std::string> texts_of(std::string_view message, std::uint32_t number) {
  std::vector<std::string> found;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == number) found.emplace_back(field->is_delimited ? field->bytes : std::to_string(field->value));
  }
  EXPECT_TRUE(reader.valid());
  return found;
}

TEST(OtlpLogTest, ARecordHasAllOfTheLine) {
  const Field fields[] = {{"attempt", Value::of_int(-2)}, {"reason", Value::of_text("timeout")}};
  const SpanView span{.name = "charge",
                      .fields = {},
                      .trace_id = "5c0ffee05c0ffee05c0ffee05c0ffee0",
                      .span_id = "9d3e5a1b7c402f68",
                      .parent_id = {},
                      .tracestate = {},
                      .x_request_id = "cart-17",
                      .x_dynamo_request_id = {}};
  std::string record;
  append_log_record(record, {.time_ns = 17,
                             .level = Level::kWarn,
                             .target = "shop::pay",
                             .file = "pay.cc",
                             .line = 9,
                             .message = "retrying",
                             .fields = fields,
                             .spans = {&span, 1}});
  EXPECT_EQ(texts_of(record, 1), std::vector<std::string>{"17"});
  EXPECT_EQ(texts_of(record, 2), std::vector<std::string>{"13"});
  EXPECT_EQ(texts_of(record, 3), std::vector<std::string>{"WARN"});
  EXPECT_EQ(texts_of(texts_of(record, 5).at(0), 1), std::vector<std::string>{"retrying"});
  std::vector<std::string> keys;
  for (const std::string& attribute : texts_of(record, 6)) keys.push_back(texts_of(attribute, 1).at(0));
  EXPECT_EQ(keys, (std::vector<std::string>{"target", "code.file.path", "code.line.number", "attempt", "reason",
                                            "span_name", "x_request_id"}));
  const std::string attempt = texts_of(texts_of(record, 6).at(3), 2).at(0);
  EXPECT_EQ(texts_of(attempt, 3), std::vector<std::string>{std::to_string(~std::uint64_t{0} - 1)});
  EXPECT_EQ(texts_of(record, 9).at(0).substr(0, 2), "\x5c\x0f");
  EXPECT_EQ(texts_of(record, 10).at(0).size(), 8u);
}

TEST(OtlpLogTest, AllLinesArriveBeforeTheEnd) {
  std::mutex mutex;
  std::vector<std::string> bodies;
  http::Server server = http::Server::start({.host = "127.0.0.1"}, [&](const http::Request& request) -> http::Response {
    const std::lock_guard lock(mutex);
    bodies.push_back(request.body);
    return {.status = request.path == "/v1/logs" ? 200 : 404};
  });
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1/logs";
  auto transport = otlp::Transport::open({.url = url});
  ASSERT_TRUE(transport.ok());
  auto sink = otlp_log_sink(std::move(*transport), otlp::encoded_resource({{"service.name", "shop"}}), {});
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(sink->append({.target = "shop", .file = {}, .message = "line", .fields = {}, .spans = {}}), 0);
  }
  sink.reset();  // as at exit
  std::size_t records = 0;
  const std::lock_guard lock(mutex);
  for (const std::string& body : bodies) {
    const std::string resource_logs = texts_of(body, 1).at(0);
    EXPECT_NE(texts_of(resource_logs, 1).at(0).find("service.name"), std::string::npos);
    records += texts_of(texts_of(resource_logs, 2).at(0), 2).size();
  }
  EXPECT_EQ(records, 1'000u);
}

TEST(OtlpLogTest, AReceiverThatCannotBeIsAnError) {
  Config config;
  std::string error;
  EXPECT_FALSE(add_otlp_output(config, "gopher://x", "shop", error));
  EXPECT_NE(error, "");
}

}  // namespace
}  // namespace trilobite::log
