// Pages of a server with and without cursors: every line once, in order, whatever is alike.
#include "cli/log_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json_writer.h"

namespace trilobite::cli {
namespace {

// Holds lines (time, text) of one stream, and answers as Loki does: [start, end), cut to the limit.
class FakeServer final : public LokiClient {
 public:
  explicit FakeServer(std::vector<std::pair<TimeNs, std::string>> lines) : lines_(std::move(lines)) {
    std::sort(lines_.begin(), lines_.end());
  }

  Result<std::string> get(const std::string&, const http::Parameters& parameters) override {
    ++requests;
    const auto number = [&](std::string_view name) {
      for (const auto& [key, value] : parameters) {
        if (key == name) return std::stoll(value);
      }
      return 0LL;
    };
    bool forward = false;
    for (const auto& [key, value] : parameters) forward = forward || (key == "direction" && value == "forward");
    std::vector<std::pair<TimeNs, std::string>> found;
    for (const auto& line : lines_) {
      if (line.first >= number("start") && line.first < number("end")) found.push_back(line);
    }
    if (!forward) std::reverse(found.begin(), found.end());
    const auto skipped = std::min<std::size_t>(static_cast<std::size_t>(number("cursor")), found.size());
    found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(skipped));
    const auto limit = static_cast<std::size_t>(number("limit"));
    const bool more = found.size() > limit;
    if (more) found.resize(limit);
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("data").begin_object().key("resultType").string("streams").key("result").begin_array();
    json.begin_object().key("stream").begin_object().end_object().key("values").begin_array();
    for (const auto& [time, text] : found) {
      json.begin_array().string(std::to_string(time)).string(text).end_array();
    }
    json.end_array().end_object().end_array();
    if (cursors && more) json.key("cursor").string(std::to_string(skipped + limit));
    json.end_object().end_object();
    return out;
  }
  Result<std::string> post(const std::string&, const http::Parameters&, const std::string&, std::string_view) override {
    return error(Code::kInvalid, "nothing is written here");
  }
  Error tail(const http::Parameters&, const std::function<Result<void>(std::string_view)>&) override {
    return error(Code::kUnsupported, "not here");
  }

  bool cursors = false;
  int requests = 0;

 private:
  std::vector<std::pair<TimeNs, std::string>> lines_;
};

std::vector<std::string> read_all(FakeServer& server, LogPagesRequest request) {
  request.end = 1000;
  LogPages pages(server, std::move(request));
  std::vector<std::string> out;
  while (!pages.done()) {
    const auto page = pages.next();
    if (!page.ok()) return {page.error().message};
    for (const LogEntry& entry : page->entries) out.push_back(std::to_string(entry.time) + entry.line);
  }
  return out;
}

// 60 lines, four of each time.
FakeServer make_server() {
  std::vector<std::pair<TimeNs, std::string>> lines;
  for (int i = 0; i < 60; ++i) lines.emplace_back(i / 4, std::string(1, static_cast<char>('a' + i % 4)));
  return FakeServer(std::move(lines));
}

TEST(LogPages, EachLineComesOnceInOrder) {
  for (const bool cursors : {false, true}) {
    for (const bool forward : {false, true}) {
      for (const std::size_t limit : {0u, 1u, 10u, 11u, 59u, 60u, 61u}) {
        FakeServer server = make_server();
        server.cursors = cursors;
        std::vector<std::string> want = read_all(server, {.limit = limit, .batch = 1000, .forward = forward});
        EXPECT_EQ(want.size(), limit == 0 ? 60 : std::min<std::size_t>(limit, 60));
        for (const std::size_t batch : {5u, 7u, 30u, 60u}) {
          EXPECT_EQ(read_all(server, {.limit = limit, .batch = batch, .forward = forward}), want)
              << cursors << forward << " limit " << limit << " batch " << batch;
        }
      }
    }
  }
}

TEST(LogPages, SaysWhenThereIsNoWayPastOneTime) {
  FakeServer server = make_server();
  const auto got = read_all(server, {.batch = 3});
  ASSERT_EQ(got.size(), 1u);
  EXPECT_THAT(got[0], ::testing::HasSubstr("--batch"));
}

TEST(LogPages, AnEmptyAnswerIsOneRequest) {
  FakeServer server({});
  EXPECT_TRUE(read_all(server, {}).empty());
  EXPECT_EQ(server.requests, 1);
}

}  // namespace
}  // namespace trilobite::cli
