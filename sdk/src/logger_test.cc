#include "logger.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "temp_dir.h"

namespace trilobite::log {
namespace {

// Keeps what it is given. Can be held, so that queues fill up.
class MemorySink : public Sink {
 public:
  int write(std::string_view lines) override {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    --waiting_;
    text_ += lines;
    return failure_;
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void wait_for_writer() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  void fail_with(int failure) {
    const std::lock_guard lock(mutex_);
    failure_ = failure;
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    std::istringstream in(text_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  int waiting_ = 0;
  int failure_ = 0;
  bool held_ = false;
};

std::atomic<std::int64_t> fake_now_ns{0};
std::int64_t fake_clock() { return fake_now_ns.fetch_add(1'000, std::memory_order_relaxed); }

Config config_for(Sink& sink, QueueOptions queue = {}, Writer writer = Writer::kBackground) {
  Config config;
  config.outputs = {{.destination = Output::Destination::kSink, .sink = &sink}};
  config.queue = queue;
  config.writer = writer;
  config.clock = fake_clock;
  config.default_target = "test";
  return config;
}

std::unique_ptr<Logger> start(const Config& config) {
  auto logger = Logger::start(config);
  EXPECT_TRUE(logger.ok());
  return std::move(*logger);
}

constexpr detail::Statement kNumbered{"", "line {} of {}", "a.cc", 3, Level::kInfo};

void log_numbered(Logger& logger, int line, int writer) {
  const std::array values{Value::of_int(line), Value::of_int(writer)};
  logger.submit({.statement = kNumbered, .values = values, .fields = {}});
}

std::string message_of(const std::string& line) { return line.substr(line.find(": ") + 2); }

TEST(LoggerTest, WritesWhatWasSubmitted) {
  const auto sink = std::make_shared<MemorySink>();
  const auto logger = start(config_for(*sink));
  fake_now_ns = 1'000'000;
  const std::string text = "a \"quoted\" text";
  const std::array values{Value::of_text(text), Value::of_uint(255), Value::of_double(0.5),
                          Value::of_bool(true), Value::of_char('c'), Value::of_double(0.1F, ValueKind::kFloat)};
  const std::array fields{Field{"n", Value::of_int(-1)}, Field{"s", Value::of_text("x y")}};
  const detail::Statement statement{"shop::pay", "{} {:#x} {:.2f} {} {} {}", "pay.cc", 9, Level::kWarn};
  logger->submit({.statement = statement, .values = values, .fields = fields});
  logger->flush();
  EXPECT_EQ(sink->lines(),
            std::vector<std::string>{"1970-01-01T00:00:00.001000Z  WARN shop::pay: a \"quoted\" text 0xff "
                                     "0.50 true c 0.1 n=-1 s=\"x y\""});
  EXPECT_EQ(logger->statistics().written, 1u);
}

TEST(LoggerTest, AWidthThatCannotBeUsedIsReportedInTheLine) {
  const auto sink = std::make_shared<MemorySink>();
  const auto logger = start(config_for(*sink));
  const std::array values{Value::of_int(1), Value::of_int(-5)};
  const detail::Statement statement{"", "[{:{}}]", "a.cc", 1, Level::kInfo};
  logger->submit({.statement = statement, .values = values, .fields = {}});
  logger->flush();
  ASSERT_EQ(sink->lines().size(), 1u);
  EXPECT_NE(sink->lines()[0].find("test: [{:{}}] [cannot format: "), std::string::npos) << sink->lines()[0];
}

// Whatever the policy (but dropping), concurrent threads with tiny queues lose nothing and keep their own order.
TEST(LoggerTest, ConcurrentThreadsLoseNothingAndKeepTheirOrder) {
  constexpr int kThreads = 8, kLines = 5'000;
  for (const auto& [overflow, writer] : {std::pair{Overflow::kBlock, Writer::kBackground},
                                         {Overflow::kGrow, Writer::kBackground},
                                         {Overflow::kBlock, Writer::kCaller}}) {
    const auto sink = std::make_shared<MemorySink>();
    const auto logger = start(config_for(*sink, {.overflow = overflow, .bytes = 2048, .bytes_max = 8192}, writer));
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kLines; ++i) log_numbered(*logger, i, t);
      });
    }
    for (std::thread& thread : threads) thread.join();
    logger->flush();
    std::array<int, kThreads> next{};
    for (const std::string& line : sink->lines()) {
      int number = 0, thread = 0;
      ASSERT_EQ(std::sscanf(message_of(line).c_str(), "line %d of %d", &number, &thread), 2) << line;
      ASSERT_EQ(number, next[static_cast<std::size_t>(thread)]++) << line;
    }
    for (const int count : next) EXPECT_EQ(count, kLines);
    EXPECT_EQ(logger->statistics().dropped, 0u);
  }
}

TEST(LoggerTest, LinesOfDifferentThreadsComeInTheOrderOfTheirTimes) {
  const auto sink = std::make_shared<MemorySink>();
  const auto logger = start(config_for(*sink));
  // Two threads take turns: each line follows the one before it.
  std::atomic<int> turn{0};
  const auto run = [&](int me) {
    for (int i = me; i < 2'000; i += 2) {
      while (turn.load() != i) std::this_thread::yield();
      log_numbered(*logger, i, me);
      turn.store(i + 1);
    }
  };
  std::thread other([&] { run(1); });
  run(0);
  other.join();
  logger->flush();
  const auto lines = sink->lines();
  ASSERT_EQ(lines.size(), 2'000u);
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_EQ(message_of(lines[static_cast<std::size_t>(i)]),
              "line " + std::to_string(i) + " of " + std::to_string(i % 2));
  }
}

TEST(LoggerTest, DropsAndCountsWhenToldTo) {
  const auto sink = std::make_shared<MemorySink>();
  const auto logger = start(config_for(*sink, {.overflow = Overflow::kDrop, .bytes = 2048}));
  sink->hold();
  log_numbered(*logger, -1, 0);
  sink->wait_for_writer();  // the background thread hangs in the sink
  constexpr int kLines = 1'000;
  for (int i = 0; i < kLines; ++i) log_numbered(*logger, i, 0);
  sink->release();
  logger->flush();
  const Statistics statistics = logger->statistics();
  EXPECT_GT(statistics.dropped, 900u);
  EXPECT_LT(statistics.dropped, 1'000u);
  const auto lines = sink->lines();
  EXPECT_EQ(lines.size(), 1 + kLines - statistics.dropped + 1);
  EXPECT_NE(lines.back().find("WARN trilobite::log: lines were dropped because a log queue was full count=" +
                              std::to_string(statistics.dropped)),
            std::string::npos)
      << lines.back();
}

// A sink that is slow holds nobody up while there is memory for its lines.
TEST(LoggerTest, LinesAreMadeWhileTheSinkIsBusy) {
  const auto sink = std::make_shared<MemorySink>();
  const auto logger = start(config_for(*sink, {.overflow = Overflow::kBlock, .bytes = 2048}));
  sink->hold();
  log_numbered(*logger, -1, 0);
  sink->wait_for_writer();  // the background thread hangs in the sink
  constexpr int kLines = 1'000;
  for (int i = 0; i < kLines; ++i) log_numbered(*logger, i, 0);
  sink->release();
  logger->flush();
  EXPECT_EQ(logger->statistics().dropped, 0u);
  const auto lines = sink->lines();
  ASSERT_EQ(lines.size(), 1u + kLines);
  for (int i = -1; i < kLines; ++i) {
    ASSERT_EQ(message_of(lines[static_cast<std::size_t>(i + 1)]), "line " + std::to_string(i) + " of 0");
  }
}

TEST(LoggerTest, ALineLargerThanTheQueueIsWritten) {
  for (const Overflow overflow : {Overflow::kBlock, Overflow::kDrop, Overflow::kGrow}) {
    const auto sink = std::make_shared<MemorySink>();
    const auto logger = start(config_for(*sink, {.overflow = overflow, .bytes = 2048, .bytes_max = 4096}));
    const std::string large(1 << 20, 'x');
    const std::array values{Value::of_text(large), Value::of_int(1)};
    logger->submit({.statement = kNumbered, .values = values, .fields = {}});
    logger->flush();
    log_numbered(*logger, 1, 2);
    logger->flush();
    const auto lines = sink->lines();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(message_of(lines[0]), "line " + large + " of 1");
    EXPECT_EQ(message_of(lines[1]), "line 1 of 2");
  }
}

TEST(LoggerTest, TheBackgroundThreadWritesWithoutBeingAsked) {
  const auto sink = std::make_shared<MemorySink>();
  const auto logger = start(config_for(*sink));
  for (int i = 0; i < 3; ++i) {
    sink->hold();
    log_numbered(*logger, i, 0);
    sink->wait_for_writer();  // hangs for ever if nobody writes
    sink->release();
  }
}

TEST(LoggerTest, AnEndedThreadLeavesItsLinesBehind) {
  const auto sink = std::make_shared<MemorySink>();
  {
    const auto logger = start(config_for(*sink));
    for (int t = 0; t < 50; ++t) std::thread([&] { log_numbered(*logger, t, t); }).join();
  }
  EXPECT_EQ(sink->lines().size(), 50u);
}

// A sink that logs: its lines wait for the next pass instead of a deadlock.
TEST(LoggerTest, ASinkMayLog) {
  class LoggingSink : public MemorySink {
   public:
    int write(std::string_view lines) override {
      if (logger != nullptr && !std::exchange(logged, true)) {
        log_numbered(*logger, 2, 2);
        logger->flush();
      }
      return MemorySink::write(lines);
    }
    Logger* logger = nullptr;
    bool logged = false;
  };
  const auto sink = std::make_shared<LoggingSink>();
  const auto logger = start(config_for(*sink, {}, Writer::kCaller));
  sink->logger = logger.get();
  log_numbered(*logger, 1, 1);
  logger->flush();
  ASSERT_EQ(sink->lines().size(), 2u);
  EXPECT_EQ(message_of(sink->lines()[1]), "line 2 of 2");
}

TEST(LoggerTest, FailedWritesAreCounted) {
  const auto sink = std::make_shared<MemorySink>();
  sink->fail_with(ENOSPC);
  const auto logger = start(config_for(*sink, {}, Writer::kCaller));
  log_numbered(*logger, 1, 1);
  log_numbered(*logger, 2, 1);
  EXPECT_EQ(logger->statistics().write_failures, 2u);
}

TEST(LoggerTest, SeveralOutputsEachInItsFormat) {
  const TempDir dir;
  const auto sink = std::make_shared<MemorySink>();
  Config config = config_for(*sink);
  config.outputs.push_back(
      {.destination = Output::Destination::kFile, .path = dir.file("a.jsonl"), .format = LineFormat::kJsonl});
  config.outputs.front().color = Color::kAlways;
  {
    const auto logger = start(config);
    fake_now_ns = 0;
    log_numbered(*logger, 1, 2);
  }
  EXPECT_EQ(dir.read("a.jsonl"),
            "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"level\":\"INFO\",\"file\":\"a.cc\","
            "\"line\":3,\"target\":\"test\",\"message\":\"line 1 of 2\"}\n");
  ASSERT_EQ(sink->lines().size(), 1u);
  EXPECT_TRUE(sink->lines()[0].starts_with("\x1b[2m1970")) << sink->lines()[0];
}

TEST(LoggerTest, AnOutputThatCannotBeOpenedIsAnError) {
  Config config;
  config.outputs = {{.destination = Output::Destination::kFile, .path = "/nonexistent/dir/a.log"}};
  auto logger = Logger::start(config);
  ASSERT_FALSE(logger.ok());
  EXPECT_EQ(logger.error(), "cannot open log file /nonexistent/dir/a.log: No such file or directory");
}

}  // namespace
}  // namespace trilobite::log
