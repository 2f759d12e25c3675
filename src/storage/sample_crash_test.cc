// Samples under power cuts, failing operations and damaged files: the power goes at every operation of a run of
// appends, flushes, merges and restarts; every operation fails once; bytes of parts and WAL segments flip. What was
// acknowledged is
// there once with its last value, a refused batch is there whole or not at all, and damage never makes up a sample.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

#include "storage/test_samples.h"

namespace trilobite::storage {
namespace {

class SampleRun {
 public:
  explicit SampleRun(TestStore& test) : test_(test) {
    test_.options.disk_free_bytes_min = 0;
    test_.options.reserve_bytes = 700;
  }

  void run() {
    step([&] { return test_.open(); });
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 3; ++i) append(make(round * 3 + i));
      if (round == 2) append(rewritten());
      step([&] { return test_.store->flush(); });
    }
    for (int i = 0; i < 2; ++i) step([&]() -> Result<void> { TRY_VOID(test_.store->merge_once()); return {}; });
    for (int i = 20; i < 23; ++i) append(make(i));  // of series that this segment knows by number
  }

  // Stops where it first failed, as a program does that dies.
  bool stops = true;

  void expect(const SampleMap& got, const std::string& where) const {
    SampleMap left = got;
    for (const auto& [key, value] : acknowledged_) {
      const auto found = left.find(key);
      ASSERT_TRUE(found != left.end()) << where << ": lost " << key.first << " at " << key.second;
      const auto maybe = maybe_.find(key);
      EXPECT_TRUE(found->second == value || (maybe != maybe_.end() && found->second == maybe->second)) << where;
      left.erase(found);
    }
    for (const SampleMap& batch : uncertain_) {
      std::size_t there = 0;
      for (const auto& [key, value] : batch) there += left.erase(key);
      EXPECT_TRUE(there == 0 || there == batch.size()) << where << ": " << there << " of " << batch.size();
    }
    EXPECT_TRUE(left.empty()) << where << ": from nowhere: " << left.begin()->first.first;
  }

  // Eight series, two of them new in each batch, one with native histograms.
  static std::vector<TestSample> make(int number) {
    std::vector<TestSample> out;
    for (int s = 0; s < 8; ++s) {
      const int series = s < 6 ? s : 10 + number * 2 + s;
      out.push_back({fmt::format("__name__=m{},job=a", series), kTestTime + number * 15 * kNsPerSecond + s,
                     number * 1.25 + s, s == 5 ? fmt::format("histogram {}", number) : ""});
    }
    return out;
  }
  static std::vector<TestSample> rewritten() {
    std::vector<TestSample> out = make(1);
    for (TestSample& sample : out) sample.value = -1;
    return out;
  }

 private:
  template <class Step>
  bool step(const Step& run) {
    if (failed_ && (stops || !test_.store)) return false;
    if (run().ok()) return true;
    failed_ = true;
    return false;
  }

  void append(const std::vector<TestSample>& samples) {
    if ((failed_ && stops) || !test_.store) return;
    SampleMap batch;
    remember(batch, samples);
    const bool again = acknowledged_.contains(batch.begin()->first);
    if (step([&] { return append_samples(test_, samples); })) {
      remember(acknowledged_, samples);
    } else if (again) {
      maybe_ = batch;
    } else {
      uncertain_.push_back(batch);
    }
  }

  TestStore& test_;
  bool failed_ = false;
  SampleMap acknowledged_, maybe_;
  std::vector<SampleMap> uncertain_;
};

SampleMap read_all(TestStore& test) { return read_series(test.store->scan_series(make_sample_scan())); }

void expect_goes_on(TestStore& test, const SampleRun& run, const std::string& where) {
  ASSERT_OK(test.open()) << where;
  run.expect(read_all(test), where);
  ASSERT_OK(test.store->flush()) << where;
  while (*test.store->merge_once()) {
  }
  run.expect(read_all(test), where + ", after a merge");
  ASSERT_OK(test.open()) << where;
  run.expect(read_all(test), where + ", after another restart");
  auto report = check_directory(test.files, "data");
  ASSERT_TRUE(report.ok()) << where;
  EXPECT_TRUE(report->ok) << where;
}

