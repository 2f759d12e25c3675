// Spans on their way to a collector: what arrives, what is dropped, and how it ends.
#include "export_spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/ranges.h>

#include <sys/wait.h>
#include <unistd.h>

#include <trilobite/log.h>
#include <trilobite/trace.h>

#include "protobuf_reader.h"
#include "protobuf_writer.h"
#include "recorded_spans.h"
#include "scripted_collector.h"

namespace trilobite::trace {
namespace {

using otlp::ScriptedAnswer;
using otlp::ScriptedCollector;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr SpanType kRequest{"shop::web", "http-request"};
constexpr SpanType kCharge{"shop::pay", "charge"};

std::int64_t clock_ns = 0;
std::int64_t test_clock() { return clock_ns; }

// A message as text: `1:{5:"name" 6:2}`, fields in their order; what is delimited is a message where told so.
struct Shape {
  std::map<std::uint32_t, Shape> messages;
};

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string show(std::string_view message, const Shape& shape) {
  std::string out;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (!out.empty()) out += ' ';
    const auto inner = shape.messages.find(field->number);
    if (!field->is_delimited) {
      out += fmt::format("{}:{}", field->number, field->value);
    } else if (inner != shape.messages.end()) {
      out += fmt::format("{}:{{{}}}", field->number, show(field->bytes, inner->second));
    } else {
      const bool text =
          std::all_of(field->bytes.begin(), field->bytes.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
      out += text ? fmt::format("{}:\"{}\"", field->number, field->bytes)
                  : fmt::format("{}:{}", field->number, hex(field->bytes));
    }
  }
  if (!reader.valid()) out += " malformed";
  return out;
}

const Shape kAttribute{{{2, {}}}};
const Shape kSpanShape{{{9, kAttribute}, {11, {{{3, kAttribute}}}}, {13, {{{4, kAttribute}}}}, {15, {}}}};
const Shape kRequestShape{{{1, {{{1, {{{1, kAttribute}}}}, {2, {{{1, {}}, {2, kSpanShape}}}}}}}}};

std::vector<std::string> spans_of(std::string_view request) {
  std::vector<std::string> spans;
  ProtobufReader resource_spans(request);
  while (const auto a = resource_spans.next()) {
    ProtobufReader scope_spans(a->bytes);
    while (const auto b = scope_spans.next()) {
      if (b->number != 2) continue;
      ProtobufReader list(b->bytes);
      while (const auto c = list.next()) {
        if (c->number == 2) spans.push_back(show(c->bytes, kSpanShape));
      }
    }
  }
  return spans;
}

class ExportTest : public testing::Test {
 protected:
  ~ExportTest() override {
    set_span_processor(nullptr);
    init(Config{});
  }

  std::unique_ptr<SpanBatcher> start(const std::string& url, ExportConfig config = {}) {
    config.url = url;
    config.delay_ms = 3'600'000;  // only batches, flushes and the end send
    auto options = transport_options(config);
    options.pause_instead = [](std::int64_t) {};
    auto batcher = SpanBatcher::start(config, [options] { return otlp::Transport::open(options); });
    EXPECT_TRUE(batcher.ok());
    set_span_processor(batcher->get());
    return std::move(*batcher);
  }

