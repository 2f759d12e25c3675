// Answers are read the same however they are cut into reads; what is not understood is said, and nothing grows without
// bound.
#include "scrape/plain_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace trilobite::scrape {
namespace {

using State = PlainAnswer::State;

// Reads `text` in pieces of at most `piece` bytes; then the connection ends.
State read(PlainAnswer& answer, std::string_view text, std::size_t piece, const PlainAnswer::Options& options = {}) {
  answer.begin(options);
  while (!text.empty()) {
    const std::span<char> room = answer.room();
    const std::size_t bytes = std::min({room.size(), piece, text.size()});
    std::copy_n(text.begin(), bytes, room.begin());
    text.remove_prefix(bytes);
    if (const State state = answer.take(bytes); state != State::kMore) return state;
  }
  return answer.end();
}

struct Case {
  const char* name;
  std::string text;
  State state;
  int status = 0;
  std::string status_text{}, content_type{}, body{};
  bool keeps_open = false;
};

TEST(PlainAnswer, IsTheSameHoweverItIsCut) {
  const Case cases[] = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 4\r\n\r\na 1\n",
       State::kDone, 200, "200 OK", "text/plain; version=0.0.4", "a 1\n", true},
      {"no text of the status", "HTTP/1.1 404\r\nCONTENT-LENGTH:0\r\n\r\n", State::kDone, 404, "404 Not Found", "", "",
       true},
      {"to the end", "HTTP/1.0 200 Fine indeed\nContent-Type:  x \n\nabc", State::kDone, 200, "200 Fine indeed", "x",
       "abc", false},
      {"closes", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", State::kDone, 200, "200 OK", "",
       "a", false},
      {"more than was asked for", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc", State::kDone, 200, "200 OK", "",
       "a", true},
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
       State::kDone, 200, "200 OK", "", "abc0123456789", true},
      {"lines behind chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n00\r\nX: y\r\n\r\n",
       State::kDone, 200, "200 OK", "", "a", true},
      {"nothing to say", "HTTP/1.1 204 No Content\r\n\r\n", State::kDone, 204, "204 No Content", "", "", true},

      {"not HTTP", "SSH-2.0-OpenSSH\r\n\r\n", State::kNotPlain},
      {"HTTP/2", "HTTP/2 200 OK\r\n\r\n", State::kNotPlain},
      {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", State::kNotPlain},
      {"redirect", "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", State::kNotPlain},
      {"cut in the head", "HTTP/1.1 200 OK\r\nContent-Le", State::kNotPlain},
      {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", State::kNotPlain},
      {"cut in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", State::kNotPlain},
      {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", State::kNotPlain},
      {"chunk of no length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nab\r\n0\r\n\r\n",
       State::kNotPlain},
      {"chunk longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
       State::kNotPlain},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", State::kNotPlain},
      {"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab", State::kNotPlain},
      {"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nab", State::kNotPlain},
      {"folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 1\r\n\r\na", State::kNotPlain},
      {"other encoding", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\na", State::kNotPlain},
      {"other transfer encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", State::kNotPlain},
  };
  PlainAnswer answer;
  for (const Case& c : cases) {
    for (const std::size_t piece : {1u, 2u, 7u, 1000u}) {
      ASSERT_EQ(read(answer, c.text, piece), c.state) << c.name << " in pieces of " << piece;
      if (c.state != State::kDone) continue;
      EXPECT_EQ(answer.status(), c.status) << c.name;
      EXPECT_EQ(answer.status_text(), c.status_text) << c.name;
      EXPECT_EQ(answer.content_type(), c.content_type) << c.name;
      EXPECT_EQ(answer.body(), c.body) << c.name << " in pieces of " << piece;
      const bool extra = c.name == std::string_view("more than was asked for") && piece > 1;
      EXPECT_EQ(answer.keeps_open(), c.keeps_open && !extra) << c.name;
    }
  }
}

TEST(PlainAnswer, DoesWhatTheRequestSaysOfEncodingsAndRedirects) {
  const std::string packed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na";
  const std::string redirect = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
  PlainAnswer answer;
  ASSERT_EQ(read(answer, packed, 100), State::kDone);
  EXPECT_TRUE(answer.gzip());
  ASSERT_EQ(read(answer, packed, 100, {.unpacks = false}), State::kDone);
  EXPECT_FALSE(answer.gzip()) << "nobody asked for it";
  ASSERT_EQ(read(answer, redirect, 100, {.follows = false}), State::kDone);
  EXPECT_EQ(answer.status(), 302);
}

TEST(PlainAnswer, BodiesEndAtTheLimit) {
  const PlainAnswer::Options options{.body_bytes_max = 1000};
  const std::string body(1001, 'a');
  PlainAnswer answer;
  EXPECT_EQ(read(answer, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", 100, options), State::kTooLarge);
  EXPECT_EQ(read(answer, "HTTP/1.1 200 OK\r\n\r\n" + body, 100, options), State::kTooLarge);
  EXPECT_EQ(read(answer, "HTTP/1.1 200 OK\r\n\r\n" + body.substr(1), 100, options), State::kDone);
  const std::string chunk = "100\r\n" + std::string(256, 'a') + "\r\n";
  EXPECT_EQ(read(answer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk + chunk, 100,
                 options),
            State::kTooLarge);
  EXPECT_EQ(read(answer, "HTTP/1.1 200 OK\r\n" + std::string(100'000, 'a'), 1000, options), State::kNotPlain) << "head";
  EXPECT_EQ(
      read(answer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(5000, '0'), 1000, options),
      State::kNotPlain)
      << "chunk";
}

TEST(PlainAnswer, MemoryFollowsWhatComesNotWhatWasPromised) {
  PlainAnswer answer;
  answer.begin({});
  const std::string_view head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n";
  std::copy(head.begin(), head.end(), answer.room().begin());
  ASSERT_EQ(answer.take(head.size()), State::kMore);
  EXPECT_LE(answer.room().size(), 1u << 20);
}

}  // namespace
}  // namespace trilobite::scrape
