// What both file systems promise, on both; then what only the simulated one does.
#include "base/file_system.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/simulated_file_system.h"

namespace trilobite {
namespace {

using ::testing::HasSubstr;

struct Disk {
  std::unique_ptr<FileSystem> files;
  std::string root;
};

class EveryFileSystem : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      std::string pattern = (std::filesystem::temp_directory_path() / "trilobite-XXXXXX").string();
      ASSERT_NE(mkdtemp(pattern.data()), nullptr);
      disk_ = {make_real_file_system(), pattern};
    } else {
      disk_ = {std::make_unique<SimulatedFileSystem>(), "root"};
      ASSERT_TRUE(disk_.files->make_directories("root").ok());
    }
  }
  void TearDown() override {
    if (GetParam()) std::filesystem::remove_all(disk_.root);
  }
  std::string path(const std::string& name) const { return disk_.root + "/" + name; }
  FileSystem& files() { return *disk_.files; }
  Disk disk_;
};

TEST_P(EveryFileSystem, WritesAndReads) {
  ASSERT_TRUE(files().make_directories(path("a/b")).ok());
  ASSERT_TRUE(files().make_directories(path("a/b")).ok());
  {
    auto file = files().create(path("a/b/f"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->append("hello ").ok());
    ASSERT_TRUE((*file)->append("world").ok());
    ASSERT_TRUE((*file)->sync().ok());
  }
  ASSERT_TRUE(files().sync_directory(path("a/b")).ok());
  EXPECT_EQ(*files().read_all(path("a/b/f")), "hello world");
  auto readable = files().open(path("a/b/f"));
  ASSERT_TRUE(readable.ok());
  EXPECT_EQ((*readable)->size(), 11u);
  EXPECT_EQ(*(*readable)->read(6, 5), "world");
  EXPECT_EQ((*readable)->read(6, 6).error().code, Code::kCorrupt);
  EXPECT_EQ((*readable)->read(12, 0).error().code, Code::kCorrupt);
  ASSERT_TRUE(files().truncate(path("a/b/f"), 5).ok());
  EXPECT_EQ(*files().read_all(path("a/b/f")), "hello");

  auto entries = files().list(path("a"));
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].name, "b");
  EXPECT_TRUE((*entries)[0].directory);
  EXPECT_EQ((*files().list(path("a/b")))[0].bytes, 5u);
  EXPECT_FALSE(files().remove(path("a/b")).ok()) << "not empty";

  ASSERT_TRUE(files().rename(path("a/b/f"), path("a/g")).ok());
  EXPECT_FALSE(files().exists(path("a/b/f")));
  EXPECT_TRUE(files().exists(path("a/g")));
  ASSERT_TRUE(files().remove(path("a/b")).ok());
  EXPECT_FALSE(files().exists(path("a/b")));
  EXPECT_GT(files().disk_space(disk_.root)->bytes_total, 0u);
}

TEST_P(EveryFileSystem, WhatIsMissingIsNotFound) {
  EXPECT_EQ(files().read_all(path("none")).error().code, Code::kNotFound);
  EXPECT_EQ(files().open(path("none")).error().code, Code::kNotFound);
  EXPECT_EQ(files().list(path("none")).error().code, Code::kNotFound);
  EXPECT_EQ(files().create(path("none/f")).error().code, Code::kNotFound);
  EXPECT_FALSE(files().remove(path("none")).ok());
  EXPECT_FALSE(files().rename(path("none"), path("other")).ok());
  EXPECT_THAT(files().open(path("none")).error().message, HasSubstr(path("none")));
}