  static void make_spans(int count) {
    for (int i = 0; i < count; ++i) static_cast<void>(kCharge.start(kv("i", i)));
  }
};

TEST_F(ExportTest, ARequestHoldsResourceScopeAndSpans) {
  init(Config{.clock = test_clock});
  ScriptedCollector collector;
  auto batcher = start(collector.url(), {.resource = {{"service.name", "shop"}, {"deployment", "test"}}});
  clock_ns = 1'000;
  const std::string trace(32, 'a'), parent(16, 'b');
  std::uint32_t line = 0;
  {
    Span span = kRequest.start(Start{.kind = Kind::kServer}, kv("trace_id", trace), kv("span_id", std::string(16, 'c')),
                               kv("parent_id", parent), kv("tracestate", "v=1"));
    line = kRequest.line();
    span.set(kv("n", 1), kv("n", 2), kv("ok", true), kv("bad", "\xff"));
    clock_ns = 2'000;
    span.event("miss", kv("key", "k"));
    span.link(span.context(), kv("why", "self"));
    span.status(Status::kError, "no");
    clock_ns = 3'000;
  }
  batcher->flush(60'000);
  ASSERT_EQ(collector.requests().size(), 1u);
  const std::string body = collector.requests()[0].body;
  const std::string shown = show(body, kRequestShape);
  EXPECT_THAT(shown,
              testing::StartsWith(
                  R"(1:{1:{1:{1:"service.name" 2:{1:"shop"}} 1:{1:"deployment" 2:{1:"test"}}} 2:{1:{1:"shop"} 2:{)"));
  ASSERT_EQ(spans_of(body).size(), 1u);
  const std::string span = spans_of(body)[0];
  const std::string ids = fmt::format("1:{} 2:{} 3:\"v=1\" 4:{} ", trace, std::string(16, 'c'), parent);
  EXPECT_EQ(span.substr(0, ids.size()), ids);
  EXPECT_THAT(span, HasSubstr(R"(5:"http-request" 6:2 7:1000 8:3000 )"));
  EXPECT_THAT(span, HasSubstr(R"(9:{1:"n" 2:{3:2}})"));
  EXPECT_THAT(span, testing::Not(HasSubstr(R"(9:{1:"n" 2:{3:1}})")));
  EXPECT_THAT(span, HasSubstr(R"(9:{1:"ok" 2:{2:1}})"));
  EXPECT_THAT(span, HasSubstr("9:{1:\"bad\" 2:{1:efbfbd}}"));
  EXPECT_THAT(span, HasSubstr(fmt::format(R"(9:{{1:"code.line.number" 2:{{3:{}}}}})", line)));
  EXPECT_THAT(span, HasSubstr(R"(9:{1:"thread.name" 2:{1:"sdk_test"}})"));
  EXPECT_THAT(span, HasSubstr(R"(9:{1:"busy_ns" 2:{3:2000}} 9:{1:"idle_ns" 2:{3:0}})"));
  EXPECT_THAT(span, HasSubstr(R"(11:{1:2000 2:"miss" 3:{1:"key" 2:{1:"k"}}})"));
  EXPECT_THAT(span, HasSubstr(R"(4:{1:"why" 2:{1:"self"}} 6:257})"));
  EXPECT_THAT(span, HasSubstr(R"(15:{2:"no" 3:2} 16:769)"));  // the parent is remote
  EXPECT_EQ(batcher->statistics().exported, 1u);
}

TEST_F(ExportTest, LinesLoggedInASpanGoWithItHoweverSoonItIsSent) {
  static constexpr log::Target kBank{"shop::bank"};
  ScriptedCollector collector;
  auto batcher = start(collector.url(), {.queue_max = 1'000, .batch_max = 1'000});
  for (int i = 0; i < 20; ++i) {
    const Span span = kCharge.start();
    kBank.warn("attempt {}", i, kv("reason", "timeout"));
  }
  batcher->flush(60'000);
  std::vector<std::string> spans;
  for (const auto& request : collector.requests()) {
    for (std::string& span : spans_of(request.body)) spans.push_back(std::move(span));
  }
  ASSERT_EQ(spans.size(), 20u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(spans[static_cast<std::size_t>(i)],
                HasSubstr(fmt::format(R"( 2:"attempt {}" 3:{{1:"level" 2:{{1:"WARN"}}}} )"
                                      R"(3:{{1:"target" 2:{{1:"shop::bank"}}}} 3:{{1:"reason" 2:{{1:"timeout"}}}} )",
                                      i)));
  }
}

TEST_F(ExportTest, AFullBatchGoesWithoutWaiting) {
  ScriptedCollector collector;
  auto batcher = start(collector.url(), {.batch_max = 10});
  make_spans(10);
  collector.wait_for(1);
  EXPECT_EQ(spans_of(collector.requests()[0].body).size(), 10u);
}

TEST_F(ExportTest, AFlushSendsAllInBatchesAndInOrder) {
  ScriptedCollector collector;
  auto batcher = start(collector.url(), {.queue_max = 1'000, .batch_max = 1'000});
  make_spans(999);
  batcher->flush(60'000);
  const auto spans = spans_of(collector.requests().at(0).body);
  ASSERT_EQ(spans.size(), 999u);
  EXPECT_THAT(spans[0], HasSubstr(R"(9:{1:"i" 2:{3:0}})"));
  EXPECT_THAT(spans[998], HasSubstr(R"(9:{1:"i" 2:{3:998}})"));
}

TEST_F(ExportTest, AFullQueueDropsAndCounts) {
  ScriptedCollector collector({{.how = ScriptedAnswer::How::kHang}, {}});
  auto batcher = start(collector.url(), {.timeout_ms = 300'000, .queue_max = 20, .batch_max = 5});
  make_spans(5);
  collector.wait_for(1);  // the thread is busy from now on
  make_spans(100);
  EXPECT_EQ(batcher->statistics().dropped, 80u);
  batcher->stop(0);
  EXPECT_EQ(batcher->statistics().failed, 5u);
}

TEST_F(ExportTest, FailuresAreCountedByKind) {
  std::string partial;
  ProtobufWriter writer(partial);
  writer.message(1, [&] {
    writer.uint64(1, 2);
    writer.bytes(2, "two are too old");
  });
  ScriptedCollector collector({{.status = 503},
                               {},
                               {.status = 400, .headers = "Content-Type: text/plain\r\n", .body = "no"},
                               {.headers = "Content-Type: application/x-protobuf\r\n", .body = partial}});
  auto batcher = start(collector.url());
  make_spans(3);
  batcher->flush(60'000);
  EXPECT_EQ(batcher->statistics().exported, 3u);
  make_spans(4);
  batcher->flush(60'000);
  EXPECT_EQ(batcher->statistics().failed, 4u);
  EXPECT_EQ(batcher->statistics().last_error, "HTTP status 400: no");
  make_spans(5);
  batcher->flush(60'000);
  const ExportStatistics statistics = batcher->statistics();
  EXPECT_EQ(statistics.exported, 6u);
  EXPECT_EQ(statistics.rejected, 2u);
  EXPECT_EQ(statistics.requests, 3u);
}

TEST_F(ExportTest, TheEndSendsWhatIsQueued) {
  ScriptedCollector collector;
  auto batcher = start(collector.url());
  make_spans(7);
  batcher->stop(60'000);
  EXPECT_EQ(spans_of(collector.requests().at(0).body).size(), 7u);
  make_spans(1);
  EXPECT_EQ(batcher->statistics().dropped, 1u);
}

TEST_F(ExportTest, TheEndDoesNotWaitForAReceiverThatHangs) {
  ScriptedCollector collector({{.how = ScriptedAnswer::How::kHang}, {.how = ScriptedAnswer::How::kHang}});
  auto batcher = start(collector.url(), {.timeout_ms = 3'600'000});
  make_spans(7);
  batcher->stop(20);
  EXPECT_EQ(batcher->statistics().exported, 0u);
}

TEST_F(ExportTest, SpansThatAreNotSampledStayHere) {
  init(Config{.sampler = {.root = Sampler::Root::kAlwaysOff}});
  ScriptedCollector collector;
  auto batcher = start(collector.url());
  make_spans(7);
  batcher->stop(60'000);
  EXPECT_TRUE(collector.requests().empty());
}

TEST_F(ExportTest, ManyThreadsExport) {
  ScriptedCollector collector;
  auto batcher = start(collector.url(), {.queue_max = 100'000, .batch_max = 100});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([] { make_spans(1'000); });
  for (std::thread& thread : threads) thread.join();
  batcher->flush(60'000);
  std::size_t total = 0;
  for (const auto& request : collector.requests()) total += spans_of(request.body).size();
  EXPECT_EQ(total, 4'000u);
}

TEST_F(ExportTest, AForkedChildExportsItsOwnSpansAndTheParentsAreSentOnce) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "what sanitizers know of threads, and their own locks, are not in order after a fork";
#endif
  ScriptedCollector collector;
  auto batcher = start(collector.url());
  make_spans(2);
  batcher->before_fork();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    batcher->after_fork_in_child();
    make_spans(3);
    batcher->flush(60'000);
    _exit(batcher->statistics().exported == 3 ? 0 : 1);
  }
  batcher->after_fork_in_parent();
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  batcher->flush(60'000);
  std::vector<std::size_t> sizes;
  for (const auto& request : collector.requests()) sizes.push_back(spans_of(request.body).size());
  EXPECT_THAT(sizes, testing::UnorderedElementsAre(3, 2));
}

// The child is forked before there are threads, and told the endpoint through a pipe.
TEST_F(ExportTest, TheProcessWideExportSendsAtExit) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char url[200] = {};
    ExportConfig config;
    if (read(ends[0], url, sizeof url - 1) <= 0) _exit(3);
    config.url = url;
    config.delay_ms = 3'600'000;
    if (!start_export(config).empty()) _exit(2);
    make_spans(4);
    std::exit(0);
  }
  ScriptedCollector collector;
  const std::string url = collector.url();
  ASSERT_EQ(write(ends[1], url.data(), url.size()), static_cast<ssize_t>(url.size()));
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(status, 0);
  ASSERT_EQ(collector.requests().size(), 1u);
  EXPECT_EQ(spans_of(collector.requests()[0].body).size(), 4u);
}

TEST_F(ExportTest, ABadEndpointIsToldAtTheStart) {
  ExportConfig config;
  config.url = "tempo:4318";
  EXPECT_THAT(start_export(config), HasSubstr("cannot export traces: the endpoint `tempo:4318`"));
}

TEST(ExportConfigTest, DefaultsAreThoseOfTheRuntime) {
  EXPECT_FALSE(read_export_config({}).enabled);
  const ExportConfig config = read_export_config({{"OTEL_EXPORT_ENABLED", "true"}, {"DYN_LOGGING_JSONL", "1"}});
  EXPECT_TRUE(config.enabled);
  EXPECT_EQ(config.url, "http://localhost:4317");
  EXPECT_EQ(config.protocol, ExportConfig::Protocol::kGrpc);
  EXPECT_EQ(config.resource.at(0), (std::pair<std::string, std::string>("service.name", "dynamo")));
  EXPECT_EQ(config.queue_max, 2048u);
  EXPECT_TRUE(config.warnings.empty());
  const ExportConfig readable = read_export_config({{"OTEL_EXPORT_ENABLED", "true"}});
  EXPECT_FALSE(readable.enabled);
  EXPECT_EQ(readable.warnings.size(), 1u);
}

TEST(ExportConfigTest, ProtocolAndPathFollowTheEndpoint) {
  struct Case {
    otlp::Variables variables;
    std::string url;
    ExportConfig::Protocol protocol;
  };
  using enum ExportConfig::Protocol;
  const std::vector<Case> cases{
      {{{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://tempo:4317"}}, "http://tempo:4317", kGrpc},
      {{{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "tempo:4317"}}, "http://tempo:4317", kGrpc},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}}, "http://c:4318/v1/traces", kHttpProtobuf},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/"}}, "http://c:4318/v1/traces", kHttpProtobuf},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/otlp"}}, "https://c/otlp/v1/traces", kHttpProtobuf},
      {{{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c/x"}}, "https://c/x", kHttpProtobuf},
      {{{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318"}}, "http://c:4318/", kHttpProtobuf},
      {{{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"}}, "http://localhost:4318/v1/traces", kHttpProtobuf},
      {{{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"}, {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"}},
       "http://localhost:4317",
       kGrpc},
  };
  for (const Case& c : cases) {
    const ExportConfig config = read_export_config(c.variables);
    EXPECT_EQ(config.url, c.url);
    EXPECT_EQ(config.protocol, c.protocol) << c.url;
  }
  const auto logs =
      otlp::export_settings(otlp::Signal::kLogs, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/v1/traces"}});
  EXPECT_EQ(logs.transport.url, "http://c/v1/logs");
}

TEST(ExportConfigTest, EveryVariableIsReadAndBadValuesAreTold) {
  const ExportConfig config = read_export_config({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=%20x , nonsense"},
                                                  {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                                                  {"OTEL_EXPORTER_OTLP_TIMEOUT", "5000"},
                                                  {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon"},
                                                  {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"},
                                                  {"OTEL_BSP_MAX_QUEUE_SIZE", "100"},
                                                  {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "200"},
                                                  {"OTEL_BSP_SCHEDULE_DELAY", "-1"},
                                                  {"OTEL_SERVICE_NAME", "shop"},
                                                  {"OTEL_RESOURCE_ATTRIBUTES", "service.name=x,env=a%2Cb"}});
  EXPECT_THAT(config.headers, ElementsAre(testing::Pair("a", "1"), testing::Pair("b", " x")));
  EXPECT_EQ(config.compression, ExportConfig::Compression::kGzip);
  EXPECT_EQ(config.timeout_ms, 10'000);
  EXPECT_EQ(config.ca_file, "/ca.pem");
  EXPECT_EQ(config.batch_max, 100u);
  EXPECT_EQ(config.resource.at(0).second, "shop");
  EXPECT_EQ(config.resource.at(1), (std::pair<std::string, std::string>("env", "a,b")));
  EXPECT_EQ(config.warnings.size(), 4u) << fmt::format("{}", fmt::join(config.warnings, "\n"));
}

}  // namespace
}  // namespace trilobite::trace
