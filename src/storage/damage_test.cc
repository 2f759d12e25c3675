// A thousand times something happens to a file of a data directory: bits flip, the end is cut off, stretches become
// zeros, two files change places. The store opens all the same, every row it gives is one that was appended, a file
// whose rows are missing is named, and what can be read is read.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "storage/frame_log.h"
#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

using ::testing::HasSubstr;

using Files = std::map<std::string, std::string>;  // path -> content

void collect(SimulatedFileSystem& files, const std::string& folder, Files& out) {
  const auto entries = files.list(folder);
  for (const FileInfo& entry : *entries) {
    const std::string path = folder + "/" + entry.name;
    if (entry.directory) {
      collect(files, path, out);
    } else {
      out[path] = *files.read_all(path);
    }
  }
}

struct Sample {
  Files files;
  std::vector<TestRow> rows;
};

// Parts fresh and merged, of two windows and tenants' worth of series, and a WAL of several segments.
Sample make_sample() {
  TestStore test;
  Sample out;
  const auto append = [&](int number, int count) {
    std::vector<TestRow> rows;
    for (int i = 0; i < count; ++i) {
      const TimeNs time = kTestTime + (number % 2) * 7200 * kNsPerSecond + number * kNsPerSecond + i;
      rows.push_back({fmt::format("app=a{},host=h{}", i % 3, i % 7), time,
                      fmt::format("request {} of batch {} took {} ms", i, number, i * 37 % 1000),
                      i % 5 == 0 ? fmt::format("trace{}", i) : ""});
    }
    EXPECT_TRUE(test.append(rows).ok());
    out.rows.insert(out.rows.end(), rows.begin(), rows.end());
  };
  EXPECT_TRUE(test.open().ok());
  for (int i = 0; i < 12; ++i) {
    append(i, 150);
    EXPECT_TRUE(test.store->flush().ok());
    if (i == 7) {
      EXPECT_TRUE(test.store->merge_once().ok());
    }
  }
  for (int segment = 0; segment < 3; ++segment) {
    for (int i = 0; i < 3; ++i) append(20 + segment * 3 + i, 20);
    if (segment == 2) break;
    EXPECT_TRUE(test.open().ok());  // goes on in a new segment
  }
  test.store.reset();
  collect(test.files, "data", out.files);
  std::sort(out.rows.begin(), out.rows.end());
  return out;
}

enum class Kind : std::uint8_t { kFlip, kCut, kZero, kSwap };

struct Damage {
  Kind kind = Kind::kFlip;
  std::set<std::string> paths;
  std::string what;
  // No file tells that there was more: whole records at the end of the newest segment are gone.
  bool cannot_be_told = false;
};

std::string newest_segment(const Files& files) {
  std::string out;
  for (const auto& [path, content] : files) {
    if (path.ends_with(".wal")) out = path;
  }
  return out;
}

bool ends_at_a_record(const std::string& content, std::size_t bytes) {
  const auto log = read_frame_log(FrameLogKind::kSegment, std::string_view(content).substr(0, bytes));
  return bytes < kFrameLogHeaderBytes || (log.ok() && !log->torn && log->damage.empty());
}

Damage inflict(Files& files, std::mt19937_64& random) {
  std::vector<std::string> paths;
  for (const auto& [path, content] : files) {
    if (!content.empty() && !path.ends_with("FORMAT")) paths.push_back(path);
  }
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const std::string path = paths[below(paths.size())];
  std::string& content = files[path];
  Damage out{static_cast<Kind>(below(4)), {path}, {}, false};
  switch (out.kind) {
    case Kind::kFlip: {
      const std::size_t flips = 1 + below(4);
      for (std::size_t i = 0; i < flips; ++i) {
        const std::size_t at = below(content.size());
        content[at] = static_cast<char>(content[at] ^ (1 << below(8)));
        out.what += fmt::format("bit flipped at {} of {}; ", at, path);
      }
      break;
    }
    case Kind::kCut: {
      const std::size_t bytes = below(content.size());
      out.cannot_be_told = path == newest_segment(files) && ends_at_a_record(content, bytes);
      out.what = fmt::format("{} cut from {} to {} bytes", path, content.size(), bytes);
      content.resize(bytes);
      break;
    }
    case Kind::kZero: {
      const std::size_t at = below(content.size());
      const std::size_t length = std::min(content.size() - at, 1 + below(2000));
      content.replace(at, length, length, '\0');
      out.what = fmt::format("{} bytes of zeros at {} of {}", length, at, path);
      break;
    }
    case Kind::kSwap: {
      const std::string other = paths[below(paths.size())];
      out.paths.insert(other);
      out.what = fmt::format("{} and {} change places", path, other);
      std::swap(content, files[other]);
      break;
    }
  }
  return out;
}

