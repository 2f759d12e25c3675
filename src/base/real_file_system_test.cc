#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/file_system.h"

namespace trilobite {
namespace {

class RealFileSystem : public testing::Test {
 protected:
  RealFileSystem() {
    std::string pattern = (std::filesystem::temp_directory_path() / "trilobite-fs-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~RealFileSystem() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::unique_ptr<FileSystem> files_ = make_real_file_system();
  std::string folder_;
};

TEST_F(RealFileSystem, WritesAndReadsBack) {
  auto file = files_->create(path("a")).value();
  ASSERT_TRUE(file->append("hello ").ok());
  ASSERT_TRUE(file->append("world").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(files_->read_all(path("a")).value(), "hello world");
  const auto open = files_->open(path("a")).value();
  EXPECT_EQ(open->size(), 11u);
  EXPECT_EQ(open->read(6, 5).value(), "world");
  EXPECT_EQ(open->read(7, 5).error().code, Code::kCorrupt) << "a short read is damage, not an end";
}

TEST_F(RealFileSystem, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(files_->open(path("none")).error().code, Code::kNotFound);
  EXPECT_EQ(files_->read_all(path("none")).error().code, Code::kNotFound);
  EXPECT_EQ(files_->list(path("none")).error().code, Code::kNotFound);
  EXPECT_NE(files_->remove(path("none")).error().message.find(path("none")), std::string::npos)
      << "errors name the file";
}

TEST_F(RealFileSystem, ListIsSortedAndKnowsFolders) {
  ASSERT_TRUE(files_->make_directories(path("b/c")).ok());
  ASSERT_TRUE(files_->make_directories(path("b/c")).ok()) << "a second time is no error";
  ASSERT_TRUE(write_file_atomically(*files_, path("a"), "123").ok());
  const auto list = files_->list(folder_).value();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].name, "a");
  EXPECT_EQ(list[0].bytes, 3u);
  EXPECT_TRUE(list[1].directory);
}

TEST_F(RealFileSystem, AnAtomicWriteReplacesTheWholeFile) {
  ASSERT_TRUE(write_file_atomically(*files_, path("a"), "a longer text").ok());
  ASSERT_TRUE(write_file_atomically(*files_, path("a"), "short").ok());
  EXPECT_EQ(files_->read_all(path("a")).value(), "short");
  EXPECT_FALSE(files_->exists(path("a.tmp")));
}

TEST_F(RealFileSystem, OneLockAtATime) {
  auto first = files_->lock(path("LOCK"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(files_->lock(path("LOCK")).error().code, Code::kExists);
  first = error(Code::kInternal, "given back");
  EXPECT_TRUE(files_->lock(path("LOCK")).ok());
}

TEST_F(RealFileSystem, TruncateAndSpace) {
  ASSERT_TRUE(write_file_atomically(*files_, path("a"), "123456").ok());
  ASSERT_TRUE(files_->truncate(path("a"), 2).ok());
  EXPECT_EQ(files_->read_all(path("a")).value(), "12");
  const auto space = files_->disk_space(folder_).value();
  EXPECT_GT(space.bytes_total, 0u);
  EXPECT_LE(space.bytes_free, space.bytes_total);
}

}  // namespace
}  // namespace trilobite
