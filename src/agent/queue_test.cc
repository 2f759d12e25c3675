// The queue loses nothing and repeats nothing: the power is cut at every operation, operations fail, bytes rot.
#include "agent/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/simulated_file_system.h"

namespace trilobite::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kFolder = "/queue";

QueueOptions options(std::vector<std::string> clients = {"c"}) {
  return {
      .directory = std::string(kFolder), .clients = std::move(clients), .bytes_max = 1u << 20, .segment_bytes = 300};
}

// What a server keeps: a repeated body counts once.
class Server {
 public:
  void take(const Commit& commit) {
    for (const Push& push : commit.pushes) {
      if (!bodies_.insert(push.body).second) continue;
      std::string_view rest = push.body;
      while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        ++lines_[std::string(rest.substr(0, rest.find('@')))];
        rest.remove_prefix(end + 1);
      }
    }
  }
  const std::map<std::string, int>& lines() const { return lines_; }

 private:
  std::set<std::string> bodies_;
  std::map<std::string, int> lines_;
};

constexpr int kLines = 30;
constexpr int kLinesPerCommit = 3;

// Reads a source of kLines lines through the queue, as the collector and a sender do. Each read stamps its lines anew,
// as read times would, so only the queue can keep a line from being stored twice. False: the disk failed on the way.
bool run(FileSystem& files, Server& server, int attempt) {
  auto queue = Queue::open(files, options());
  if (!queue.ok()) return false;
  const auto send = [&](std::size_t most) {
    for (std::size_t i = 0; i < most; ++i) {
      auto next = (*queue)->next(0, std::chrono::nanoseconds(0));
      if (!next.ok()) return false;
      if (*next == nullptr) return true;
      server.take((*next)->commit);
      (*queue)->acknowledge(0, (*next)->sequence);
    }
    return true;
  };
  const auto at = (*queue)->positions().find("source");
  int line = at == (*queue)->positions().end() ? 0 : std::stoi(at->second);
  for (int round = 0; line < kLines; ++round) {
    std::string body;
    for (int i = 0; i < kLinesPerCommit; ++i) body += fmt::format("{}@{}\n", line + i, attempt);
    Commit commit{{{"", body}}, {{"source", std::to_string(line + kLinesPerCommit)}}};
    if (!(*queue)->append(commit).ok()) {
      // As the collector does: once more, with the same commit.
      if (!(*queue)->append(commit).ok()) return false;
    }
    line += kLinesPerCommit;
    if (round % 2 == 1 && !send(2)) return false;
    if (round % 3 == 2 && !(*queue)->save_marks().ok()) return false;
  }
  return send(1000) && (*queue)->save_marks().ok();
}

void expect_each_line_once(const Server& server) {
  EXPECT_EQ(server.lines().size(), static_cast<std::size_t>(kLines));
  for (const auto& [line, count] : server.lines()) EXPECT_EQ(count, 1) << "line " << line;
}

TEST(Queue, EachLineOnceWhenThePowerIsCutAtAnyOperation) {
  SimulatedFileSystem undisturbed;
  Server first;
  ASSERT_TRUE(run(undisturbed, first, 0));
  expect_each_line_once(first);
  const std::uint64_t operations = undisturbed.operations();
  ASSERT_GT(operations, 30u);
  for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepUnsynced, CrashMode::kTear}) {
    for (std::uint64_t cut = 0; cut < operations; ++cut) {
      SimulatedFileSystem files;
      Server server;
      files.cut_power_at(cut);
      int attempt = 0;
      while (!run(files, server, attempt) && attempt < 3) {
        files.crash(mode, cut + 1);
        // The second power cut comes during recovery.
        if (++attempt == 1) files.cut_power_at(files.operations() + cut % 5);
      }
      SCOPED_TRACE(fmt::format("mode {}, cut at operation {}", static_cast<int>(mode), cut));
      expect_each_line_once(server);
      if (HasFailure()) return;
    }
  }
}

TEST(Queue, EachLineOnceWhenAnyOperationFailsOnce) {
  SimulatedFileSystem undisturbed;
  Server first;
  ASSERT_TRUE(run(undisturbed, first, 0));
  for (const Code code : {Code::kNoSpace, Code::kIo}) {
    for (std::uint64_t number = 0; number < undisturbed.operations(); ++number) {
      SimulatedFileSystem files;
      Server server;
      files.fail_at(number, code);
      for (int attempt = 0; attempt < 3 && !run(files, server, attempt); ++attempt) files.clear_faults();
      SCOPED_TRACE(fmt::format("operation {} fails", number));
      expect_each_line_once(server);
      if (HasFailure()) return;
    }
  }
}

TEST(Queue, AFullDiskIsToldAndGoesOnLater) {
  SimulatedFileSystem files;
  auto queue = *Queue::open(files, options());
  const Commit commit{{{"", std::string(100, 'x')}}, {{"k", "v"}}};
  files.set_capacity(50);
  auto failed = queue->append(commit);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, Code::kNoSpace);
  EXPECT_THAT(failed.error().message, HasSubstr("cannot write the queue"));
  EXPECT_TRUE(queue->positions().empty());
  files.set_capacity(1u << 20);
  EXPECT_TRUE(queue->append(commit).ok());
  EXPECT_EQ((*queue->next(0, std::chrono::nanoseconds(0)))->commit.pushes[0].body, commit.pushes[0].body);
}

