// The agent as a whole, on real files: what is written arrives, once, whatever happens to files, server and process.
#include "agent/agent.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/default_config.h"
#include "agent/test_support.h"
#include "base/compress.h"

namespace trilobite::agent {
namespace {

using testing::append;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemoryServer;
using testing::overwrite;
using testing::TempFolder;
using ::testing::UnorderedElementsAre;
using testing::wait_until;

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() : files_(make_real_file_system()), server_(std::make_shared<MemoryServer>()) {
    std::filesystem::create_directory(folder_ / "logs");
  }

  std::string log(const std::string& name) const { return folder_ / ("logs/" + name); }

  void start(const std::string& pattern = "*.log", const std::string& more = "", const std::string& exclude = "") {
    std::string text =
        "scrape_configs:\n- job_name: test\n  static_configs:\n  - labels:\n      job: test\n      __path__: " +
        log(pattern) + "\n";
    if (!exclude.empty()) text += "      __path_exclude__: " + log(exclude) + "\n";
    text += more;
    auto config = parse_config(text, {.host = "here"});
    ASSERT_TRUE(config.ok()) << config.error().message;
    config->batch.wait = std::chrono::milliseconds(10);
    if (!positions_file_.empty()) config->positions.filename = positions_file_;
    config->positions.sync_period = std::chrono::milliseconds(20);
    auto agent = Agent::make(
        {.config = std::move(*config), .queue_directory = folder_ / "queue", .sinks = {{"server", server_}}}, *files_,
        clock_);
    ASSERT_TRUE(agent.ok()) << agent.error().message;
    agent_ = std::move(*agent);
    agent_->start();
  }
  void stop() { agent_.reset(); }
  bool arrived(std::size_t lines) {
    return wait_until([&] { return server_->lines().size() >= lines; });
  }

  TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<FileSystem> files_;
  std::shared_ptr<MemoryServer> server_;
  std::string positions_file_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(AgentTest, DeliversWhatIsThereAndWhatIsAppended) {
  append(log("a.log"), "one\ntwo\r\n");
  start();
  ASSERT_TRUE(arrived(2));
  append(log("a.log"), "three\n");
  ASSERT_TRUE(arrived(3));
  EXPECT_THAT(server_->lines(), ElementsAre("one", "two", "three"));
  const auto entries = server_->entries();
  EXPECT_EQ(entries[0].labels, "{filename=\"" + log("a.log") + "\", job=\"test\"}");
  EXPECT_LT(entries[0].time, entries[1].time);
  EXPECT_LT(entries[1].time, entries[2].time);
  EXPECT_EQ(agent_->status().lines_read, 3u);
  EXPECT_THAT(agent_->metrics().expfmt().text, HasSubstr("promtail_read_lines_total 3"));
}

TEST_F(AgentTest, FindsNewFilesAlsoInNewFolders) {
  start("**/*.log");
  append(log("later.log"), "a\n");
  ASSERT_TRUE(arrived(1));
  std::filesystem::create_directories(log("x/y"));
  append(log("x/y/deep.log"), "b\n");
  ASSERT_TRUE(arrived(2));
  EXPECT_THAT(server_->lines(), ElementsAre("a", "b"));
}

TEST_F(AgentTest, LeavesExcludedAndBinaryFilesAlone) {
  append(log("good.log"), "good\n");
  append(log("bad.debug.log"), "excluded\n");
  append(log("binary.log"), std::string("ELF\0\n", 5));
  start("*.log", "", "*.debug.log");
  ASSERT_TRUE(arrived(1));
  append(log("good.log"), "end\n");
  ASSERT_TRUE(arrived(2));
  EXPECT_THAT(server_->lines(), ElementsAre("good", "end"));
  bool told = false;
  for (const TargetStatus& target : agent_->status().targets) told |= target.error.find("binary") != std::string::npos;
  EXPECT_TRUE(told);
}

TEST_F(AgentTest, WaitsForTheEndOfALine) {
  append(log("a.log"), "first\nhal");
  start();
  ASSERT_TRUE(arrived(1));
  append(log("a.log"), "f\n");
  ASSERT_TRUE(arrived(2));
  EXPECT_THAT(server_->lines(), ElementsAre("first", "half"));
}

TEST_F(AgentTest, HalfALineIsReadWholeAfterARestart) {
  append(log("a.log"), "first\nhal");
  start();
  ASSERT_TRUE(arrived(1));
  stop();
  append(log("a.log"), "f\n");
  start();
  ASSERT_TRUE(arrived(2));
  EXPECT_THAT(server_->lines(), ElementsAre("first", "half"));
}

TEST_F(AgentTest, FollowsAFileThatIsRenamedToItsEnd) {
  append(log("a.log"), "1\n");
  start();
  ASSERT_TRUE(arrived(1));
  std::filesystem::rename(log("a.log"), log("a.log.1"));
  append(log("a.log.1"), "2\n");  // the daemon has not reopened yet
  append(log("a.log"), "3\n");
  ASSERT_TRUE(arrived(3));
  append(log("a.log.1"), "4\n");
  append(log("a.log"), "5\n");
  ASSERT_TRUE(arrived(5));
  EXPECT_THAT(server_->lines(), UnorderedElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(AgentTest, ARenamedFileThatThePatternStillFindsIsNotReadAgain) {
  append(log("a.log"), "1\n");
  start("a.log*");
  ASSERT_TRUE(arrived(1));
  std::filesystem::rename(log("a.log"), log("a.log.1"));
  append(log("a.log"), "2\n");
  ASSERT_TRUE(arrived(2));
  stop();
  append(log("a.log.1"), "3\n");
  start("a.log*");
  ASSERT_TRUE(arrived(3));
  EXPECT_THAT(server_->lines(), ElementsAre("1", "2", "3"));
}

TEST_F(AgentTest, ReadsTheRestOfAFileThatWasRotatedWhileAway) {
  append(log("a.log"), "1\n");
  start();
  ASSERT_TRUE(arrived(1));
  stop();
  append(log("a.log"), "2\n");
  std::filesystem::rename(log("a.log"), log("a.log.1"));
  append(log("a.log"), "3\n");
  start();
  ASSERT_TRUE(arrived(3));
  EXPECT_THAT(server_->lines(), UnorderedElementsAre("1", "2", "3"));
  for (const auto& entry : server_->entries()) EXPECT_THAT(entry.labels, HasSubstr("a.log\""));
}

TEST_F(AgentTest, StartsAgainAfterTruncation) {
  append(log("a.log"), "old 1\nold 2\n");
  start();
  ASSERT_TRUE(arrived(2));
  overwrite(log("a.log"), "new\n");
  ASSERT_TRUE(arrived(3));
  EXPECT_THAT(server_->lines(), ElementsAre("old 1", "old 2", "new"));
}

TEST_F(AgentTest, NoticesATruncatedFileThatHasGrownPastThePosition) {
  append(log("a.log"), "old\n");
  start();
  ASSERT_TRUE(arrived(1));
  stop();
  overwrite(log("a.log"), "new 1\nnew 2\n");
  start();
  ASSERT_TRUE(arrived(3));
  EXPECT_THAT(server_->lines(), ElementsAre("old", "new 1", "new 2"));
}

TEST_F(AgentTest, ReadsTheRestOfADeletedFile) {
  append(log("a.log"), "1\n");
  start();
  ASSERT_TRUE(arrived(1));
  std::ofstream writer(log("a.log"), std::ios::app);
  std::filesystem::remove(log("a.log"));
  writer << "2\n" << std::flush;
  ASSERT_TRUE(arrived(2));
  EXPECT_THAT(server_->lines(), ElementsAre("1", "2"));
}

TEST_F(AgentTest, ReadsCompressedFilesOnce) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i) + "\n";
  overwrite(log("old.gz"), gzip_compress(text) + gzip_compress("last, without an end"));
  start("*.gz");
  ASSERT_TRUE(arrived(50'000));
  stop();
  start("*.gz");
  append(log("other.gz"), gzip_compress("more\n"));
  ASSERT_TRUE(wait_until([&] { return server_->lines().back() == "more"; }));
  EXPECT_EQ(server_->lines()[49'999], "line 49999");
  EXPECT_EQ(server_->lines().size(), 50'001u);
}

TEST_F(AgentTest, EachLineOnceAcrossRestarts) {
  std::vector<std::string> expected;
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 100; ++i) {
      expected.push_back("round " + std::to_string(round) + " line " + std::to_string(i));
      append(log("a.log"), expected.back() + "\n");
    }
    if (round % 2 == 0) server_->lose_answers(2);
    start();
    ASSERT_TRUE(arrived(expected.size() - (round % 3 == 0 ? 50 : 0)));
    stop();
  }
  start();
  ASSERT_TRUE(arrived(expected.size()));
  stop();
  EXPECT_EQ(server_->lines(), expected);
}

TEST_F(AgentTest, WhatTheServerMissedIsDeliveredWhenItIsBack) {
  server_->set_away(true);
  append(log("a.log"), "1\n");
  start();
  ASSERT_TRUE(wait_until([&] { return server_->requests() > 0; }));
  EXPECT_EQ(agent_->status().clients[0].error, "away");
  agent_->stop(std::chrono::seconds(0));
  stop();
  std::filesystem::remove(log("a.log"));  // it is in the queue
  start();
  server_->set_away(false);
  ASSERT_TRUE(arrived(1));
  EXPECT_THAT(server_->lines(), ElementsAre("1"));
}

TEST_F(AgentTest, ARefusedBatchIsDroppedAndCounted) {
  server_->refuse(1);
  append(log("a.log"), "bad\n");
  start();
  ASSERT_TRUE(wait_until([&] { return agent_->status().batches_refused == 1; }));
  append(log("a.log"), "good\n");
  ASSERT_TRUE(arrived(1));
  EXPECT_THAT(server_->lines(), ElementsAre("good"));
}

TEST_F(AgentTest, ReadingWaitsWhileTheQueueIsFull) {
  constexpr int kLines = 5'000;
  server_->set_away(true);
  std::string text;
  // Long lines fill the queue with few of them, which sanitizers take their time for.
  for (int i = 0; i < kLines; ++i) {
    text += std::to_string(i);
    for (int part = 0; part < 8; ++part) text += " " + std::to_string(hash64(fmt::format("{} {}", i, part)));
    text += "\n";
  }
  for (int file = 0; file < 8; ++file) append(log(std::to_string(file) + ".log"), text);
  start("*.log", "queue: {bytes_max: 1MB}\n");
  ASSERT_TRUE(wait_until([&] { return agent_->status().queue_full; }));
  EXPECT_LT(agent_->status().lines_read, 8u * kLines);
  EXPECT_LT(agent_->status().queue_bytes, 4u << 20);
  server_->set_away(false);
  ASSERT_TRUE(arrived(8u * kLines));
  const auto lines = server_->lines();
  EXPECT_EQ(lines.size(), 8u * kLines);
}

TEST_F(AgentTest, LongLinesAreCutOrDropped) {
  append(log("a.log"), std::string(5000, 'x') + "\nshort\n");
  start("*.log", "limits_config: {max_line_size: 1000, max_line_size_truncate: true}\n");
  ASSERT_TRUE(arrived(2));
  EXPECT_EQ(server_->lines()[0], std::string(1000, 'x'));
  stop();
  append(log("a.log"), std::string(5000, 'y') + "\nend\n");
  start("*.log", "limits_config: {max_line_size: 1000}\n");
  ASSERT_TRUE(arrived(3));
  EXPECT_EQ(server_->lines()[2], "end");
  EXPECT_EQ(agent_->status().lines_dropped, 1u);
}

TEST_F(AgentTest, ALineWithoutAnEndDoesNotFillTheMemory) {
  append(log("a.log"), std::string(3'000'000, 'x'));
  start();
  ASSERT_TRUE(arrived(1));
  append(log("a.log"), "xx\nnext\n");
  ASSERT_TRUE(arrived(2));
  EXPECT_EQ(server_->lines()[0].size(), 1024u * 1024u);
  EXPECT_EQ(server_->lines()[1], "next");
}

TEST_F(AgentTest, JoinsLinesAndReadsAnUnfinishedBlockAgainAfterARestart) {
  const std::string stages = "  pipeline_stages:\n  - multiline: {firstline: '^\\S', max_wait_time: 10m}\n";
  append(log("a.log"), "A\n  1\nB\n  2\n");
  start("*.log", stages);
  ASSERT_TRUE(arrived(1));
  stop();
  append(log("a.log"), "  3\nC\n");
  start("*.log", stages);
  ASSERT_TRUE(arrived(2));
  EXPECT_THAT(server_->lines(), ElementsAre("A\n  1", "B\n  2\n  3"));
}

TEST_F(AgentTest, ABlockIsGivenWhenNothingFollows) {
  append(log("a.log"), "A\n  1\n");
  start("*.log", "  pipeline_stages:\n  - multiline: {firstline: '^\\S', max_wait_time: 20ms}\n");
  ASSERT_TRUE(arrived(1));
  EXPECT_THAT(server_->lines(), ElementsAre("A\n  1"));
}

TEST_F(AgentTest, GoesOnWherePromtailStopped) {
  append(log("a.log"), "old\nnew\n");
  positions_file_ = folder_ / "positions.yaml";
  overwrite(positions_file_, "positions:\n  " + log("a.log") + ": \"4\"\n  cursor-journal: s=1\n");
  start();
  ASSERT_TRUE(arrived(1));
  stop();
  EXPECT_THAT(server_->lines(), ElementsAre("new"));
  std::ifstream file(positions_file_);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, "positions:\n  \"" + log("a.log") + "\": \"8\"\n");
}

// The positions file holds offsets by path; after a rotation the path is another file, to be read from its start.
TEST_F(AgentTest, AFileAfterARotationIsReadWholeAlthoughThePositionsFileNamesItsPath) {
  append(log("a.log"), "first file, a long line\n");
  positions_file_ = folder_ / "positions.yaml";
  start();
  ASSERT_TRUE(arrived(1));
  stop();
  std::filesystem::rename(log("a.log"), log("a.log.1"));
  append(log("a.log"), "second file, one\nsecond file, two\n");
  start();
  ASSERT_TRUE(arrived(3));
  EXPECT_THAT(server_->lines(),
              UnorderedElementsAre("first file, a long line", "second file, one", "second file, two"));
}

TEST_F(AgentTest, TenantsHaveBatchesOfTheirOwn) {
  append(log("a.log"), "t1 a\nt2 b\nt1 c\n");
  start("*.log", "  pipeline_stages:\n  - regex: {expression: '^(?P<t>\\S+)'}\n  - tenant: {source: t}\n");
  ASSERT_TRUE(arrived(3));
  for (const auto& entry : server_->entries()) {
    EXPECT_EQ(entry.tenant, entry.line.substr(0, 2));
    EXPECT_EQ(entry.labels.find("tenant"), std::string::npos);
  }
}

TEST_F(AgentTest, ASecondAgentOnTheSameQueueIsRefused) {
  start();
  auto config = parse_config("scrape_configs: []\n", {});
  auto second = Agent::make(
      {.config = std::move(*config), .queue_directory = folder_ / "queue", .sinks = {{"s", server_}}}, *files_, clock_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kExists);
}

TEST_F(AgentTest, AnUnreadableFileIsToldAndReadLater) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  append(log("a.log"), "1\n");
  ::chmod(log("a.log").c_str(), 0);
  start();
  ASSERT_TRUE(wait_until([&] { return !agent_->status().targets.empty(); }));
  EXPECT_THAT(agent_->status().targets[0].error, HasSubstr("Permission denied"));
  ::chmod(log("a.log").c_str(), 0600);
  ASSERT_TRUE(arrived(1));
}

TEST_F(AgentTest, TheDefaultConfigurationCollectsAMachinesLogs) {
  std::filesystem::create_directories(log("nginx"));
  std::filesystem::create_directories(log("journal/id"));
  append(log("nginx/access.log"), "1.2.3.4 - - [15/Jan/2020:09:00:00 +0000] \"GET /\"\n");
  append(log("syslog"), "Jan 15 09:00:00 host x\n");
  append(log("syslog.1"), "rotated\n");
  append(log("app.log.2.gz"), gzip_compress("old\n"));
  append(log("wtmp"), std::string("\0\1", 2));
  append(log("journal/id/system.log"), "not for us\n");
  append(folder_ / "own.log",
         "2020-01-15T09:00:00.5Z  WARN trilobite::x: hot\n{\"time\":\"2020-01-15T09:00:01Z\",\"level\":\"INFO\"}\n");
  auto config = default_config({.own_log = folder_ / "own.log", .log_folder = folder_ / "logs", .journal = false});
  auto agent = Agent::make({.config = config, .queue_directory = folder_ / "queue", .sinks = {{"server", server_}}},
                           *files_, clock_);
  ASSERT_TRUE(agent.ok()) << agent.error().message;
  (*agent)->start();
  ASSERT_TRUE(arrived(4));
  (*agent)->stop();
  std::map<std::string, std::int64_t> times;
  for (const auto& entry : server_->entries()) times[entry.labels] = entry.time;
  ASSERT_EQ(times.size(), 4u);
  EXPECT_EQ(times["{filename=\"" + log("nginx/access.log") + "\", job=\"varlogs\"}"], 1579078800'000000000);
  EXPECT_EQ(times["{filename=\"" + (folder_ / "own.log") + "\", job=\"trilobite\", level=\"WARN\"}"],
            1579078800'500000000);
  EXPECT_EQ(times["{filename=\"" + (folder_ / "own.log") + "\", job=\"trilobite\", level=\"INFO\"}"],
            1579078801'000000000);
}

TEST_F(AgentTest, LinksToFilesAreFollowed) {
  std::filesystem::create_directory(folder_ / "elsewhere");
  append(folder_ / "elsewhere/real.txt", "1\n");
  std::filesystem::create_symlink(folder_ / "elsewhere/real.txt", log("link.log"));
  start();
  ASSERT_TRUE(arrived(1));
  append(folder_ / "elsewhere/real.txt", "2\n");
  ASSERT_TRUE(arrived(2));
  EXPECT_THAT(server_->lines(), ElementsAre("1", "2"));
}

}  // namespace
}  // namespace trilobite::agent
