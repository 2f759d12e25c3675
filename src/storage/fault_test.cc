// Every operation fails once, with a device error or a full disk, and the store goes on or refuses by name: nothing
// that was acknowledged is lost, neither at once nor after a restart.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "storage/workload.h"

namespace trilobite::storage {
namespace {

using ::testing::HasSubstr;

class FaultAt : public ::testing::TestWithParam<Code> {};

TEST_P(FaultAt, EveryOperationFailsOnce) {
  for (std::uint64_t number = 0; !HasFailure(); ++number) {
    TestStore test;
    Workload workload(test);
    test.files.fail_at(number, GetParam());
    workload.run(Workload::OnFailure::kGoOn);
    if (test.files.operations() <= number) {
      EXPECT_GT(number, 100u);
      break;  // the run has no more operations
    }
    const std::string where = fmt::format("operation {} fails with {}", number, code_name(GetParam()));
    test.files.clear_faults();
    if (test.store) expect_ledger(workload.ledger(), read_rows(*test.store, make_scan()), where);
    for (const bool power_cut : {false, true}) {
      test.store.reset();
      if (power_cut) test.files.crash(CrashMode::kTear, number);
      ASSERT_OK(test.open()) << where;
      expect_ledger(workload.ledger(), read_rows(*test.store, make_scan()),
                    where + (power_cut ? ", after a power cut" : ", after a restart"));
      EXPECT_LE(test.store->recovery_messages().size(), 2u) << where;
    }
    ASSERT_OK(test.append(Workload::make_rows(200, kTestTime))) << where;
  }
}

INSTANTIATE_TEST_SUITE_P(All, FaultAt, ::testing::Values(Code::kIo, Code::kNoSpace),
                         [](const auto& info) { return info.param == Code::kIo ? "DeviceError" : "FullDisk"; });

TEST(Fault, AFailedSyncIsFinalAndReadsGoOn) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime, "first"}}));
  test.files.fail_at(test.files.operations() + 1, Code::kIo);  // operation 0 is the write, 1 the sync
  auto refused = test.append({{"a=b", kTestTime + 1, "second"}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("until the store is opened again"));
  EXPECT_FALSE(test.store->statistics().writable);
  EXPECT_EQ(test.append({{"a=b", kTestTime + 2, "third"}}).error().code, Code::kUnavailable)
      << "although the disk is fine again";
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 1u);
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime + 2, "third"}}));
}

TEST(Fault, AFullDiskRefusesWritesUntilThereIsRoom) {
  TestStore test;
  test.options.disk_free_bytes_min = 0;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime, "first"}}));
  test.files.set_capacity(1000);
  for (int i = 0; i < 3; ++i) {
    std::string noise;
    while (noise.size() < 4000) noise += fmt::format("{:016x}", hash64(noise, static_cast<std::uint64_t>(i)));
    auto refused = test.append({{"a=b", kTestTime + 1, noise}});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::kNoSpace) << refused.error().message;
    EXPECT_FALSE(test.store->statistics().writable);
    EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 1u);
  }
  test.files.set_capacity(1 << 20);
  ASSERT_OK(test.append({{"a=b", kTestTime + 2, "second"}}));
  EXPECT_TRUE(test.store->statistics().writable);
  ASSERT_OK(test.open());
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 2u);
  EXPECT_TRUE(test.store->recovery_messages().empty()) << test.store->recovery_messages()[0];
}

TEST(Fault, WhatAFullDiskLeftHalfWrittenIsCutOffBeforeAnythingElse) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime, "first"}}));
  // The write, the cut right after it, and what the next appends try all fail.
  test.files.fail_at(test.files.operations(), Code::kNoSpace, SimulatedFileSystem::Repeat::kFromThenOn);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(test.append({{"a=b", kTestTime + 1, "refused"}}).error().code, Code::kNoSpace);
  test.files.clear_faults();
  ASSERT_OK(test.append({{"a=b", kTestTime + 2, "second"}}));
  ASSERT_OK(test.open());
  EXPECT_TRUE(test.store->recovery_messages().empty()) << test.store->recovery_messages()[0];
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 2u);
}

TEST(Fault, AnAlmostFullDiskIsLeftAlone) {
  TestStore test;
  test.options.disk_free_bytes_min = 1 << 20;
  test.files.set_capacity(1 << 19);
  ASSERT_OK(test.open());
  auto refused = test.append({{"a=b", kTestTime, "first"}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kNoSpace);
  EXPECT_THAT(refused.error().message, HasSubstr("the minimum is 1048576"));
  test.files.set_capacity(1 << 22);
  ASSERT_OK(test.append({{"a=b", kTestTime, "first"}}));
}

TEST(Fault, AStartOnAFullDiskServesReadsAndGoesOnWhenThereIsRoom) {
  TestStore test;
  test.options.disk_free_bytes_min = 0;
  test.options.retention_bytes_max = 1 << 20;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime, "in a part"}}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(test.append({{"a=b", kTestTime + 1, "in the WAL"}}));
  for (const bool torn : {false, true}) {
    test.store.reset();
    if (torn) {
      const std::string segment = *test.files.read_all("data/wal/0000000002.wal");
      test.files.write_durable("data/wal/0000000002.wal", segment + segment.substr(32, 20));
    }
    test.files.set_capacity(0);
    for (int start = 0; start < 2; ++start) {
      ASSERT_OK(test.open());
      EXPECT_FALSE(test.store->statistics().writable);
      EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 2u);
      EXPECT_EQ(test.append({{"a=b", kTestTime + 2, "refused"}}).error().code, Code::kNoSpace);
      EXPECT_FALSE(test.store->flush().ok());
      EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 2u);
      ASSERT_OK(test.store->look_after_disk());
      EXPECT_FALSE(test.store->statistics().writable);
    }
    test.files.set_capacity(1 << 20);
    ASSERT_OK(test.store->look_after_disk());
    EXPECT_TRUE(test.store->statistics().writable) << "without a write that finds out";
  }
  ASSERT_OK(test.append({{"a=b", kTestTime + 3, "third"}}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(test.open());
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 3u);
}

