// A reader with a few blocks in memory finds of a file just what one does that has all of it: frames of every size,
// torn ends, damage in the middle, wrong lengths.
#include "storage/frame_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "base/simulated_file_system.h"

namespace trilobite::storage {
namespace {

constexpr std::uint64_t kSalt = 0x1234567;

std::string noise(std::mt19937_64& random, std::size_t bytes) {
  std::string out(bytes, '\0');
  for (char& byte : out) byte = static_cast<char>(random());
  return out;
}

std::string make_log(std::mt19937_64& random) {
  std::string out = frame_log_header(FrameLogKind::kSegment, kSalt, 77);
  for (std::uint64_t left = 3 + random() % 20; left > 0; --left) {
    // Now and then one that is larger than the blocks that files are read in.
    const std::size_t bytes = random() % 6 == 0 ? random() % 700'000 : random() % 3000;
    append_frame(out, kSalt, out.size(), noise(random, bytes));
  }
  return out;
}

void inflict(std::string& log, std::mt19937_64& random) {
  const std::size_t at = random() % log.size();
  switch (random() % 5) {
    case 0: break;
    case 1: log.resize(at); break;
    case 2: log[at] = static_cast<char>(log[at] ^ 1); break;
    case 3: log.replace(at, std::min<std::size_t>(600, log.size() - at), 600, '\0'); break;
    default: log += noise(random, random() % 2000);
  }
}

void expect_the_same(const std::string& log, const std::string& where) {
  SimulatedFileSystem files;
  files.write_durable("log", log);
  auto file = files.open("log");
  ASSERT_TRUE(file.ok());
  auto want = read_frame_log(FrameLogKind::kSegment, log);
  auto reader = FrameLogReader::open(FrameLogKind::kSegment, **file);
  ASSERT_EQ(reader.ok(), want.ok()) << where;
  if (!want.ok()) {
    EXPECT_EQ(reader.error().message, want.error().message) << where;
    return;
  }
  EXPECT_EQ((*reader)->found().previous_bytes, want->previous_bytes) << where << ": known from the beginning";
  for (const std::string_view frame : want->frames) {
    auto next = (*reader)->next();
    ASSERT_TRUE(next.ok() && *next) << where;
    ASSERT_TRUE(**next == frame) << where;
  }
  auto end = (*reader)->next();
  ASSERT_TRUE(end.ok() && !*end) << where;
  const FrameLogContent& found = (*reader)->found();
  EXPECT_EQ(found.unused, want->unused) << where;
  EXPECT_EQ(found.torn, want->torn) << where;
  EXPECT_EQ(found.bytes_valid, want->bytes_valid) << where;
  ASSERT_EQ(found.damage.size(), want->damage.size()) << where;
  for (std::size_t i = 0; i < found.damage.size(); ++i) {
    EXPECT_EQ(found.damage[i].offset, want->damage[i].offset) << where;
    EXPECT_EQ(found.damage[i].bytes, want->damage[i].bytes) << where;
    EXPECT_EQ(found.damage[i].repaired, want->damage[i].repaired) << where;
  }
}

TEST(FrameLogReader, FindsWhatReadingTheWholeFileFinds) {
  for (std::uint64_t seed = 0; seed < 150 && !testing::Test::HasFailure(); ++seed) {
    std::mt19937_64 random(seed);
    std::string log = make_log(random);
    for (std::uint64_t times = random() % 3; times > 0 && !log.empty(); --times) inflict(log, random);
    expect_the_same(log, fmt::format("seed {}", seed));
  }
}

// A disk that fails after some reads.
class FailingFile final : public ReadableFile {
 public:
  FailingFile(std::string content, int reads) : content_(std::move(content)), reads_(reads) {}
  std::uint64_t size() const override { return content_.size(); }
  Result<std::string> read(std::uint64_t offset, std::size_t length) const override {
    if (reads_-- == 0) return error(Code::kIo, "device error");
    return content_.substr(static_cast<std::size_t>(offset), length);
  }

 private:
  const std::string content_;
  mutable int reads_;
};

TEST(FrameLogReader, TellsWhenTheDiskCannotBeRead) {
  std::mt19937_64 random(1);
  std::string log = make_log(random);
  append_frame(log, kSalt, log.size(), noise(random, 1'000'000));
  log += "bad bytes";
  bool ended_well = false;
  for (int reads = 0; !ended_well; ++reads) {
    const FailingFile file(log, reads);
    auto reader = FrameLogReader::open(FrameLogKind::kSegment, file);
    if (!reader.ok()) {
      EXPECT_EQ(reader.error().code, Code::kIo);
      continue;
    }
    for (;;) {
      auto next = (*reader)->next();
      if (next.ok() && *next) continue;
      ended_well = next.ok();
      EXPECT_TRUE(next.ok() || next.error().code == Code::kIo);
      break;
    }
  }
}

}  // namespace
}  // namespace trilobite::storage