void put(SimulatedFileSystem& disk, const Files& files) {
  for (const auto& [path, content] : files) {
    const auto made = disk.make_directories(path.substr(0, path.rfind('/')));
    ASSERT_TRUE(made.ok());
    disk.write_durable(path, content);
  }
}

// One attempt to read everything; an error of it is added to `told`.
std::optional<std::vector<TestRow>> try_read(Store& store, std::vector<std::string>& told) {
  std::vector<TestRow> out;
  auto scan = store.scan(make_scan());
  for (;;) {
    auto batch = scan.ok() ? (*scan)->next() : Result<std::optional<Batch>>(scan.error());
    if (!batch.ok()) {
      EXPECT_EQ(batch.error().code, Code::kCorrupt) << batch.error().message;
      told.push_back(batch.error().message);
      return std::nullopt;
    }
    if (!*batch) break;
    add_rows(**batch, out);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool names_one_of(const std::vector<std::string>& told, const std::set<std::string>& paths) {
  return std::any_of(told.begin(), told.end(), [&](const std::string& message) {
    return std::any_of(paths.begin(), paths.end(),
                       [&](const std::string& path) { return message.find(path) != std::string::npos; });
  });
}

// Sanitizers slow this down twenty times; there a part of the seeds has to do.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kCorruptions = 40;
#else
constexpr int kCorruptions = 1000;
#endif

TEST(Damage, AThousandRandomCorruptions) {
  const Sample sample = make_sample();
  ASSERT_GT(sample.files.size(), 10u);
  int losses = 0, runtime_errors = 0, parts_aside = 0;
  for (std::uint64_t seed = 0; seed < static_cast<std::uint64_t>(kCorruptions) && !HasFailure(); ++seed) {
    std::mt19937_64 random(seed);
    Files files = sample.files;
    const Damage damage = inflict(files, random);
    const std::string where = fmt::format("seed {}: {}", seed, damage.what);
    if (files == sample.files) continue;
    TestStore test;
    put(test.files, files);
    ASSERT_OK(test.open()) << where;
    std::vector<std::string> told = test.store->recovery_messages();
    std::optional<std::vector<TestRow>> rows;
    for (std::size_t attempt = 0; attempt <= damage.paths.size() && !rows; ++attempt) {
      rows = try_read(*test.store, told);
      runtime_errors += rows ? 0 : 1;
    }
    ASSERT_TRUE(rows) << where << ": still failing after each damaged part was met: " << told.back();
    EXPECT_TRUE(std::includes(sample.rows.begin(), sample.rows.end(), rows->begin(), rows->end()))
        << where << ": a row that was never appended, or one twice";
    if (rows->size() < sample.rows.size() && !damage.cannot_be_told) {
      ++losses;
      EXPECT_TRUE(names_one_of(told, damage.paths))
          << where << ": " << sample.rows.size() - rows->size() << " rows are missing, and nobody says so";
    }
    const bool part_lost = test.store->statistics().parts_damaged > 0;
    parts_aside += part_lost ? 1 : 0;
    EXPECT_EQ(part_lost, !test.store->warnings("t", Signal::kLogs, kAlways).empty()) << where;
    // It goes on: writes, merges, another start, and the same rows.
    ASSERT_OK(test.append({{"app=new", kTestTime, "after the damage"}})) << where;
    rows->push_back({"app=new", kTestTime, "after the damage", ""});
    std::sort(rows->begin(), rows->end());
    ASSERT_OK(test.store->flush()) << where;
    for (int i = 0; i < 4; ++i) ASSERT_OK(test.store->merge_once()) << where;
    EXPECT_EQ(read_rows(*test.store, make_scan()), *rows) << where;
    ASSERT_OK(test.open()) << where;
    EXPECT_EQ(read_rows(*test.store, make_scan()), *rows) << where << ", after a restart";
    const auto report = check_directory(test.files, "data");
    ASSERT_OK(report);
    for (const CheckReport::Entry& entry : report->files)
      EXPECT_TRUE(entry.ok) << where << ": " << entry.file << ": " << entry.message;
  }
  EXPECT_GT(losses, kCorruptions / 5);
  EXPECT_GT(runtime_errors, kCorruptions / 10);
  EXPECT_GT(parts_aside, kCorruptions / 5);
}

// Damage that a start does not look for is met by the first query that reads it: that one fails, by name.
TEST(Damage, AQueryThatMeetsItFailsByNameAndTheNextOneWorks) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime, "first"}}));
  ASSERT_OK(test.store->flush());
  const StoreStatistics before = test.store->statistics();
  test.store.reset();
  Files files;
  collect(test.files, "data/parts", files);
  ASSERT_EQ(files.size(), 1u);
  const std::string path = files.begin()->first;
  test.files.corrupt(path, 12, 1);  // in the first page of the first block
  ASSERT_OK(test.open());
  EXPECT_TRUE(test.store->recovery_messages().empty());
  ASSERT_OK(test.append({{"a=b", kTestTime + 1, "second"}}));
  std::vector<std::string> told;
  EXPECT_FALSE(try_read(*test.store, told));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0], HasSubstr(path));
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 1u);
  EXPECT_EQ(test.store->statistics().parts, before.parts - 1);
  EXPECT_EQ(test.store->statistics().parts_damaged, 1u);
  EXPECT_TRUE(test.files.exists(path + ".damaged"));
  EXPECT_FALSE(test.files.exists(path));
}

