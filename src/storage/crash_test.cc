// The power goes at every operation of a run of appends, flushes, merges and retention, and unsynced state is dropped,
// kept, or torn by chance. After each: the store opens, every acknowledged row is there once, no refused batch is there
// by half, and the store goes on. The fault model is described in base/simulated_file_system.h.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "storage/workload.h"

namespace trilobite::storage {
namespace {

struct Crash {
  CrashMode mode;
  std::uint64_t seed;
};

const std::vector<Crash> kCrashes{{CrashMode::kDropUnsynced, 0}, {CrashMode::kKeepUnsynced, 0}, {CrashMode::kTear, 1},
                                  {CrashMode::kTear, 2},         {CrashMode::kTear, 3},         {CrashMode::kTear, 4}};

std::uint64_t count_operations() {
  TestStore test;
  Workload workload(test);
  workload.run(Workload::OnFailure::kStop);
  EXPECT_TRUE(workload.failures().empty()) << workload.failures()[0].message;
  EXPECT_GE(test.store->statistics().merges, 1u);
  EXPECT_GE(test.store->statistics().parts_dropped, 1u);
  expect_ledger(workload.ledger(), read_rows(*test.store, make_scan()), "without a crash");
  return test.files.operations();
}

void expect_no_damage(TestStore& test, const std::string& where) {
  auto report = check_directory(test.files, "data");
  ASSERT_TRUE(report.ok()) << where << ": " << report.error().message;
  for (const CheckReport::Entry& entry : report->files)
    EXPECT_TRUE(entry.ok) << where << ": " << entry.file << ": " << entry.message;
}

void expect_recovery(TestStore& test, Ledger ledger, const std::string& where) {
  ASSERT_OK(test.open()) << where;
  expect_ledger(ledger, read_rows(*test.store, make_scan()), where);
  // It goes on as if nothing had been.
  const std::vector<TestRow> more = Workload::make_rows(200, kTestTime);
  ASSERT_OK(test.append(more)) << where;
  ledger.acknowledged.insert(ledger.acknowledged.end(), more.begin(), more.end());
  ASSERT_OK(test.store->flush()) << where;
  for (;;) {
    auto merged = test.store->merge_once();
    ASSERT_OK(merged) << where;
    if (!*merged) break;
  }
  expect_ledger(ledger, read_rows(*test.store, make_scan()), where + ", after going on");
  ASSERT_OK(test.open()) << where;
  expect_ledger(ledger, read_rows(*test.store, make_scan()), where + ", after another restart");
  expect_no_damage(test, where);
}

TEST(Crash, EveryOperationOfARun) {
  const std::uint64_t operations = count_operations();
  ASSERT_GT(operations, 100u);
  for (std::uint64_t number = 0; number < operations && !HasFailure(); ++number) {
    for (const Crash& crash : kCrashes) {
      TestStore test;
      Workload workload(test);
      test.files.cut_power_at(number);
      workload.run(Workload::OnFailure::kStop);
      test.store.reset();
      test.files.crash(crash.mode, crash.seed * 1000 + number);
      expect_recovery(test, workload.ledger(),
                      fmt::format("power cut at operation {} of {}, mode {}, seed {}", number, operations,
                                  static_cast<int>(crash.mode), crash.seed * 1000 + number));
    }
  }
}

// Recovery writes as well, and the power may go again in the middle of it.
TEST(Crash, EveryOperationOfARecovery) {
  const std::uint64_t operations = count_operations();
  for (std::uint64_t number = 7; number < operations && !HasFailure(); number += 13) {
    for (std::uint64_t second = 0;; ++second) {
      TestStore test;
      Workload workload(test);
      test.files.cut_power_at(number);
      workload.run(Workload::OnFailure::kStop);
      test.store.reset();
      test.files.crash(CrashMode::kTear, number);
      test.files.cut_power_at(test.files.operations() + second);
      const bool survived = test.open().ok();
      test.store.reset();
      test.files.crash(CrashMode::kTear, number + second + 1);
      expect_recovery(test, workload.ledger(),
                      fmt::format("power cut at operation {}, then at operation {} of the recovery", number, second));
      if (survived) break;
    }
  }
}

}  // namespace
}  // namespace trilobite::storage
