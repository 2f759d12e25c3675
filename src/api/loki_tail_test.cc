// A live tail against a store in memory and a socket that only remembers: history, live lines, refusals, the end.
#include "api/loki_tail.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "api/loki_tail_frame.h"
#include "ingest/log_writer.h"
#include "ingest/loki_push.h"
#include "query/memory_store.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kNow = 1'768'435'200 * kNsPerSecond;

class RememberingSocket final : public http::WebSocket {
 public:
  bool send_text(std::string_view message) override {
    const std::lock_guard lock(mutex_);
    if (!open_) return false;
    messages_.emplace_back(message);
    changed_.notify_all();
    return true;
  }
  bool open() const override {
    const std::lock_guard lock(mutex_);
    return open_;
  }
  void close(int code, std::string_view reason) override {
    const std::lock_guard lock(mutex_);
    open_ = false;
    closed_ = fmt::format("{} {}", code, reason);
    changed_.notify_all();
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  std::string message(std::size_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return messages_.size() > index || !open_; });
    return messages_.size() > index ? messages_[index] : "none";
  }
  std::string closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  mutable std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::vector<std::string> messages_;
  bool open_ = true;
  std::string closed_;
};

class LokiTailTest : public testing::Test {
 protected:
  LokiTailTest() { add_loki_tail_routes(router_, {store_, pool_, clock_, hub_, {.tails_max = 2}, false, {}}); }
  ~LokiTailTest() override { end(); }

  http::Request request(std::string path, http::Parameters query, http::Parameters headers = {}) {
    http::Request out;
    out.method = "GET";
    out.path = std::move(path);
    out.query = std::move(query);
    out.headers = std::move(headers);
    return out;
  }
  std::string refusal(http::Parameters query) {
    http::Request asked = request("/loki/api/v1/tail", std::move(query));
    const auto response = router_.find_websocket(asked)->check(asked);
    return response ? fmt::format("{} {}", response->status, response->body) : "accepted";
  }
  void start(http::Request asked) {
    asked_ = std::move(asked);
    thread_ = std::thread([this] { router_.find_websocket(asked_)->run(asked_, socket_); });
  }
  void end() {
    socket_.leave();
    if (thread_.joinable()) thread_.join();
  }
  void push(std::string json) {
    auto push = ingest::decode_push_json(std::move(json), labels_);
    ASSERT_TRUE(push.ok());
    ASSERT_TRUE(writer_.write("fake", std::move(*push)).ok());
  }

  query::MemoryStore store_;
  ThreadPool pool_{"query", 1};
  ManualClock clock_{kNow};
  ingest::TailHub hub_;
  ingest::LimitsByTenant limits_;
  ingest::LabelCache labels_;
  ingest::LogWriter writer_{store_, hub_, clock_, limits_};
  http::Router router_;
  http::Request asked_;
  RememberingSocket socket_;
  std::thread thread_;
};

TEST_F(LokiTailTest, BadRequestsAreRefusedBeforeTheUpgrade) {
  EXPECT_EQ(refusal({{"query", R"({app="x"})"}}), "accepted");
  EXPECT_EQ(refusal({{"query", R"({app="x"})"}, {"delay_for", "6"}}), "400 delay_for can't be greater than 5\n");
  EXPECT_EQ(refusal({{"query", R"({app="x"})"}, {"limit", "0"}}).substr(0, 4), "400 ");
  EXPECT_EQ(refusal({{"query", "{app="}}).substr(0, 16), "400 parse error ");
  EXPECT_EQ(refusal({{"query", R"({app="x"})"}, {"start", "yesterday"}}).substr(0, 4), "400 ");
}

