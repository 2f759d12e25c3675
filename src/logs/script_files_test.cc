// The scripts in tests/logql, each with several sizes of blocks, with filters applied here and there, and over lines as
// they are and split into templates.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "logs/query_script_test.h"

namespace trilobite::logql {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(TRILOBITE_SOURCE_DIR) / "tests" / "logql";

std::vector<std::string> script_names() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".test") out.push_back(entry.path().stem().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

class ScriptFile : public ::testing::TestWithParam<std::string> {};

TEST_P(ScriptFile, Holds) {
  std::ifstream file(kFolder / (GetParam() + ".test"));
  std::stringstream script;
  script << file.rdbuf();
  ASSERT_FALSE(script.str().empty());
  for (const bool apply : {false, true}) {
    for (const std::size_t block_rows : {1u, 3u, 1000u}) {
      for (const bool split : {false, true}) {
        QueryScript runner({apply, block_rows, split});
        for (const std::string& difference : runner.run(script.str())) {
          ADD_FAILURE() << (apply ? "store" : "pipeline") << " applies filters, " << block_rows << " rows a block, "
                        << (split ? "split lines: " : "whole lines: ") << difference;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Logql, ScriptFile, ::testing::ValuesIn(script_names()),
                         [](const auto& test) { return test.param; });

// The runner itself: what is wrong is said, and a script that says nothing true fails.
TEST(QueryScript, SaysWhatDiffers) {
  const auto run = [](std::string_view script) { return QueryScript({}).run(script); };
  constexpr const char* kLoad = "load {a=\"b\"} from 1s every 1s\n  x\n";
  EXPECT_TRUE(run(std::string(kLoad) + "eval logs forward limit 1 {a=\"b\"}\n  {a=\"b\"} 1s x\n").empty());
  EXPECT_EQ(run(std::string(kLoad) + "eval logs forward limit 1 {a=\"b\"}\n  {a=\"b\"} 1s y\n").size(), 1u);
  EXPECT_EQ(run(std::string(kLoad) + "eval logs forward limit 1 {a=\"b\"}\n").size(), 1u);
  EXPECT_EQ(run("eval instant at 1s vector(1)\n  {} 2\n").size(), 1u);
  EXPECT_EQ(run("eval instant at 1s vector(1)\n  expect fail parse\n").size(), 1u);
  EXPECT_EQ(run("eval instant at 1s vector(\n  {} 1\n").size(), 1u);
  for (const char* wrong : {"eval instant at x vector(1)\n", "eval sometimes 1\n", "set extensions\n", "  x\n",
                            "load {a=\"b\"\n  x\n", "load {a=\"b\"} since 1s\n  x\n", "eval logs forward 3 {a=\"b\"}\n"}) {
    const auto differences = run(wrong);
    ASSERT_EQ(differences.size(), 1u) << wrong;
    EXPECT_TRUE(differences[0].starts_with("cannot read ")) << differences[0];
  }
}

}  // namespace
}  // namespace trilobite::logql
