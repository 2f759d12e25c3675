// Frames of RFC 6455, in pieces of any size; what no server may send is an error.
#include "cli/websocket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trilobite::cli {
namespace {

using ::testing::HasSubstr;
using Kind = FrameReader::Message::Kind;

std::string server_frame(unsigned first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(payload.size()));
  } else {
    const std::size_t bytes = payload.size() <= 0xFFFF ? 2 : 8;
    out.push_back(static_cast<char>(bytes == 2 ? 126 : 127));
    for (std::size_t i = bytes; i > 0; --i) out.push_back(static_cast<char>(payload.size() >> (8 * (i - 1)) & 0xFF));
  }
  return out.append(payload);
}

TEST(Base64, PadsEveryRemainder) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("user:p\xC3\xA4ss"), "dXNlcjpww6Rzcw==");
}

TEST(FrameReader, PutsMessagesTogetherFromPiecesOfAnySize) {
  const std::string long_text(70'000, 'x');
  const std::string bytes = server_frame(0x81, "short") + server_frame(0x01, "in ") + server_frame(0x89, "ping") +
                            server_frame(0x00, "three ") + server_frame(0x80, "parts") +
                            server_frame(0x81, std::string(300, 'm')) + server_frame(0x82, long_text) +
                            server_frame(0x88, "\x03\xE8" "bye");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    FrameReader reader;
    std::vector<FrameReader::Message> got;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.add(std::string_view(bytes).substr(at, piece));
      for (;;) {
        auto message = reader.next();
        ASSERT_TRUE(message.ok()) << message.error().message;
        if (!*message) break;
        got.push_back(std::move(**message));
      }
    }
    ASSERT_EQ(got.size(), 6u);
    EXPECT_EQ(got[0].payload, "short");
    EXPECT_EQ(got[1].kind, Kind::kPing);
    EXPECT_EQ(got[2].payload, "in three parts");
    EXPECT_EQ(got[3].payload.size(), 300u);
    EXPECT_EQ(got[4].payload, long_text);
    EXPECT_EQ(got[5].kind, Kind::kClose);
  }
}

TEST(FrameReader, RefusesWhatNoServerMaySend) {
  const std::string cases[] = {std::string("\x81\x85", 2),  // masked
                               std::string("\xC1\x00", 2),  // an extension
                               std::string("\x83\x00", 2),  // opcode 3
                               std::string("\x80\x00", 2),  // a continuation of nothing
                               server_frame(0x01, "a") + server_frame(0x81, "b"),
                               std::string("\x09\x00", 2),  // a ping in parts
                               server_frame(0x89, std::string(126, 'x')),
                               std::string("\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10)};
  for (const std::string& bytes : cases) {
    FrameReader reader;
    reader.add(bytes);
    EXPECT_FALSE(reader.next().ok()) << testing::PrintToString(bytes);
  }
}

TEST(ClientFrame, IsMaskedAndSaysItsLength) {
  EXPECT_EQ(client_frame(10, "Hello", 0x37fa213d), std::string("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
  EXPECT_EQ(client_frame(1, std::string(200, 'a'), 0).substr(0, 4), std::string("\x81\xFE\x00\xC8", 4));
}

TEST(WebSocketRequest, TakesAnAddressApart) {
  const WebSocketRequest request = websocket_request("https://user:pw@logs.example:8443/prefix", "/loki?x=1");
  EXPECT_EQ(request.host, "logs.example:8443");
  EXPECT_EQ(request.target, "/prefix/loki?x=1");
}

// Says what a test wants, in pieces.
class ScriptedStream final : public agent::ByteStream {
 public:
  explicit ScriptedStream(std::vector<std::string> answers) : answers_(std::move(answers)) {}
  Result<void> write(std::string_view) override { return {}; }
  Result<std::string> read(std::chrono::milliseconds) override {
    if (at_ == answers_.size()) return error(Code::kUnavailable, "the connection was closed");
    return answers_[at_++];
  }

 private:
  std::vector<std::string> answers_;
  std::size_t at_ = 0;
};

TEST(WebSocketClient, AnswersThatAreNoUpgrade) {
  const auto open = [](std::vector<std::string> answers) {
    return WebSocketClient::open(std::make_unique<ScriptedStream>(std::move(answers)), {"h", "/t", {}});
  };
  auto refused = open({"HTTP/1.1 400 Bad Request\r\nContent-Le", "ngth: 5\r\n\r\npar", "se"});
  ASSERT_TRUE(refused.ok()) << refused.error().message;
  EXPECT_EQ((*refused)->status(), 400);
  EXPECT_EQ((*refused)->refusal_body(), "parse");
  EXPECT_FALSE(open({"SSH-2.0-OpenSSH\r\n\r\n"}).ok());
  EXPECT_FALSE(open({"HTTP/1.1"}).ok());
  const auto wrong = open({"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: no\r\n\r\n"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("no upgrade of this request"));
}

}  // namespace
}  // namespace trilobite::cli
