#include <trilobite/recorder.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "recorder_line.h"
#include "temp_dir.h"

namespace trilobite {
namespace {

struct Number {
  int value = 0;
};

std::atomic<std::int64_t> now_ns{0};
constexpr int kTakesTwoSeconds = 1000;
std::int64_t fake_clock() { return now_ns.load(); }

}  // namespace

template <>
struct RecordedAs<Number> {
  static bool to_json(const Number& event, std::string& out) {
    if (event.value < 0) return false;
    if (event.value == kTakesTwoSeconds) now_ns += 2'000'000'000;
    out += std::to_string(event.value);
    return true;
  }
  static bool from_json(std::string_view json, Number& event, std::string& error) {
    if (json.empty() || json.front() < '0' || json.front() > '9') {
      error = "not a number";
      return false;
    }
    event.value = std::stoi(std::string(json));
    return true;
  }
};

namespace {

class RecorderTest : public testing::Test {
 protected:
  Recorder<Number> open(RecorderOptions options) {
    now_ns = 5'000'000'000;
    options.clock_ns = fake_clock;
    std::string error;
    auto recorder = Recorder<Number>::open(token_, dir_.file("events.jsonl"), options, error);
    EXPECT_EQ(error, "");
    return recorder;
  }
  void record(Recorder<Number>& recorder, int value) {
    const std::uint64_t before = recorder.event_count();
    EXPECT_TRUE(recorder.record({value}));
    while (recorder.event_count() == before) std::this_thread::yield();
  }

