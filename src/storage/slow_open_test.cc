// A store takes writes, and answers what needs no old part, while the files of old parts cannot be opened yet; what
// needs them waits and is whole. No clock decides: the files stay shut until the test opens them.
#include <fmt/format.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

// The files of another, those of parts behind a gate.
class GatedFiles final : public FileSystem {
 public:
  explicit GatedFiles(FileSystem& files) : files_(files) {}
  ~GatedFiles() override { open_gate(); }

  void open_gate() {
    const std::lock_guard lock(mutex_);
    shut_ = false;
    changed_.notify_all();
  }
  void await_a_visitor() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override {
    if (path.ends_with(".part")) pass();
    return files_.open(path);
  }
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override { return files_.create(path); }
  Result<std::string> read_all(const std::string& path) override { return files_.read_all(path); }
  Result<std::vector<FileInfo>> list(const std::string& directory) override { return files_.list(directory); }
  bool exists(const std::string& path) override { return files_.exists(path); }
  Result<void> make_directories(const std::string& path) override { return files_.make_directories(path); }
  Result<void> rename(const std::string& from, const std::string& to) override { return files_.rename(from, to); }
  Result<void> remove(const std::string& path) override { return files_.remove(path); }
  Result<void> sync_directory(const std::string& path) override { return files_.sync_directory(path); }
  Result<void> truncate(const std::string& path, std::uint64_t bytes) override { return files_.truncate(path, bytes); }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override { return files_.lock(path); }
  Result<DiskSpace> disk_space(const std::string& path) override { return files_.disk_space(path); }

 private:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !shut_; });
    --waiting_;
  }

  FileSystem& files_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  bool shut_ = true;
  int waiting_ = 0;
};

class OpensGate {
 public:
  explicit OpensGate(GatedFiles& files) : files_(files) {}
  ~OpensGate() { files_.open_gate(); }
  OpensGate(const OpensGate&) = delete;
  OpensGate& operator=(const OpensGate&) = delete;

 private:
  GatedFiles& files_;
};

constexpr int kParts = 200;
constexpr TimeNs kDay = 86'400 * kNsPerSecond;

// A part for each of many windows.
void write_parts(TestStore& test) {
  ASSERT_OK(test.open());
  for (int i = 0; i < kParts; ++i) {
    ASSERT_OK(test.append({{"a=b", kTestTime - (i + 2) * kDay, fmt::format("old {}", i), ""}}));
    if (i % 50 == 49) {
      ASSERT_OK(test.store->flush());
    }
  }
  ASSERT_EQ(test.store->statistics().parts, static_cast<std::uint64_t>(kParts));
  test.store.reset();
}

TEST(SlowOpen, WritesDoNotWaitForOldParts) {
  TestStore test;
  write_parts(test);
  GatedFiles gated(test.files);
  StorageOptions options = test.options;
  options.background = true;
  auto opened = EmbeddedStore::open({gated, test.clock}, options);
  ASSERT_OK(opened);
  const OpensGate release(gated);  // before the store ends, also when an expectation fails
  Store& store = **opened;
  ASSERT_OK(store.append("t", Signal::kLogs, make_batch({{"a=b", kTestTime, "new", ""}}), {}));
  const std::vector<TestRow> fresh = read_rows(store, make_scan({}, {kTestTime, kTestTime + 1}));
  ASSERT_EQ(fresh.size(), 1u);
  EXPECT_EQ(fresh[0].line, "new");
  gated.await_a_visitor();
  auto all = std::async(std::launch::async, [&] { return read_rows(store, make_scan()); });
  gated.open_gate();
  EXPECT_EQ(all.get().size(), static_cast<std::size_t>(kParts) + 1);
}

// Damage that a start does not look for is found by the first who reads it, or by the look at all files; then it is as
// if the start had found it.
TEST(SlowOpen, DamageIsFoundBehindTheStart) {
  TestStore test;
  write_parts(test);
  const auto files = test.files.list("data/parts/t/logs");
  ASSERT_OK(files);
  const std::string folder = "data/parts/t/logs/" + files->front().name;
  const auto parts = test.files.list(folder);
  ASSERT_OK(parts);
  test.files.write_durable(folder + "/" + parts->front().name, "no part");
  StorageOptions options = test.options;
  options.background = true;
  auto opened = EmbeddedStore::open({test.files, test.clock}, options);
  ASSERT_OK(opened);
  while ((*opened)->statistics().parts_damaged == 0) ASSERT_OK((*opened)->look_after_disk());
  EXPECT_EQ(read_rows(**opened, make_scan()).size(), static_cast<std::size_t>(kParts) - 1);
  EXPECT_EQ((*opened)->warnings("t", Signal::kLogs, kAlways).size(), 1u);
}

}  // namespace
}  // namespace trilobite::storage
