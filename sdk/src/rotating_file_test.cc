#include "rotating_file.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <zlib.h>

#include <gtest/gtest.h>

#include "temp_dir.h"

namespace trilobite::log {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class RotatingFileTest : public testing::Test {
 protected:
  std::unique_ptr<Sink> open(const Rotation& rotation) {
    auto sink = rotating_file_sink(path_, rotation, [this] { return now_ns_; });
    EXPECT_TRUE(sink.ok());
    return std::move(*sink);
  }
  // Names and contents of all files, oldest first, the current one last.
  std::vector<std::string> contents() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path_).parent_path())) {
      if (entry.path().filename() != "a.log") names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    std::vector<std::string> texts;
    for (const std::string& name : names) texts.push_back(dir_.read(name));
    texts.push_back(dir_.read("a.log"));
    return texts;
  }

  TempDir dir_;
  std::string path_ = dir_.file("a.log");
  std::int64_t now_ns_ = 86'400 * kSecond * 100 + 5'000;
};

using Texts = std::vector<std::string>;

TEST_F(RotatingFileTest, BySizeWithoutSplittingLines) {
  const auto sink = open({.bytes_max = 10});
  EXPECT_EQ(sink->write("12345\n678\n"), 0);  // just fits
  EXPECT_EQ(sink->write("abc\ndef\nghi\nlarger than the limit\nj\n"), 0);
  EXPECT_EQ(contents(), (Texts{"12345\n678\n", "abc\ndef\n", "ghi\n", "larger than the limit\n", "j\n"}));
}

TEST_F(RotatingFileTest, ByLinesCountedInAnOlderFileToo) {
  dir_.write("a.log", "1\n2\n");
  const auto sink = open({.lines_max = 3});
  EXPECT_EQ(sink->write("3\n4\n5\n6\n7\n"), 0);
  EXPECT_EQ(contents(), (Texts{"1\n2\n3\n", "4\n5\n6\n", "7\n"}));
}

TEST_F(RotatingFileTest, ByTime) {
  const auto sink = open({.interval_s = 3'600});
  EXPECT_EQ(sink->write("1\n"), 0);
  now_ns_ += 3'500 * kSecond;
  EXPECT_EQ(sink->write("2\n"), 0);
  now_ns_ += 200 * kSecond;
  EXPECT_EQ(sink->write("3\n"), 0);
  now_ns_ += 100'000 * kSecond;
  EXPECT_EQ(sink->write("4\n"), 0);
  EXPECT_EQ(contents(), (Texts{"1\n2\n", "3\n", "4\n"}));
}

TEST_F(RotatingFileTest, KeepsTheNewestFiles) {
  dir_.write("a.log.19690101T000000.000000Z", "ancient\n");
  dir_.write("a.log.notes", "somebody's own\n");
  const auto sink = open({.lines_max = 1, .files_max = 2});
  for (const char* line : {"1\n", "2\n", "3\n", "4\n"}) {
    EXPECT_EQ(sink->write(line), 0);
    now_ns_ += kSecond;
  }
  EXPECT_EQ(contents(), (Texts{"2\n", "3\n", "somebody's own\n", "4\n"}));
}

TEST_F(RotatingFileTest, CompressesOldFilesThoseOfAnEarlierProcessToo) {
  const std::string left = dir_.write("a.log.20200101T000000.000000Z", "left behind\n");
  {
    const auto sink = open({.lines_max = 1, .gzip = true});
    EXPECT_EQ(sink->write("1\n2\n"), 0);
  }
  const std::string name = dir_.file("a.log.19700411T000000.000005Z");
  for (const auto& [path, text] : {std::pair{left, std::string("left behind\n")}, {name, std::string("1\n")}}) {
    while (!std::filesystem::exists(path + ".gz") || std::filesystem::exists(path)) std::this_thread::yield();
    gzFile file = gzopen((path + ".gz").c_str(), "rb");
    char read[64];
    const int count = gzread(file, read, sizeof read);
    gzclose(file);
    ASSERT_GT(count, 0);
    EXPECT_EQ(std::string(read, static_cast<std::size_t>(count)), text);
  }
}

TEST_F(RotatingFileTest, AFolderThatIsMissingIsAnError) {
  auto sink = rotating_file_sink(dir_.file("none/a.log"), {.lines_max = 1}, [] { return std::int64_t{0}; });
  ASSERT_FALSE(sink.ok());
  EXPECT_NE(sink.error().find("No such file or directory"), std::string::npos);
}

}  // namespace
}  // namespace trilobite::log
