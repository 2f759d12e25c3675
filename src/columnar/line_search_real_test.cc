// Searching encoded blocks of lines as services write them gives what searching their text gives.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "columnar/line_search.h"

namespace trilobite::columnar {
namespace {

using Random = std::mt19937_64;

std::string hex(Random& random, std::size_t digits) {
  std::string out;
  while (out.size() < digits) out += fmt::format("{:016x}", random());
  return out.substr(0, digits);
}

std::string uuid(Random& random) {
  std::string out = hex(random, 32);
  for (const std::size_t at : {20, 16, 12, 8}) out.insert(at, "-");
  return out;
}

std::string json_line(Random& random) {
  const char* levels[] = {"INFO", "WARN", "ERROR"};
  const char* messages[] = {"selected worker {} with overlap {} blocks", "request {} took {}ms",
                            "stra\xC3\x9F" "e {} {}"};
  const std::string message = fmt::format(fmt::runtime(messages[random() % 3]), random() % 64, random() % 5000);
  return fmt::format(
      R"({{"time":"2026-01-15T{:02}:{:02}:{:02}.{:06}Z","level":"{}","message":"{}","trace_id":"{}","request":"{}",)"
      R"("worker":{},"ttft_ms":{:.3f},"ok":{},"tags":["a",{}]}})",
      random() % 24, random() % 60, random() % 60, random() % 1'000'000, levels[random() % 3], message, hex(random, 32),
      uuid(random), 7'587'000 + random() % 1000, static_cast<double>(random() % 100'000) / 1e3,
      random() % 2 ? "true" : "null", random() % 3);
}

std::string logfmt_line(Random& random) {
  return fmt::format(R"(ts=2026-01-15T00:00:{:02}.{:03}Z level={} msg="query \"{}\" done" took={}.{:03}ms user=u{:05})",
                     random() % 60, random() % 1000, random() % 5 ? "info" : "warn", random() % 900, random() % 500,
                     random() % 1000, random() % 20'000);
}

std::string nginx_line(Random& random) {
  const char* paths[] = {"/v1/models", "/health", "/static/app.js"};
  return fmt::format(R"(10.{}.{}.{} - - [15/Jan/2026:00:{:02}:07 +0000] "GET {}?id={} HTTP/1.1" {} {} "-" "curl/8")",
                     random() % 4, random() % 256, random() % 256, random() % 60, paths[random() % 3], hex(random, 8),
                     random() % 9 ? 200 : 404, random() % 10'000);
}

std::string text_line(Random& random) {
  switch (random() % 4) {
    case 0: return fmt::format("Jan {} kernel[{}]: eth{}: link is up", random() % 31, random() % 9999, random() % 4);
    case 1: return fmt::format("disk {}% full on node-{:03} ({})", random() % 100, random() % 300, hex(random, 16));
    case 2: return fmt::format("  at f{}() {} {}", random() % 3, random(), std::string(random() % 30, 'x'));
    default: return hex(random, random() % 40);
  }
}

StringColumn lines_of(Random& random, std::size_t rows) {
  using Make = std::string (*)(Random&);
  constexpr Make kMakers[] = {json_line, logfmt_line, nginx_line, text_line};
  const std::size_t form = random() % 6;  // one of them, or all mixed
  StringColumn out;
  while (out.size() < rows) out.push_back(kMakers[form < 4 ? form : random() % 4](random));
  return out;
}

std::shared_ptr<const LineBlock> open(const EncodedLines& encoded, const StringColumn& text) {
  LineSource source;
  source.read = [&encoded](std::uint64_t offset, std::size_t bytes) -> Result<std::string> {
    return encoded.bytes.substr(offset, bytes);
  };
  auto block = open_lines(std::string_view(encoded.bytes).substr(0, encoded.header_bytes),
                          {.rows = text.size(), .bytes_max = text.bytes.size()}, std::move(source));
  CHECK(block.ok());
  return *block;
}

std::string random_needle(Random& random, const StringColumn& lines) {
  const std::string_view line = lines[random() % lines.size()];
  if (line.empty()) return "a";
  const std::size_t longest = random() % 4 == 0 ? 4 : 60;
  std::string needle(line.substr(random() % line.size(), 1 + random() % longest));
  if (random() % 3 == 0) needle[random() % needle.size()] = static_cast<char>("0a-. e:Z\""[random() % 9]);
  if (random() % 10 == 0) {
    for (char& c : needle) c = static_cast<char>(std::isalpha(static_cast<unsigned char>(c)) ? c ^ 0x20 : c);
  }
  return needle;
}

void check(const Predicate& predicate, const Templates& lines, const Column& text, RowSelection rows) {
  RowSelection want = rows;
  want.make_explicit();
  select_rows(predicate, text, want.rows());
  const auto status = select_lines(predicate, lines, rows);
  ASSERT_TRUE(status.ok()) << status.error().message;
  rows.make_explicit();
  ASSERT_EQ(rows.rows(), want.rows()) << testing::PrintToString(predicate.needles) << " fold " << predicate.fold_case;
  const auto may = may_have_line(predicate, lines);
  ASSERT_TRUE(may.ok());
  ASSERT_TRUE(*may || want.rows().empty()) << testing::PrintToString(predicate.needles);
}

TEST(LineSearchReal, AgreesWithTheText) {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    const StringColumn strings = lines_of(random, 1 + random() % (round % 10 == 0 ? 5000 : 500));
    const Column text(strings);
    const EncodedLines encoded = encode_lines(text, {}, 1);
    auto block = open(encoded, strings);
    for (int i = 0; i < 100; ++i) {
      if (i % 20 == 0) block = open(encoded, strings);  // nothing decoded
      Predicate predicate;
      predicate.op = random() % 3 == 0 ? Predicate::Op::kContainsNone : Predicate::Op::kContainsAny;
      predicate.fold_case = random() % 5 == 0;
      for (std::size_t n = 1 + (random() % 8 == 0 ? random() % 3 : 0); n-- > 0;)
        predicate.needles.push_back(random_needle(random, strings));
      RowSelection rows(strings.size());
      if (random() % 3 == 0) {
        rows.make_explicit();
        const unsigned one_in = 1 + random() % 100;
        std::erase_if(rows.rows(), [&](std::uint32_t) { return random() % one_in != 0; });
      }
      check(predicate, block->lines(), text, rows);
      if (HasFatalFailure()) FAIL() << "round " << round;
    }
  }
}

// What was not read cannot be known to be missing: a page that is damaged is an error, not an answer.
TEST(LineSearchReal, DamagedPagesAreErrors) {
  Random random(4);
  StringColumn strings;
  while (strings.size() < 2000) strings.push_back(json_line(random));
  const Column text(strings);
  EncodedLines encoded = encode_lines(text, {}, 1);
  for (std::size_t at = encoded.header_bytes; at < encoded.bytes.size(); at += 997) encoded.bytes[at] ^= 1;
  const auto block = open(encoded, strings);
  RowSelection rows(strings.size());
  const auto status = select_lines({"", Predicate::Op::kContainsAny, {"0a1b2c"}}, block->lines(), rows);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace trilobite::columnar
