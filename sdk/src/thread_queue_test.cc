#include "thread_queue.h"

#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace trilobite::log {
namespace {

bool push(ThreadQueue& queue, const std::string& text) {
  std::byte* room = queue.reserve(sizeof(std::size_t) + text.size());
  if (room == nullptr) return false;
  const std::size_t size = text.size();
  std::memcpy(room, &size, sizeof size);
  std::memcpy(room + sizeof size, text.data(), size);
  queue.publish();
  return true;
}

std::string take(ThreadQueue& queue) {
  const std::byte* record = queue.front();
  std::size_t size = 0;
  std::memcpy(&size, record, sizeof size);
  std::string text(reinterpret_cast<const char*>(record) + sizeof size, size);
  queue.pop();
  return text;
}

// Pushes and takes at random, with sizes from nothing to larger than the queue: every accepted record comes out once,
// in order, and an empty queue accepts anything.
TEST(ThreadQueueTest, KeepsEveryRecordInOrder) {
  for (const Overflow overflow : {Overflow::kBlock, Overflow::kGrow}) {
    std::mt19937 random(7);
    ThreadQueue queue({.overflow = overflow, .bytes = 1024, .bytes_max = 8192});
    std::deque<std::string> expected;
    for (int step = 0; step < 50'000; ++step) {
      const std::size_t size_max = random() % 50 == 0 ? 10'000 : 300;
      if (random() % 2 == 0) {
        const std::string text(random() % size_max, static_cast<char>('a' + step % 26));
        const bool pushed = push(queue, text);
        ASSERT_TRUE(pushed || !expected.empty());
        if (pushed) expected.push_back(text);
      } else if (!expected.empty()) {
        ASSERT_LT(queue.consumed(), queue.published());
        ASSERT_EQ(take(queue), expected.front());
        expected.pop_front();
      }
      ASSERT_EQ(queue.published() - queue.consumed(), expected.size());
    }
  }
}

TEST(ThreadQueueTest, AFullQueueRefuses) {
  ThreadQueue queue({.overflow = Overflow::kBlock, .bytes = 1024});
  int pushed = 0;
  while (push(queue, std::string(100, 'x'))) ++pushed;
  EXPECT_GE(pushed, 6);
  EXPECT_LE(pushed, 10);
  take(queue);
  take(queue);
  EXPECT_TRUE(push(queue, std::string(100, 'x')));
}

TEST(ThreadQueueTest, GrowsUpToItsLimit) {
  ThreadQueue queue({.overflow = Overflow::kGrow, .bytes = 1024, .bytes_max = 16384});
  std::size_t bytes = 0;
  while (push(queue, std::string(100, 'x'))) bytes += 100;
  EXPECT_GT(bytes, 8'000u);
  EXPECT_LT(bytes, 16'384u);
}

TEST(ThreadQueueTest, PassesRecordsBetweenThreads) {
  constexpr int kRecords = 200'000;
  ThreadQueue queue({.overflow = Overflow::kGrow, .bytes = 1024, .bytes_max = 65536});
  std::thread producer([&] {
    for (int i = 0; i < kRecords; ++i) {
      const std::string text = std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), '.');
      while (!push(queue, text)) std::this_thread::yield();
    }
    queue.close();
  });
  int taken = 0;
  while (taken < kRecords) {
    while (queue.consumed() == queue.published()) std::this_thread::yield();
    const std::string want = std::to_string(taken) + std::string(static_cast<std::size_t>(taken % 97), '.');
    ASSERT_EQ(take(queue), want);
    ++taken;
  }
  producer.join();
  EXPECT_TRUE(queue.closed());
  EXPECT_EQ(queue.consumed(), queue.published());
}

}  // namespace
}  // namespace trilobite::log