TEST_P(EveryFileSystem, ALockIsHeldByOne) {
  auto first = files().lock(path("LOCK"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(files().lock(path("LOCK")).error().code, Code::kExists);
  first->reset();
  EXPECT_TRUE(files().lock(path("LOCK")).ok());
}

TEST_P(EveryFileSystem, ReplacesAFileAtomically) {
  ASSERT_TRUE(write_file_atomically(files(), path("f"), "old").ok());
  ASSERT_TRUE(write_file_atomically(files(), path("f"), "new").ok());
  EXPECT_EQ(*files().read_all(path("f")), "new");
  EXPECT_FALSE(files().exists(path("f.tmp")));
}

INSTANTIATE_TEST_SUITE_P(All, EveryFileSystem, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Real" : "Simulated"; });

std::unique_ptr<WritableFile> create(SimulatedFileSystem& files, const std::string& path) {
  auto file = files.create(path);
  CHECK(file.ok());
  return std::move(file).value();
}

TEST(SimulatedFileSystem, ForgetsWhatWasNotSynced) {
  SimulatedFileSystem files;
  auto file = create(files, "f");
  ASSERT_TRUE(file->append("one").ok());
  ASSERT_TRUE(file->sync().ok());
  files.crash(CrashMode::kDropUnsynced);
  EXPECT_FALSE(files.exists("f")) << "the data was synced, the name was not";

  file = create(files, "f");
  ASSERT_TRUE(file->append("one").ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(files.sync_directory(".").ok());
  ASSERT_TRUE(file->append("two").ok());
  ASSERT_TRUE(files.rename("f", "g").ok());
  EXPECT_EQ(*files.read_all("g"), "onetwo");
  files.crash(CrashMode::kDropUnsynced);
  EXPECT_EQ(*files.read_all("f"), "one");
  EXPECT_FALSE(files.exists("g"));
  EXPECT_FALSE(file->append("x").ok()) << "it was opened before the crash";
}

TEST(SimulatedFileSystem, TearsWritesBySector) {
  std::set<std::size_t> sizes;
  bool hole = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimulatedFileSystem files;
    auto file = create(files, "f");
    ASSERT_TRUE(files.sync_directory(".").ok());
    ASSERT_TRUE(file->append(std::string(2000, 'x')).ok());
    files.crash(CrashMode::kTear, seed);
    const std::string left = *files.read_all("f");
    sizes.insert(left.size());
    for (std::size_t at = 0; at < left.size(); ++at) {
      EXPECT_TRUE(left[at] == 'x' || left[at] == '\0');
      EXPECT_EQ(left[at], left[at / 512 * 512]) << "a sector is whole";
    }
    hole = hole || left.find('\0') != std::string::npos;
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{0, 512, 1024, 1536, 2000}));
  EXPECT_TRUE(hole);
}

TEST(SimulatedFileSystem, AFailedSyncIsFinal) {
  SimulatedFileSystem files;
  auto file = create(files, "f");
  ASSERT_TRUE(files.sync_directory(".").ok());
  ASSERT_TRUE(file->append("lost").ok());
  files.fail_at(files.operations(), Code::kIo);
  EXPECT_FALSE(file->sync().ok());
  EXPECT_TRUE(file->sync().ok()) << "the kernel reports an error once";
  EXPECT_EQ(*files.read_all("f"), "lost") << "still in its cache";
  files.crash(CrashMode::kKeepUnsynced);
  EXPECT_EQ(*files.read_all("f"), "");
}

TEST(SimulatedFileSystem, TheOperationDuringWhichThePowerGoesMayHaveHappened) {
  for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepUnsynced}) {
    SimulatedFileSystem files;
    auto file = create(files, "f");
    ASSERT_TRUE(files.sync_directory(".").ok());
    files.cut_power_at(files.operations());
    EXPECT_FALSE(file->append("x").ok());
    EXPECT_FALSE(file->append("y").ok());
    EXPECT_FALSE(files.read_all("f").ok());
    EXPECT_FALSE(files.rename("f", "g").ok());
    files.crash(mode);
    EXPECT_EQ(*files.read_all("f"), mode == CrashMode::kKeepUnsynced ? "x" : "");
  }
}

TEST(SimulatedFileSystem, AFullDiskTakesAPart) {
  SimulatedFileSystem files;
  files.set_capacity(10);
  auto file = create(files, "f");
  auto refused = file->append("0123456789ab");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kNoSpace);
  EXPECT_EQ(files.read_all("f")->size(), 10u);
  EXPECT_EQ(files.disk_space("f")->bytes_free, 0u);
  files.set_capacity(20);
  EXPECT_TRUE(file->append("0123456789").ok());
}

TEST(SimulatedFileSystem, FaultsComeWhenAskedFor) {
  SimulatedFileSystem files;
  files.fail_at(1, Code::kIo, SimulatedFileSystem::Repeat::kFromThenOn);
  EXPECT_TRUE(files.create("a").ok());
  EXPECT_EQ(files.create("b").error().code, Code::kIo);
  EXPECT_EQ(files.create("c").error().code, Code::kIo);
  files.clear_faults();
  EXPECT_TRUE(files.create("c").ok());
  files.fail_read_at(files.reads(), Code::kIo);
  EXPECT_EQ(files.read_all("c").error().code, Code::kIo);
  EXPECT_TRUE(files.read_all("c").ok());
}

}  // namespace
}  // namespace trilobite
