// Random histories of samples against the simplest possible store, a map: appends in and out of order, samples written
// again with other values, floats and histograms in one series, flushes, merges, deletes, restarts; after each, scans
// with random matchers and ranges and what the index says of the series.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "storage/test_samples.h"

namespace trilobite::storage {
namespace {

constexpr TimeNs kSpan = 21'000 * kNsPerSecond;  // about three windows

class SampleModel {
 public:
  explicit SampleModel(std::uint64_t seed) : random_(seed) {}

  void run(TestStore& test) {
    for (int step = 0; step < 60 && !testing::Test::HasFailure(); ++step) {
      const std::uint64_t dice = pick(24);
      SCOPED_TRACE(fmt::format("step {}, {}", step, dice));
      if (dice < 13) {
        append(test);
      } else if (dice < 17) {
        ASSERT_OK(test.store->flush());
      } else if (dice < 20) {
        ASSERT_OK(test.store->merge_once());
        test.clock.advance(std::chrono::minutes(pick(3)));
      } else if (dice < 22) {
        remove(test);
      } else if (dice < 23) {
        ASSERT_OK(test.open());
      }
      check_scan(test, {}, kAlways);
      check_scan(test, random_matchers(), random_range());
      if (step % 10 == 0) check_index(test);
    }
  }

 private:
  std::uint64_t pick(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }

  double random_value() {
    constexpr double kStale = std::bit_cast<double>(std::uint64_t{0x7FF0000000000002});
    static const double kOdd[] = {0.0,
                                  -0.0,
                                  std::numeric_limits<double>::infinity(),
                                  -std::numeric_limits<double>::infinity(),
                                  std::numeric_limits<double>::quiet_NaN(),
                                  kStale,
                                  std::numeric_limits<double>::denorm_min(),
                                  std::numeric_limits<double>::max(),
                                  0.1,
                                  1e300};
    switch (pick(4)) {
      case 0:
        return kOdd[pick(std::size(kOdd))];
      case 1:
        return static_cast<double>(pick(1000)) / 100;
      case 2:
        return static_cast<double>(random_());
      default:
        return counter_ += static_cast<double>(pick(5));
    }
  }

  TestSample random_sample() {
    TestSample sample;
    sample.labels = fmt::format("__name__=m{}", pick(3));
    if (pick(2) == 0) sample.labels += fmt::format(",host=h{}", pick(6));
    // Mostly a steady interval, sometimes with jitter, sometimes long ago.
    now_ = (now_ + 15 * kNsPerSecond + (pick(4) == 0 ? static_cast<TimeNs>(pick(2'000'000)) : 0)) % kSpan;
    sample.time = kTestTime + (pick(6) == 0 ? static_cast<TimeNs>(pick(kSpan)) : now_);
    sample.value = random_value();
    if (pick(8) == 0) sample.histogram = fmt::format("histogram {} {}", pick(4), std::string(pick(60), 'x'));
    return sample;
  }

  void append(TestStore& test) {
    std::vector<TestSample> samples;
    for (std::uint64_t n = 1 + pick(pick(8) == 0 ? 400 : 40); n > 0; --n) {
      TestSample sample = random_sample();
      if (!all_.empty() && pick(6) == 0) {  // one that is there already, with another value
        const auto& key = std::next(all_.begin(), static_cast<std::ptrdiff_t>(pick(all_.size())))->first;
        sample.labels = key.first;
        sample.time = key.second;
      }
      samples.push_back(std::move(sample));
      if (pick(10) == 0) samples.push_back(samples[pick(samples.size())]);  // twice in one request
    }
    ASSERT_OK(append_samples(test, samples));
    remember(all_, samples);
  }

  void remove(TestStore& test) {
    const std::vector<Matcher> matchers = random_matchers();
    const TimeRange range = random_range();
    ASSERT_OK(test.store->delete_samples("t", matchers, range));
    std::erase_if(all_, [&](const auto& entry) { return in(entry.first, matchers, range); });
  }

  std::vector<Matcher> random_matchers() {
    switch (pick(5)) {
      case 0:
        return {{"__name__", MatchOp::kEqual, fmt::format("m{}", pick(4))}};
      case 1:
        return {{"host", MatchOp::kNotEqual, fmt::format("h{}", pick(6))}};
      case 2:
        return {{"host", MatchOp::kEqual, ""}};
      case 3:
        return {{"__name__", MatchOp::kEqual, "m1"}, {"host", MatchOp::kEqual, fmt::format("h{}", pick(6))}};
      default:
        return {{"__name__", MatchOp::kNotEqual, "m0"}};
    }
  }

  TimeRange random_range() {
    if (pick(4) == 0) return kAlways;
    const TimeNs start = kTestTime + static_cast<TimeNs>(pick(kSpan));
    return {start, start + 1 + static_cast<TimeNs>(pick(kSpan / 2))};
  }

  static bool in(const SampleMap::key_type& key, const std::vector<Matcher>& matchers, TimeRange range) {
    const LabelSetRef set = make_labels(key.first);
    return key.second >= range.start && key.second < range.end &&
           std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
             return (set->get(matcher.name) == matcher.value) == (matcher.op == MatchOp::kEqual);
           });
  }

  void check_scan(TestStore& test, const std::vector<Matcher>& matchers, TimeRange range) {
    SampleMap want;
    for (const auto& entry : all_) {
      if (in(entry.first, matchers, range)) want.insert(entry);
    }
    expect_samples(read_series(test.store->scan_series(make_sample_scan(matchers, range))), want);
  }

  void check_index(TestStore& test) {
    const std::vector<Matcher> matchers = random_matchers();
    std::set<std::string> want;
    for (const auto& entry : all_) {
      if (in(entry.first, matchers, kAlways)) want.insert(entry.first.first);
    }
    const auto series =
        test.store->series({.tenant = "t", .signal = Signal::kMetrics, .range = kAlways, .matchers = matchers});
    ASSERT_OK(series);
    std::set<std::string> got;
    for (const SeriesInfo& info : *series) got.insert(print_labels(*info.labels));
    EXPECT_EQ(got, want);
  }

  std::mt19937_64 random_;
  TimeNs now_ = 0;
  double counter_ = 0;
  SampleMap all_;
};

TEST(SampleModel, RandomHistories) {
  for (std::uint64_t seed = 1; seed <= 16 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    TestStore test;
    ASSERT_OK(test.open());
    SampleModel(seed).run(test);
  }
}

}  // namespace
}  // namespace trilobite::storage
