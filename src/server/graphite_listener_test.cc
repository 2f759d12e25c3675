// Graphite's lines over a socket: pieces become lines, bounds hold, and nothing that came before the end is lost.
#include "server/graphite_listener.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "server/http_server.h"
#include "server/raw_client.h"

namespace trilobite::server {
namespace {

TEST(LineSplitter, PutsPiecesTogether) {
  const struct {
    std::vector<std::string_view> pieces;
    std::string_view lines;
    std::uint64_t too_long;
  } kCases[] = {
      {{}, "", 0},
      {{"a 1\nb 2\n"}, "a 1\nb 2\n", 0},
      {{"a", " ", "1\nb", " 2"}, "a 1\nb 2\n", 0},
      {{"\n\n"}, "\n\n", 0},
      {{"12345678\n", "123456789\n", "a\n"}, "12345678\na\n", 1},
      {{"12345", "6789", "0123456789", "\na\n"}, "a\n", 1},
      {{"123456789\n123456789\nb"}, "b\n", 2},
      {{"123456789"}, "", 1},
  };
  for (const auto& [pieces, lines, too_long] : kCases) {
    LineSplitter splitter(8);
    std::string out;
    for (const std::string_view piece : pieces) splitter.add(piece, out);
    splitter.finish(out);
    EXPECT_EQ(out, lines);
    EXPECT_EQ(splitter.too_long(), too_long);
  }
}

class GraphiteTest : public testing::Test {
 protected:
  ~GraphiteTest() override {
    if (listener_) listener_->stop();
  }
  void start(GraphiteOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto started = GraphiteListener::start(options, [this](std::string_view lines) -> Result<ingest::ImportOutcome> {
      const std::lock_guard lock(mutex_);
      written_ += lines;
      changed_.notify_all();
      if (lines.find("full") != std::string_view::npos) return error(Code::kNoSpace, "no space");
      ingest::ImportOutcome outcome;
      outcome.samples = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
      return outcome;
    });
    ASSERT_TRUE(started.ok()) << started.error().message;
    listener_ = std::move(*started);
  }
  RawClient client() { return RawClient(parse_listen(listener_->address())->port); }
  bool wait_for(std::string_view lines) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return written_ == lines; });
  }

  std::mutex mutex_;  // guards written_
  std::condition_variable changed_;
  std::string written_;
  std::unique_ptr<GraphiteListener> listener_;
};

TEST_F(GraphiteTest, LinesOfManySenders) {
  start();
  RawClient first(parse_listen(listener_->address())->port), second(parse_listen(listener_->address())->port);
  first.send("a 1 ");
  second.send("b 2 10\n");
  ASSERT_TRUE(wait_for("b 2 10\n"));
  first.send("10\nc 3");
  ASSERT_TRUE(wait_for("b 2 10\na 1 10\n"));
  first.end();
  ASSERT_TRUE(wait_for("b 2 10\na 1 10\nc 3\n")) << "the last line may have no end";
}

TEST_F(GraphiteTest, BoundsHold) {
  GraphiteOptions options;
  options.connections_max = 1;
  options.line_bytes_max = 8;
  start(options);
  RawClient first(parse_listen(listener_->address())->port);
  first.send("a 1\n");
  ASSERT_TRUE(wait_for("a 1\n"));
  RawClient second(parse_listen(listener_->address())->port);
  EXPECT_EQ(second.read_all(), "") << "one too many: closed";
  first.send("far too long\nfull 1\n");
  ASSERT_TRUE(wait_for("a 1\nfull 1\n"));
  first.send("c 3\n");
  ASSERT_TRUE(wait_for("a 1\nfull 1\nc 3\n")) << "a failed write ends no connection";
  listener_->stop();
  const GraphiteStats stats = listener_->stats();
  EXPECT_EQ(stats.connections_refused, 1u);
  EXPECT_EQ(stats.samples, 2u);
  EXPECT_EQ(stats.faults, 2u) << "the long line and the one that was not written";
}

TEST_F(GraphiteTest, IdleConnectionsAreClosed) {
  GraphiteOptions options;
  options.idle_timeout = std::chrono::milliseconds(1);
  start(options);
  EXPECT_EQ(client().read_all(), "");
}

TEST_F(GraphiteTest, ATakenAddressIsSaidSo) {
  start();
  GraphiteOptions second;
  second.listen = listener_->address();
  const auto again = GraphiteListener::start(second, nullptr);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Code::kExists);
  second.listen = "127.0.0.1:x";
  EXPECT_EQ(GraphiteListener::start(second, nullptr).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace trilobite::server
