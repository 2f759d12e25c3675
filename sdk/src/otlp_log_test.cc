// Log lines over OTLP: what a record contains, and that lines reach a receiver, those before the exit too.
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <trilobite/http_server.h>
#include <trilobite/log.h>
#include <trilobite/log_otlp.h>

#include "otlp_config.h"
#include "otlp_log_sink.h"
#include "protobuf_reader.h"
#include "scripted_collector.h"

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

// A child that calls exit(0) after body(url), as programs end. It is forked before there are threads, and told the
// receiver's URL when it runs.
class Program {
 public:
  explicit Program(const std::function<void(const std::string& url)>& body) {
    EXPECT_EQ(pipe(ends_), 0);
    child_ = fork();
    if (child_ != 0) return;
    char url[200] = {};
    if (read(ends_[0], url, sizeof url - 1) <= 0) _exit(3);
    body(url);
    std::exit(0);
  }
  // The exit status.
  int run(const otlp::ScriptedCollector& collector) {
    const std::string url = collector.url("/v1/logs");
    EXPECT_EQ(write(ends_[1], url.data(), url.size()), static_cast<ssize_t>(url.size()));
    return end_of(child_);
  }
  ~Program() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  static int end_of(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  int ends_[2] = {-1, -1};
  pid_t child_ = -1;
};

std::size_t count(const std::vector<otlp::CollectedRequest>& requests, std::string_view text) {
  std::size_t found = 0;
  for (const otlp::CollectedRequest& request : requests) {
    for (std::size_t at = 0; (at = request.body.find(text, at)) != std::string::npos; ++at) ++found;
  }
  return found;
}

constexpr Target kShop{"shop::otlp"};

Config exporting_to(const std::string& url) {
  Config config;
  config.outputs.clear();
  std::string error;
  EXPECT_TRUE(add_otlp_output(config, url, "shop", error)) << error;
  return config;
}

TEST(OtlpLogTest, TheLastLinesOfAProgramReachTheReceiver) {
  for (const bool logged_before : {false, true}) {
    Program program([&](const std::string& url) {
      // What the log does at exit is then registered before what its output does.
      if (logged_before) kShop.error("before there is an output");
      init(exporting_to(url));
      for (int i = 0; i < 700; ++i) kShop.info("a numbered line {}", i);
      kShop.info("the very last line");
    });
    otlp::ScriptedCollector collector;
    EXPECT_EQ(program.run(collector), 0);
    EXPECT_EQ(count(collector.requests(), "a numbered line "), 700u) << logged_before;
    EXPECT_EQ(count(collector.requests(), "the very last line"), 1u) << logged_before;
  }
}

// The child has its parent's output, but not the thread that sends; its end must not wait for that.
TEST(OtlpLogTest, AForkedChildEndsAndItsParentStillExports) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "what sanitizers know of threads, and their own locks, are not in order after a fork";
#endif
  Program program([&](const std::string& url) {
    init(exporting_to(url));
    kShop.info("line of the parent before");
    flush();
    const pid_t child = fork();
    if (child == 0) {
      kShop.info("line of the child");
      std::exit(0);
    }
    kShop.info("the child ended with {}", Program::end_of(child));
  });
  otlp::ScriptedCollector collector;
  EXPECT_EQ(program.run(collector), 0);
  EXPECT_EQ(count(collector.requests(), "line of the parent before"), 1u);
  EXPECT_EQ(count(collector.requests(), "the child ended with 0"), 1u);
  EXPECT_EQ(count(collector.requests(), "line of the child"), 0u);
}

TEST(OtlpLogTest, AReceiverThatHangsOrFailsDoesNotKeepTheProgram) {
  using How = otlp::ScriptedAnswer::How;
  for (const otlp::ScriptedAnswer& answer :
       {otlp::ScriptedAnswer{.how = How::kHang}, otlp::ScriptedAnswer{.how = How::kReset},
        otlp::ScriptedAnswer{.status = 503}, otlp::ScriptedAnswer{.status = 429, .headers = "Retry-After: 3600\r\n"}}) {
    otlp::ScriptedCollector collector({answer});
    auto transport = otlp::Transport::open({.url = collector.url("/v1/logs")});
    ASSERT_TRUE(transport.ok());
    auto sink = otlp_log_sink(std::move(*transport), otlp::encoded_resource({{"service.name", "shop"}}),
                              {.batch_max = 100, .exit_ms = 50});
    for (int i = 0; i < 1'000; ++i) {
      ASSERT_EQ(sink->append({.target = "shop", .file = {}, .message = "line", .fields = {}, .spans = {}}), 0);
    }
    collector.wait_for(1);
    sink.reset();  // hangs for ever if the receiver decides
  }
}

TEST(OtlpLogTest, TheLogSaysWhereItsLinesGo) {
  Program program([&](const std::string& url) {
    setenv("OTEL_EXPORT_ENABLED", "1", 1);
    setenv("DYN_LOGGING_JSONL", "1", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", url.c_str(), 1);
    setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", 1);
    setenv("OTEL_SERVICE_NAME", "cart", 1);
    Config config;
    config.outputs.clear();
    add_otlp_from_environment(config);
    init(config);
  });
  otlp::ScriptedCollector collector;
  EXPECT_EQ(program.run(collector), 0);
  EXPECT_EQ(count(collector.requests(), "OpenTelemetry OTLP export enabled (logs)"), 1u);
  EXPECT_EQ(count(collector.requests(), collector.url("/v1/logs")), 1u);
}

TEST(OtlpLogTest, AReceiverThatCannotBeIsAnError) {
  Config config;
  std::string error;
  EXPECT_FALSE(add_otlp_output(config, "gopher://x", "shop", error));
  EXPECT_NE(error, "");
}

}  // namespace
}  // namespace trilobite::log