TEST(SampleCrash, EveryOperationOfARun) {
  std::uint64_t operations = 0;
  {
    TestStore test;
    SampleRun run(test);
    run.run();
    EXPECT_GE(test.store->statistics().merges, 1u);
    run.expect(read_all(test), "without a crash");
    operations = test.files.operations();
  }
  ASSERT_GT(operations, 60u);
  for (std::uint64_t number = 0; number < operations && !HasFailure(); ++number) {
    for (std::uint64_t mode = 0; mode < 4; ++mode) {
      TestStore test;
      SampleRun run(test);
      test.files.cut_power_at(number);
      run.run();
      test.store.reset();
      test.files.crash(mode == 0 ? CrashMode::kDropUnsynced : mode == 1 ? CrashMode::kKeepUnsynced : CrashMode::kTear,
                       mode * 1000 + number);
      expect_goes_on(test, run, fmt::format("power cut at operation {}, mode {}", number, mode));
    }
  }
}

TEST(SampleFault, EveryOperationFailsOnce) {
  for (const Code code : {Code::kIo, Code::kNoSpace}) {
    for (std::uint64_t number = 0; !HasFailure(); ++number) {
      TestStore test;
      SampleRun run(test);
      run.stops = false;
      test.files.fail_at(number, code);
      run.run();
      if (test.files.operations() <= number) break;
      const std::string where = fmt::format("operation {} fails with {}", number, code_name(code));
      test.files.clear_faults();
      if (test.store) run.expect(read_all(test), where);
      test.store.reset();
      if (number % 2 == 1) test.files.crash(CrashMode::kTear, number);
      expect_goes_on(test, run, where);
    }
  }
}

// A full disk ends a segment in the middle of a head's life: series are named again in the next.
TEST(SampleFault, ASegmentThatAFullDiskEndedDoesNotTakeTheNamesWithIt) {
  TestStore test;
  test.options.disk_free_bytes_min = 0;
  ASSERT_OK(test.open());
  SampleMap want;
  ASSERT_OK(append_samples(test, SampleRun::make(0)));
  remember(want, SampleRun::make(0));
  test.files.fail_at(test.files.operations(), Code::kNoSpace);
  EXPECT_EQ(append_samples(test, SampleRun::make(1)).error().code, Code::kNoSpace);
  test.files.clear_faults();
  for (int i = 2; i < 5; ++i) {
    ASSERT_OK(append_samples(test, SampleRun::make(i)));
    remember(want, SampleRun::make(i));
  }
  ASSERT_OK(test.open());
  EXPECT_TRUE(test.store->recovery_messages().empty());
  expect_samples(read_all(test), want);
}

TEST(SampleDamage, FlippedBytesNeverMakeUpASample) {
  SampleMap want;
  std::map<std::string, std::string> files;
  const std::vector<std::string> paths{"data/parts/t/metrics/2026-01-15/0000000001.part",
                                       "data/wal/0000000002.wal"};
  TestStore written;
  ASSERT_OK(written.open());
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(append_samples(written, SampleRun::make(i)));
    remember(want, SampleRun::make(i));
    if (i == 12) {
      ASSERT_OK(written.store->flush());
    }
  }
  written.store.reset();
  std::mt19937_64 random(1);
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    const std::string& path = paths[static_cast<std::size_t>(round) % 2];
    auto content = written.files.read_all(path);
    ASSERT_OK(content) << path;
    std::string bad = *content;
    bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    TestStore test;
    ASSERT_OK(test.open());
    test.store.reset();
    for (const std::string& name : {std::string("data/manifest"), paths[0], paths[1]})
      test.files.write_durable(name, name == path ? bad : *written.files.read_all(name));
    ASSERT_OK(test.open()) << round;
    SampleMap got;
    auto scan = test.store->scan_series(make_sample_scan());
    if (!scan.ok()) continue;  // said so
    bool failed = false;
    SeriesSamples series;
    for (;;) {
      auto more = (*scan)->next(series);
      failed = !more.ok();
      if (failed || !*more) break;
      for (std::size_t i = 0; i < series.times.size(); ++i) {
        const std::string histogram = series.histograms.size() == 0 ? "" : std::string(series.histograms[i]);
        got[{print_labels(*series.labels), series.times[i]}] = {
            std::bit_cast<std::uint64_t>(series.values[i]), histogram};
      }
    }
    for (const auto& [key, value] : got) {
      const auto found = want.find(key);
      ASSERT_TRUE(found != want.end() && found->second == value) << round << " " << path << " " << key.first;
    }
    const bool told = failed || !test.store->recovery_messages().empty() ||
                      test.store->statistics().parts_damaged > 0 ||
                      !test.store->warnings("t", Signal::kMetrics, kAlways).empty();
    EXPECT_TRUE(got.size() == want.size() || told) << round << " " << path << ": " << got.size();
  }
}

}  // namespace
}  // namespace trilobite::storage
