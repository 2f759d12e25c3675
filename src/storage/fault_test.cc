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