  log::TempDir dir_;
  CancelToken token_;
};

TEST_F(RecorderTest, WritesLinesWithTheTimeSinceItWasOpened) {
  auto recorder = open({});
  EXPECT_EQ(recorder.elapsed_seconds(), std::nullopt);
  record(recorder, 1);
  now_ns += 1'042'900'000;
  record(recorder, 2);
  EXPECT_EQ(recorder.elapsed_seconds(), 1.0429);
  EXPECT_FALSE(token_.cancelled());
  recorder = {};
  EXPECT_TRUE(token_.cancelled());
  EXPECT_EQ(dir_.read("events.jsonl"), "{\"timestamp\":0,\"event\":1}\n{\"timestamp\":1042,\"event\":2}\n");
}

TEST_F(RecorderTest, RotatesByLinesIntoNumberedFiles) {
  auto recorder = open({.lines_per_file_max = 2});
  for (int i = 0; i < 4; ++i) record(recorder, i);
  recorder = {};
  EXPECT_EQ(dir_.read("events.jsonl"), "{\"timestamp\":0,\"event\":0}\n{\"timestamp\":0,\"event\":1}\n");
  EXPECT_EQ(dir_.read("events1.jsonl"), "{\"timestamp\":0,\"event\":2}\n{\"timestamp\":0,\"event\":3}\n");
  EXPECT_TRUE(std::filesystem::exists(dir_.file("events2.jsonl")));  // though no event followed
  EXPECT_EQ(dir_.read("events2.jsonl"), "");
}

TEST_F(RecorderTest, RotatesBySizeAndTime) {
  auto recorder = open({.bytes_per_file_max = 60, .seconds_per_file_max = 10});
  for (int i = 0; i < 3; ++i) record(recorder, i);  // 26 bytes each: over the limit with the third
  now_ns += 10'000'000'000;
  record(recorder, 3);
  record(recorder, 4);
  recorder = {};
  EXPECT_EQ(dir_.read("events1.jsonl"), "{\"timestamp\":10000,\"event\":3}\n");
  EXPECT_EQ(dir_.read("events2.jsonl"), "{\"timestamp\":10000,\"event\":4}\n");
}

TEST_F(RecorderTest, WritingGoesOnWhereTheNextFileCannotBeHad) {
  std::filesystem::create_directory(dir_.file("events1.jsonl"));
  auto recorder = open({.lines_per_file_max = 1});
  for (int i = 0; i < 3; ++i) record(recorder, i);
  recorder = {};
  EXPECT_EQ(dir_.read("events.jsonl"), "{\"timestamp\":0,\"event\":0}\n{\"timestamp\":0,\"event\":1}\n");
  EXPECT_EQ(dir_.read("events2.jsonl"), "{\"timestamp\":0,\"event\":2}\n");  // the next try took the next number
}

TEST_F(RecorderTest, StopsAndCancelsAtItsLimits) {
  auto by_count = open({.count_max = 2});
  record(by_count, 1);
  record(by_count, 2);
  while (!token_.cancelled()) std::this_thread::yield();
  EXPECT_FALSE(by_count.record({3}));
  by_count = {};
  EXPECT_EQ(dir_.read("events.jsonl"), "{\"timestamp\":0,\"event\":1}\n{\"timestamp\":0,\"event\":2}\n");

  token_ = CancelToken();
  auto by_time = open({.seconds_max = 1.5});
  record(by_time, 1);
  EXPECT_TRUE(by_time.record({kTakesTwoSeconds}));  // the time is only looked at between events
  while (!token_.cancelled()) std::this_thread::yield();
  by_time = {};
  EXPECT_EQ(dir_.read("events.jsonl"), "{\"timestamp\":0,\"event\":1}\n{\"timestamp\":0,\"event\":1000}\n");
}

TEST_F(RecorderTest, WhatCannotBeSerializedIsSkippedAndNotCounted) {
  auto recorder = open({});
  EXPECT_TRUE(recorder.record({-1}));
  record(recorder, 7);
  EXPECT_EQ(recorder.event_count(), 1u);
  recorder = {};
  EXPECT_EQ(dir_.read("events.jsonl"), "{\"timestamp\":0,\"event\":7}\n");
}

TEST_F(RecorderTest, SendersOnManyThreadsWaitForRoomAndLoseNothing) {
  auto recorder = open({});
  constexpr int kThreads = 4, kEvents = 5'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEvents; ++i) EXPECT_TRUE(recorder.record({i}));
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (recorder.event_count() < kThreads * kEvents) std::this_thread::yield();
}

TEST_F(RecorderTest, MakesFoldersAndSaysWhyItCannot) {
  std::string error;
  EXPECT_TRUE(Recorder<Number>::open(token_, dir_.file("a/b/c.jsonl"), {}, error));
  EXPECT_TRUE(std::filesystem::exists(dir_.file("a/b/c.jsonl")));
  dir_.write("plain", "");
  Recorder<Number> none = Recorder<Number>::open(token_, dir_.file("plain/c.jsonl"), {}, error);
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.record({1}));
  EXPECT_EQ(none.event_count(), 0u);
  EXPECT_NE(error, "");
}

std::vector<std::uint64_t> slept;
void remember_sleep(std::uint64_t ms) { slept.push_back(ms); }

TEST_F(RecorderTest, ReplaysWithTheTimesOfTheRecording) {
  const std::string path =
      dir_.write("r.jsonl",
                 "{\"timestamp\":100,\"event\":1}\n\n  \nnonsense\n{\"timestamp\":150,\"event\":\"x\"}\n"
                 "{ \"event\" : 2, \"timestamp\" : 400, \"more\" : [1, {\"event\": 9}] }\n"
                 "{\"timestamp\":350,\"event\":3}\n{\"timestamp\":-1,\"event\":4}\n{\"event\":5}\n");
  std::vector<int> got;
  const auto send = [&](Number&& event) {
    got.push_back(event.value);
    return true;
  };
  std::string error;
  slept.clear();
  EXPECT_EQ(replay_events<Number>(path, send, {.timed = true, .sleep_ms = remember_sleep}, error), 3u);
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(slept, (std::vector<std::uint64_t>{300}));  // none before the first; since the last one sent
  EXPECT_EQ(replay_events<Number>(path, send, {.count_max = 2}, error), 2u);
  EXPECT_EQ(replay_events<Number>(path, send, {.seconds_max = 0}, error), 0u);
  EXPECT_EQ(replay_events<Number>(
                path, [](Number&&) { return false; }, {}, error),
            std::nullopt);
  EXPECT_EQ(error, "the receiver of events is closed");
  EXPECT_EQ(replay_events<Number>(dir_.file("none"), send, {}, error), std::nullopt);
  EXPECT_EQ(error, "File not found: " + dir_.file("none"));
}

TEST(RecorderLineTest, BadLinesAreRefused) {
  RecordedLine line;
  for (const char* text : {"", "[]", "1", "{}", "{\"timestamp\":1}", "{\"event\":1}", "{\"timestamp\":1.5,\"event\":1}",
                           "{\"timestamp\":\"1\",\"event\":1}", "{\"timestamp\":1,\"event\":1",
                           "{\"timestamp\":1,\"timestamp\":1,\"event\":1}", "{\"timestamp\":1,\"event\":1,\"event\":1}",
                           "{\"timestamp\":99999999999999999999,\"event\":1}"}) {
    std::string error;
    EXPECT_FALSE(parse_recorded_line(text, line, error)) << text;
    EXPECT_NE(error, "") << text;
  }
  std::string error;
  EXPECT_TRUE(
      parse_recorded_line("{\"a\\\"}\":{\"timestamp\":2},\"timestamp\":1,\"event\":{\"k\":\"}\\\\\"}}", line, error));
  EXPECT_EQ(line.event, "{\"k\":\"}\\\\\"}");
}

TEST(RecorderLineTest, NumbersOfFiles) {
  EXPECT_EQ(recorded_file_path("events.jsonl", 0), "events.jsonl");
  EXPECT_EQ(recorded_file_path("events.jsonl", 2), "events2.jsonl");
  EXPECT_EQ(recorded_file_path("log", 1), "log1");
  EXPECT_EQ(recorded_file_path("a.b/log", 1), "a1.b/log");
}

}  // namespace
}  // namespace trilobite