// A disk that our own data fills to the last byte: the parts that are too much can still be dropped.
TEST(Fault, RetentionWorksOnADiskWithoutAByteFree) {
  TestStore test;
  test.options.disk_free_bytes_min = 100;
  test.options.reserve_bytes = 4096;
  test.options.retention_bytes_max = 700;
  ASSERT_OK(test.open());
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(test.append({{"a=b", kTestTime + i * 7200 * kNsPerSecond, "row " + std::to_string(i)}}));
    ASSERT_OK(test.store->flush());
  }
  const DiskSpace space = *test.files.disk_space("data");
  test.files.set_capacity(space.bytes_total - space.bytes_free);
  EXPECT_EQ(test.append({{"a=b", kTestTime, "refused"}}).error().code, Code::kNoSpace);
  const std::uint64_t before = test.store->statistics().parts;
  ASSERT_OK(test.store->look_after_disk()) << "a refused write is reason enough to look";
  EXPECT_LT(test.store->statistics().parts, before);
  EXPECT_FALSE(test.files.exists("data/reserve")) << "it was given up for the edit";
  const std::vector<TestRow> left = read_rows(*test.store, make_scan());
  ASSERT_FALSE(left.empty());
  EXPECT_EQ(left.back().line, "row 4") << "the oldest go first";
  test.files.set_capacity(1 << 20);
  ASSERT_OK(test.store->look_after_disk());
  EXPECT_TRUE(test.files.exists("data/reserve"));
  ASSERT_OK(test.open());
  EXPECT_EQ(read_rows(*test.store, make_scan()), left);
}

// Rows come, parts are merged and dropped, and all the while there is room for two thirds of what comes.
TEST(Fault, AStoreOnASmallDiskKeepsTheNewestRows) {
  TestStore test;
  test.options.disk_free_bytes_min = 8 << 10;
  test.options.reserve_bytes = 2 << 10;
  test.options.retention_disk_share_max = 0.6;
  test.files.set_capacity(64 << 10);
  ASSERT_OK(test.open());
  int refused = 0;
  TimeNs newest = 0;
  for (int i = 0; i < 400; ++i) {
    std::string noise;
    while (noise.size() < 1500) noise += fmt::format("{:016x}", hash64(noise, static_cast<std::uint64_t>(i)));
    const TimeNs time = kTestTime + i * 600 * kNsPerSecond;
    auto appended = test.append({{"a=b", time, noise}});
    if (appended.ok()) {
      newest = time;
    } else {
      ASSERT_EQ(appended.error().code, Code::kNoSpace) << appended.error().message;
      ++refused;
    }
    if (i % 5 == 4) static_cast<void>(test.store->flush());
    static_cast<void>(test.store->merge_once());
    ASSERT_OK(test.store->look_after_disk()) << i;
    ASSERT_OK(test.store->enforce_retention()) << i;
    const std::vector<TestRow> rows = read_rows(*test.store, make_scan());
    ASSERT_FALSE(rows.empty());
    ASSERT_EQ(rows.back().time, newest) << "the newest acknowledged row is there";
    if (i % 50 != 49) continue;
    ASSERT_OK(test.open()) << i;
  }
  EXPECT_LT(refused, 40);
  EXPECT_GT(test.store->statistics().rows_stored, 5u);
}

// The share alone would let the data grow until writes are refused, and then nothing would ever go.
TEST(Fault, OnASmallDiskTheOldestRowsGoBeforeWritesAreRefusedForGood) {
  TestStore test;
  test.options.disk_free_bytes_min = 16 << 10;
  test.options.retention_disk_share_max = 0.95;
  test.files.set_capacity(64 << 10);
  ASSERT_OK(test.open());
  int taken = 0;
  for (int i = 0; i < 200; ++i) {
    std::string noise;
    while (noise.size() < 1500) noise += fmt::format("{:016x}", hash64(noise, static_cast<std::uint64_t>(i)));
    taken += test.append({{"a=b", kTestTime + i * 7200 * kNsPerSecond, noise}}).ok() ? 1 : 0;
    static_cast<void>(test.store->flush());
    test.clock.advance(std::chrono::seconds(2));
    ASSERT_OK(test.store->look_after_disk());
  }
  EXPECT_GT(taken, 150);
}

TEST(Fault, EveryReadFailsOnceWhileOpening) {
  TestStore test;
  Workload workload(test);
  workload.run(Workload::OnFailure::kStop);
  for (std::uint64_t number = 0;; ++number) {
    test.store.reset();
    test.files.clear_faults();
    const std::uint64_t before = test.files.reads();
    test.files.fail_read_at(before + number, Code::kIo);
    const auto opened = test.open();
    if (test.files.reads() - before <= number) break;
    EXPECT_FALSE(opened.ok()) << "read " << number << " failed and nobody noticed";
    test.files.clear_faults();
    ASSERT_OK(test.open());
    expect_ledger(workload.ledger(), read_rows(*test.store, make_scan()),
                  fmt::format("after read {} had failed", number));
  }
}

}  // namespace
}  // namespace trilobite::storage