// The list of damaged parts is written like everything else that counts.
TEST(Damage, PuttingAsideSurvivesAPowerCutAtEveryOperation) {
  for (std::uint64_t number = 0;; ++number) {
    TestStore test;
    ASSERT_OK(test.open());
    ASSERT_OK(test.append({{"a=b", kTestTime, "first"}}));
    ASSERT_OK(test.store->flush());
    ASSERT_OK(test.append({{"a=b", kTestTime + 1, "second"}}));
    ASSERT_OK(test.store->flush());
    Files files;
    collect(test.files, "data/parts", files);
    test.files.corrupt(files.begin()->first, 12, 1);
    test.store.reset();
    ASSERT_OK(test.open());
    const std::uint64_t begin = test.files.operations();
    std::vector<std::string> told;
    EXPECT_FALSE(try_read(*test.store, told));
    test.files.cut_power_at(begin + number);
    const auto looked = test.store->look_after_disk();
    const bool survived = looked.ok() && test.files.operations() <= begin + number;
    test.store.reset();
    test.files.crash(CrashMode::kTear, number);
    for (int start = 0; start < 2; ++start) {
      ASSERT_OK(test.open()) << number;
      std::optional<std::vector<TestRow>> rows = try_read(*test.store, told);
      if (!rows) rows = try_read(*test.store, told);
      ASSERT_TRUE(rows) << number;
      ASSERT_EQ(rows->size(), 1u) << number;
      EXPECT_EQ(rows->front().line, "second");
      EXPECT_EQ(test.store->statistics().parts_damaged, 1u) << number;
    }
    EXPECT_TRUE(test.files.exists(files.begin()->first + ".damaged"));
    if (survived) break;
  }
}

}  // namespace
}  // namespace trilobite::storage