TEST_F(LokiTailTest, HistoryThenLiveLinesThroughThePipeline) {
  push(
      R"({"streams":[{"stream":{"app":"x"},"values":[["1768435199000000000","old a=1"],["1768435199500000000","skip"]]}]})");
  start(request("/loki/api/v1/tail", {{"query", R"({app=~"x|y"} |= "a=" | logfmt)"}}));
  EXPECT_EQ(socket_.message(0),
            R"({"streams":[{"stream":{"a":"1","app":"x","detected_level":"unknown","service_name":"x"},)"
            R"("values":[["1768435199000000000","old a=1"]]}]})");
  push(R"({"streams":[{"stream":{"app":"y"},"values":[["1768435200000000001","a=2"],["1768435200000000002","b"]]},)"
       R"({"stream":{"app":"z"},"values":[["1768435200000000003","a=3"]]}]})");
  EXPECT_EQ(socket_.message(1),
            R"({"streams":[{"stream":{"a":"2","app":"y","detected_level":"unknown","service_name":"y"},)"
            R"("values":[["1768435200000000001","a=2"]]}]})");
}

TEST_F(LokiTailTest, CategoriesAreKeptApartOnRequest) {
  start(request("/loki/api/v1/tail", {{"query", R"({app="x"} | logfmt)"}},
                {{"x-loki-response-encoding-flags", "categorize-labels"}}));
  while (hub_.watchers("fake") == 0) std::this_thread::yield();
  push(R"({"streams":[{"stream":{"app":"x"},"values":[["1768435200000000001","a=2",{"t":"7"}]]}]})");
  EXPECT_EQ(socket_.message(0),
            R"({"streams":[{"stream":{"app":"x","service_name":"x"},"values":[["1768435200000000001","a=2",)"
            R"({"structuredMetadata":{"detected_level":"unknown","t":"7"},"parsed":{"a":"2"}}]]}],)"
            R"("encodingFlags":["categorize-labels"]})");
}

TEST_F(LokiTailTest, LegacyShape) {
  push(R"({"streams":[{"stream":{"app":"x"},"values":[["1768435199500000000","line"]]}]})");
  start(request("/api/prom/tail", {{"query", R"({app="x"})"}}));
  EXPECT_EQ(socket_.message(0),
            R"({"streams":[{"labels":"{app=\"x\", detected_level=\"unknown\", service_name=\"x\"}",)"
            R"("entries":[{"ts":"2026-01-14T23:59:59.5Z","line":"line"}]}]})");
}

TEST_F(LokiTailTest, MetricQueriesAreClosed) {
  start(request("/loki/api/v1/tail", {{"query", R"(count_over_time({app="x"}[1m]))"}}));
  thread_.join();
  EXPECT_EQ(socket_.closed(), "1011 only log selector is supported");
}

TEST_F(LokiTailTest, TooManyTailsAreClosed) {
  const auto one = hub_.subscribe("fake", [](const LabelSet&) { return true; });
  const auto two = hub_.subscribe("fake", [](const LabelSet&) { return true; });
  const auto other = hub_.subscribe("other", [](const LabelSet&) { return true; });
  start(request("/loki/api/v1/tail", {{"query", R"({app="x"})"}}));
  thread_.join();
  EXPECT_EQ(socket_.closed(), "1011 max concurrent tail requests limit exceeded, count > limit (3 > 2)");
}

TEST_F(LokiTailTest, ClosingTheHubEndsTheTail) {
  start(request("/loki/api/v1/tail", {{"query", R"({app="x"})"}}));
  while (hub_.watchers("fake") == 0) std::this_thread::yield();
  hub_.close();
  thread_.join();
  EXPECT_EQ(hub_.watchers("fake"), 0u);
}

TEST(TailFrame, TellsWhatWasDropped) {
  const auto labels = std::make_shared<const LabelSet>(LabelSet::from_pairs({{"app", "x"}}));
  EXPECT_EQ(tail_frame({}, {{labels, 7}}, TailShape::kFlat),
            R"({"streams":[],"dropped_entries":[{"labels":{"app":"x"},"timestamp":"7"}]})");
}

}  // namespace
}  // namespace trilobite::api