TEST(Queue, EveryClientGetsEverythingAndKeepsItsPlace) {
  SimulatedFileSystem files;
  {
    auto queue = *Queue::open(files, options({"a", "b"}));
    for (int i = 1; i <= 3; ++i) ASSERT_TRUE(queue->append({{{"t", std::to_string(i)}}, {}}).ok());
    for (int i = 1; i <= 2; ++i) queue->acknowledge(0, static_cast<std::uint64_t>(i));
    ASSERT_TRUE(queue->save_marks().ok());
    EXPECT_FALSE(queue->drained());
  }
  auto queue = *Queue::open(files, options({"a", "b", "new"}));
  const auto body = [&](std::size_t client) {
    return (*queue->next(client, std::chrono::nanoseconds(0)))->commit.pushes[0].body;
  };
  EXPECT_EQ(body(0), "3");
  EXPECT_EQ(body(1), "1");
  EXPECT_EQ(body(2), "1");
}

TEST(Queue, SegmentsThatEverybodyHasAreDeleted) {
  SimulatedFileSystem files;
  auto queue = *Queue::open(files, options());
  for (std::uint64_t i = 1; i <= 100; ++i) {
    // Text that does not compress, or segments would never fill.
    std::string body;
    for (int k = 0; k < 20; ++k) body += std::to_string(i * 7919 + static_cast<std::uint64_t>(k) * 104729);
    ASSERT_TRUE(queue->append({{{"", body}}, {{"p", std::to_string(i)}}}).ok());
    queue->acknowledge(0, i);
    ASSERT_TRUE(queue->save_marks().ok());
  }
  EXPECT_LT(files.list(std::string(kFolder))->size(), 5u);
  queue.reset();
  queue = *Queue::open(files, options());
  EXPECT_EQ(queue->positions().at("p"), "100");
  EXPECT_TRUE(queue->drained());
}

TEST(Queue, IsFullUntilSomebodyTakesSomething) {
  SimulatedFileSystem files;
  QueueOptions small = options();
  small.bytes_max = 1000;
  auto queue = *Queue::open(files, small);
  std::uint64_t commits = 0;
  const auto append = [&] {
    std::string body;
    for (int k = 0; k < 50; ++k) body += std::to_string(commits * 7919 + static_cast<std::uint64_t>(k) * 104729);
    return queue->append({{{"", body}}, {}});
  };
  while (append().ok()) ++commits;
  EXPECT_TRUE(queue->full());
  EXPECT_EQ(append().error().code, Code::kOverload);
  for (std::uint64_t i = 1; i <= commits; ++i) queue->acknowledge(0, i);
  ASSERT_TRUE(queue->save_marks().ok());
  EXPECT_FALSE(queue->full());
  EXPECT_TRUE(append().ok());
}

TEST(Queue, PositionsGoWithTheirSources) {
  SimulatedFileSystem files;
  {
    auto queue = *Queue::open(files, options());
    ASSERT_TRUE(queue->append({{}, {{"a", "1"}, {"b", "2"}}}).ok());
    ASSERT_TRUE(queue->append({{}, {{"a", std::nullopt}}}).ok());
  }
  auto queue = *Queue::open(files, options());
  EXPECT_EQ(queue->positions(), (Positions{{"b", "2"}}));
}

TEST(Queue, DamageNeverStopsTheAgentNorInventsLines) {
  SimulatedFileSystem files;
  Server server;
  ASSERT_TRUE(run(files, server, 0));
  const std::vector<FileInfo> segments = *files.list(std::string(kFolder));
  for (const FileInfo& file : segments) {
    const std::string path = fmt::format("{}/{}", kFolder, file.name);
    const std::string before = *files.read_all(path);
    for (std::uint64_t offset = 0; offset < file.bytes; ++offset) {
      files.corrupt(path, offset, '\x10');
      auto queue = Queue::open(files, options());
      ASSERT_TRUE(queue.ok()) << path << " at " << offset << ": " << queue.error().message;
      for (int i = 0; i < 100; ++i) {
        auto next = (*queue)->next(0, std::chrono::nanoseconds(0));
        ASSERT_TRUE(next.ok());
        if (*next == nullptr) break;
        for (const Push& push : (*next)->commit.pushes) EXPECT_THAT(push.body, HasSubstr("@0\n"));
        (*queue)->acknowledge(0, (*next)->sequence);
      }
      files.write_durable(path, before);
    }
  }
}

TEST(QueueRecord, RoundTripAndEveryDamageIsNoticed) {
  const Commit commit{{{"tenant", std::string(1000, 'a')}, {"", ""}}, {{"k", "v"}, {"gone", std::nullopt}}};
  const std::string record = frame_record(RecordKind::kCommit, 7, encode_commit(commit));
  std::string_view rest = record;
  auto view = take_record(rest);
  ASSERT_TRUE(view.ok());
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(view->sequence, 7u);
  auto decoded = decode_commit(view->payload);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->pushes[0].body, commit.pushes[0].body);
  EXPECT_EQ(decoded->pushes[1].tenant, "");
  EXPECT_EQ(decoded->positions[0].value, "v");
  EXPECT_EQ(decoded->positions[1].value, std::nullopt);
  for (std::size_t length = 0; length < record.size(); ++length) {
    std::string_view part = std::string_view(record).substr(0, length);
    EXPECT_FALSE(take_record(part).ok());
  }
  for (std::size_t i = 0; i < record.size(); ++i) {
    std::string damaged = record;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    std::string_view part = damaged;
    EXPECT_FALSE(take_record(part).ok()) << i;
  }
}

}  // namespace
}  // namespace trilobite::agent
