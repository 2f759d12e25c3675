// Rows that need not be durable at once, and series whose place the store was told: visible at once, durable together
// with what comes next or soon, never twice; a place that is old, foreign or wrong finds nothing wrong.
#include <gtest/gtest.h>

#include "storage/placed_append.h"
#include "storage/test_samples.h"

namespace trilobite::storage {
namespace {

std::vector<TestSample> samples_at(int second, int series = 3) {
  std::vector<TestSample> out;
  for (int i = 0; i < series; ++i) {
    out.push_back({fmt::format("__name__=m{}", i), kTestTime + second * kNsPerSecond, second + i * 0.5});
  }
  return out;
}

SampleMap read_all(TestStore& test) { return read_series(test.store->scan_series(make_sample_scan())); }

Result<void> append_soon(TestStore& test, const std::vector<TestSample>& samples) {
  auto& placed = dynamic_cast<PlacedAppends&>(*test.store);
  return placed.append_placed("t", Signal::kMetrics, make_sample_batch(samples),
                              {.append = {}, .places = {}, .durability = Durability::kSoon});
}

class Durable : public testing::Test {
 protected:
  void SetUp() override {
    test_.options.disk_free_bytes_min = 0;
    ASSERT_OK(test_.open());
  }
  void put(const std::vector<TestSample>& samples, Durability durability) {
    ASSERT_OK(durability == Durability::kSoon ? append_soon(test_, samples) : append_samples(test_, samples));
    remember(want_, samples);
  }
  void crash() {
    test_.store.reset();
    test_.files.crash(CrashMode::kDropUnsynced);
    ASSERT_OK(test_.open());
  }

  TestStore test_;
  SampleMap want_;
};

TEST_F(Durable, SoonIsVisibleAtOnceAndLostWithThePower) {
  const std::uint64_t before = test_.files.operations();
  put(samples_at(0), Durability::kSoon);
  expect_samples(read_all(test_), want_);
  EXPECT_EQ(test_.files.operations(), before) << "nothing is written for it alone";
  crash();
  expect_samples(read_all(test_), {});
}

TEST_F(Durable, WhatComesNextTakesItAlong) {
  put(samples_at(0), Durability::kSoon);
  put(samples_at(1), Durability::kSoon);
  put(samples_at(2), Durability::kNow);
  crash();
  expect_samples(read_all(test_), want_);
  crash();
  expect_samples(read_all(test_), want_);
}

TEST_F(Durable, ATickOrAFlushOrTimeMakesItDurable) {
  put(samples_at(0), Durability::kSoon);
  ASSERT_OK(test_.store->look_after_disk());
  put(samples_at(1), Durability::kSoon);
  test_.clock.advance(std::chrono::seconds(1));
  put(samples_at(2), Durability::kSoon);  // the one before has waited long enough
  crash();
  expect_samples(read_all(test_), want_);
  put(samples_at(3), Durability::kSoon);
  ASSERT_OK(test_.store->flush());
  put(samples_at(4), Durability::kSoon);
  ASSERT_OK(test_.store->close());
  crash();
  expect_samples(read_all(test_), want_);
}

TEST_F(Durable, AFailedWriteRefusesThoseWhoWaitForItAndTheRestGoesOn) {
  put(samples_at(0), Durability::kSoon);
  test_.files.fail_at(test_.files.operations(), Code::kNoSpace);
  EXPECT_FALSE(append_samples(test_, samples_at(1)).ok());
  expect_samples(read_all(test_), want_);  // what was in the head stays
  test_.clock.advance(std::chrono::seconds(2));
  put(samples_at(2), Durability::kNow);  // of series whose names were in the record that failed
  ASSERT_OK(test_.store->flush());
  crash();
  expect_samples(read_all(test_), want_);
}

// Every operation of a run cut off: what was written for others never keeps a durable row out, and nothing comes twice.
TEST(DurableCrash, EveryOperationOfARun) {
  const auto run = [](TestStore& test, SampleMap& sure, SampleMap& maybe) {
    if (!test.open().ok()) return;
    for (int i = 0; i < 8; ++i) {
      const std::vector<TestSample> samples = samples_at(i, 3 + i);
      const bool soon = i % 3 != 2;
      const bool done = (soon ? append_soon(test, samples) : append_samples(test, samples)).ok();
      remember(maybe, samples);
      if (!done) return;
      if (!soon) sure = maybe;  // and so is everything before it
      if (i == 4) {
        if (!test.store->flush().ok()) return;
        sure = maybe;
      }
    }
  };
  std::uint64_t operations = 0;
  {
    TestStore test;
    SampleMap sure, maybe;
    run(test, sure, maybe);
    operations = test.files.operations();
  }
  ASSERT_GT(operations, 10u);
  for (std::uint64_t number = 0; number < operations; ++number) {
    for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepUnsynced, CrashMode::kTear}) {
      SCOPED_TRACE(fmt::format("operation {}", number));
      TestStore test;
      test.options.disk_free_bytes_min = 0;
      SampleMap sure, maybe;
      test.files.cut_power_at(number);
      run(test, sure, maybe);
      test.store.reset();
      test.files.crash(mode, number);
      ASSERT_OK(test.open());
      const SampleMap got = read_all(test);
      for (const auto& [key, value] : sure) ASSERT_TRUE(got.contains(key)) << key.first << " " << key.second;
      for (const auto& [key, value] : got) {
        ASSERT_TRUE(maybe.contains(key) && maybe.at(key) == value) << key.first << " " << key.second;
      }
    }
  }
}

// A caller that keeps places across everything that renumbers series.
TEST(SeriesPlaces, AreCheckedNotTrusted) {
  TestStore test;
  ASSERT_OK(test.open());
  SampleMap want;
  std::map<std::string, std::unique_ptr<SeriesPlace>> places;
  const auto put = [&](const std::vector<TestSample>& samples) {
    const Batch batch = make_sample_batch(samples);
    std::vector<SeriesPlace*> of_batch;
    for (const LabelSetRef& set : batch.label_sets) {
      auto& place = places[print_labels(*set)];
      if (!place) place = std::make_unique<SeriesPlace>(*set);
      of_batch.push_back(place.get());
    }
    auto& placed = dynamic_cast<PlacedAppends&>(*test.store);
    ASSERT_OK(placed.append_placed("t", Signal::kMetrics, batch, {.append = {}, .places = of_batch}));
    remember(want, samples);
  };
  put(samples_at(0, 5));
  put(samples_at(1, 5));
  ASSERT_OK(test.store->flush());  // a new segment and a new table: other numbers, in another order
  std::vector<TestSample> turned = samples_at(2, 5);
  std::reverse(turned.begin(), turned.end());
  put(turned);
  put(samples_at(3, 8));
  // Nonsense, and the numbers of another series.
  for (auto& [labels, place] : places) place->head_number = place->wal_number = 0;
  put(samples_at(4, 8));
  for (auto& [labels, place] : places) place->head_number = place->wal_number = 4'000'000'000;
  put(samples_at(5, 8));
  // Another day is another table, beside the old one.
  put(samples_at(100'000, 8));
  put(samples_at(6, 8));
  put(samples_at(100'001, 8));
  expect_samples(read_all(test), want);
  ASSERT_OK(test.open());  // from the log
  expect_samples(read_all(test), want);
  put(samples_at(100'002, 8));  // places of the store before
  ASSERT_OK(test.store->flush());
  expect_samples(read_all(test), want);
}

}  // namespace
}  // namespace trilobite::storage
