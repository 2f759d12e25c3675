// The style rules that a machine can check: the order of rooms, names of files, line length, words we do not use,
// a README in every room, and that no test sleeps to decide.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kSource = TRILOBITE_SOURCE_DIR;

// docs/architecture.md: a room includes only itself and rooms before it. Rooms of later versions keep their place.
constexpr std::array kRooms{"base",     "columnar",   "storage", "query",  "logs",  "metrics",
                            "traces",   "clickhouse", "ingest",  "agent", "scrape", "exporters",
                            "alerting", "analyze",    "api",     "server", "cli"};

std::size_t order_of(std::string_view room) {
  for (std::size_t i = 0; i < kRooms.size(); ++i) {
    if (room == kRooms[i]) return i;
  }
  return kRooms.size();
}

std::vector<fs::path> sources(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(kSource / folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".h" || extension == ".cc")) out.push_back(entry.path());
  }
  return out;
}

std::vector<fs::path> all_sources() {
  std::vector<fs::path> out;
  for (const char* folder : {"src", "sdk", "tests"}) {
    for (fs::path& path : sources(folder)) out.push_back(std::move(path));
  }
  return out;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::string place(const fs::path& path, std::size_t line) {
  return fmt::format("{}:{}", fs::relative(path, kSource).string(), line + 1);
}

// Characters, not bytes: a code point of UTF-8 counts once.
std::size_t width(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(Tidy, EveryFolderOfSrcIsAKnownRoom) {
  for (const auto& entry : fs::directory_iterator(kSource / "src")) {
    if (entry.is_directory()) {
      EXPECT_LT(order_of(entry.path().filename().string()), kRooms.size()) << entry.path();
    }
  }
}

TEST(Tidy, RoomsIncludeOnlyRoomsBeforeThem) {
  const std::regex include(R"re(^\s*#include "([a-z]+)/)re");
  for (const fs::path& path : sources("src")) {
    const std::string room = fs::relative(path, kSource / "src").begin()->string();
    const std::vector<std::string> lines = lines_of(path);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(lines[i], match, include) || match[1] == "trilobite") continue;
      EXPECT_LE(order_of(match[1].str()), order_of(room))
          << place(path, i) << ": " << room << " may not include " << match[1];
    }
  }
}

TEST(Tidy, TheSdkIncludesNothingOfSrc) {
  const std::regex include(R"re(^\s*#include "([a-z_]+)/)re");
  for (const fs::path& path : sources("sdk")) {
    const std::vector<std::string> lines = lines_of(path);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (std::regex_search(lines[i], match, include)) {
        EXPECT_EQ(order_of(match[1].str()), kRooms.size()) << place(path, i);
      }
    }
  }
}

TEST(Tidy, HeavyLibrariesStayOutOfHeaders) {
  const std::regex heavy(R"re(#include <(boost/(asio|beast)|simdjson|yaml-cpp|re2|curl|rapidjson|regex>|iostream>))re");
  for (const fs::path& path : all_sources()) {
    if (path.extension() != ".h") continue;
    const std::vector<std::string> lines = lines_of(path);
    for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_FALSE(std::regex_search(lines[i], heavy)) << place(path, i);
  }
}

TEST(Tidy, LinesAreShortAndClean) {
  for (const fs::path& path : all_sources()) {
    const std::vector<std::string> lines = lines_of(path);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      // A string that reads better in one piece may stick out.
      if (lines[i].find('"') == std::string::npos) {
        EXPECT_LE(width(lines[i]), 120u) << place(path, i);
      }
      EXPECT_EQ(lines[i].find('\t'), std::string::npos) << place(path, i) << ": tab";
      EXPECT_FALSE(!lines[i].empty() && lines[i].back() == ' ') << place(path, i) << ": trailing blank";
    }
  }
}

TEST(Tidy, FilesHoldOneIdea) {
  for (const fs::path& path : all_sources()) {
    if (path.filename().string().ends_with("_test.cc")) continue;
    EXPECT_LE(lines_of(path).size(), 800u) << fs::relative(path, kSource) << ": what is the second idea called?";
  }
}

TEST(Tidy, NoGatheringPlaces) {
  const std::set<std::string> refused{"utils", "util", "common", "helpers", "helper", "misc", "manager"};
  for (const fs::path& path : all_sources()) {
    EXPECT_FALSE(refused.contains(path.stem().string())) << path;
    EXPECT_FALSE(refused.contains(path.parent_path().filename().string())) << path;
  }
}

TEST(Tidy, HeadersAreGuardedByPragmaOnce) {
  for (const fs::path& path : all_sources()) {
    if (path.extension() != ".h") continue;
    const std::vector<std::string> lines = lines_of(path);
    EXPECT_NE(std::find(lines.begin(), lines.end(), "#pragma once"), lines.end()) << path;
  }
}

TEST(Tidy, EveryRoomHasAReadme) {
  for (const auto& entry : fs::directory_iterator(kSource / "src")) {
    if (entry.is_directory()) {
      EXPECT_TRUE(fs::exists(entry.path() / "README.md")) << entry.path();
    }
  }
  for (const char* folder : {"sdk", "web", "tests", "bench"})
    EXPECT_TRUE(fs::exists(kSource / folder / "README.md")) << folder;
}

TEST(Tidy, EnvironmentOfTheWorldIsPassedIn) {
  // Below agent/ nothing asks the system for the time; a test moves the clock.
  const std::regex now(R"re((system_clock|steady_clock)::now\(|[^_a-z.]time\((nullptr|NULL|0)\)|gettimeofday)re");
  for (const char* room : {"columnar", "storage", "query", "logs", "ingest"}) {
    for (const fs::path& path : sources(fs::path("src") / room)) {
      if (path.filename().string().ends_with("_test.cc")) continue;
      const std::vector<std::string> lines = lines_of(path);
      for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_FALSE(std::regex_search(lines[i], now)) << place(path, i);
    }
  }
}

}  // namespace
