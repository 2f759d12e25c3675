// What is put into chunks comes out again, bit for bit, whatever the times and values are; and usual samples are small.
#include "storage/sample_chunk.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace trilobite::storage {
namespace {

constexpr TimeNs kBase = 1'768'435'200 * kNsPerSecond;
constexpr TimeNs kMillisecond = 1'000'000;
constexpr TimeNs kTimeMin = std::numeric_limits<TimeNs>::min(), kTimeMax = std::numeric_limits<TimeNs>::max();

struct Sample {
  TimeNs time = 0;
  double value = 0;
  std::string text;
};

// A series as the head keeps it.
class Chunks {
 public:
  void put(const Sample& sample) {
    if (last_ == nullptr || !last_->put(kBase, sample.time, sample.value, sample.text, state_)) {
      last_ = SampleChunk::make(arena_, last_, 100, SampleChunk::kind_of(kBase, sample.time, sample.text), sample.text,
                                state_);
      ++chunks_;
      ASSERT_TRUE(last_->put(kBase, sample.time, sample.value, sample.text, state_));
    }
    EXPECT_TRUE(last_->is_newest(kBase, sample.time, sample.value, sample.text, state_));
    EXPECT_FALSE(last_->is_newest(kBase, sample.time ^ 1, sample.value, sample.text, state_));
    EXPECT_FALSE(last_->is_newest(kBase, sample.time, sample.value, sample.text + "x", state_));
  }
  SeriesSamples read(TimeNs first = kTimeMin, TimeNs last = kTimeMax) const {
    std::vector<const SampleChunk*> chunks;
    for (const SampleChunk* chunk = last_; chunk != nullptr; chunk = chunk->before()) chunks.push_back(chunk);
    SeriesSamples out;
    for (auto at = chunks.rbegin(); at != chunks.rend(); ++at) (*at)->read((*at)->used(), kBase, first, last, out);
    return out;
  }
  const SampleChunk& last() const { return *last_; }
  std::size_t chunks() const { return chunks_; }

 private:
  Arena arena_;
  SampleChunk* last_ = nullptr;
  SampleState state_;
  std::size_t chunks_ = 0;
};

void expect_same(const std::vector<Sample>& samples, const SeriesSamples& read) {
  ASSERT_EQ(read.times.size(), samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(read.times[i], samples[i].time) << i;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(read.values[i]), std::bit_cast<std::uint64_t>(samples[i].value)) << i;
    EXPECT_EQ(read.histograms.size() == 0 ? "" : read.histograms[i], samples[i].text) << i;
  }
}

TEST(SampleChunk, AnyTimeAndAnyValue) {
  const double limit = std::numeric_limits<double>::max(), tiny = std::numeric_limits<double>::denorm_min();
  const double nan = std::numeric_limits<double>::quiet_NaN(), endless = std::numeric_limits<double>::infinity();
  const double stale = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002}), whole = 9007199254740992.0;
  const std::vector<double> values{0.0,   -0.0,      1.0,     1.0,   0.1,       0.12,  -0.123,  1e15,
                                   whole, whole - 1, 1 - whole, 1e300, limit,   -limit, tiny,    nan,
                                   endless, -endless, 1.0 / 3, 2.0 / 3, stale,   3.0,   1e-15,   1e-16};
  const std::vector<TimeNs> times{kBase, kBase + 15'000 * kMillisecond, kBase - 1, kBase - kMillisecond, 0, kTimeMin,
                                  kTimeMax, kBase + 7, kBase + 90'000'000 * kMillisecond};
  std::vector<Sample> samples;
  for (const TimeNs time : times) {
    for (const double value : values) samples.push_back({time, value, ""});
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto at = static_cast<std::size_t>(random() % values.size());
    const double value = random() % 3 == 0 ? std::bit_cast<double>(random()) : values[at];
    const TimeNs usual = kBase + static_cast<TimeNs>(random() % 99) * kMillisecond;
    const TimeNs time = random() % 5 == 0 ? static_cast<TimeNs>(random()) : usual;
    samples.push_back({time, value, ""});
  }
  Chunks chunks;
  for (const Sample& sample : samples) chunks.put(sample);
  expect_same(samples, chunks.read());
}

TEST(SampleChunk, TextsOfAnyLength) {
  std::vector<Sample> samples;
  for (int i = 0; i < 300; ++i) {
    const std::string text(i % 3 == 0 ? 0 : static_cast<std::size_t>(i) * 7, 'h');
    samples.push_back({kBase + i * kMillisecond, i * 0.5, text});
  }
  Chunks chunks;
  for (const Sample& sample : samples) chunks.put(sample);
  expect_same(samples, chunks.read());
}

TEST(SampleChunk, OnlyWhatIsInTheRange) {
  Chunks chunks;
  std::vector<Sample> inside;
  for (int i = 0; i < 200; ++i) {
    const Sample sample{kBase + i * 15'000 * kMillisecond, static_cast<double>(i * i), ""};
    chunks.put(sample);
    if (i >= 17 && i <= 123) inside.push_back(sample);
  }
  expect_same(inside, chunks.read(inside.front().time, inside.back().time));
  EXPECT_EQ(chunks.last().first_time(kBase), chunks.read().times[200 - chunks.last().used().samples]);
}

// What was there when a reader looked is what it reads, however much comes behind it.
TEST(SampleChunk, AReaderSeesWhatItSaw) {
  Arena arena;
  SampleState state;
  SampleChunk* chunk = SampleChunk::make(arena, nullptr, 1000, {}, "", state);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(chunk->put(kBase, kBase + i * kMillisecond, i, "", state));
  const SampleChunk::Used used = chunk->used();
  for (int i = 10; i < 50; ++i) ASSERT_TRUE(chunk->put(kBase, kBase + i * kMillisecond, i, "", state));
  SeriesSamples out;
  chunk->read(used, kBase, kTimeMin, kTimeMax, out);
  EXPECT_EQ(out.times.size(), 10u);
  EXPECT_EQ(out.values.back(), 9.0);
}

// A counter that is scraped a few milliseconds early or late, a constant, hundredths.
TEST(SampleChunk, UsualSamplesAreSmall) {
  std::mt19937_64 random(5);
  struct Case {
    const char* name;
    double step;
    double bytes_max;
  };
  for (const Case& usual : {Case{"constant", 0, 1.1}, Case{"counter", 300, 3.1}, Case{"hundredths", 0.37, 2.1}}) {
    Arena arena;
    SampleState state;
    SampleChunk* chunk = SampleChunk::make(arena, nullptr, 4000, {}, "", state);
    double value = 5;
    for (int i = 0; i < 1000; ++i) {
      value = std::round((value + usual.step * static_cast<double>(random() % 3)) * 100) / 100;
      const TimeNs time = kBase + (i * 15'000 + static_cast<TimeNs>(random() % 8)) * kMillisecond;
      ASSERT_TRUE(chunk->put(kBase, time, value, "", state));
    }
    EXPECT_LT(chunk->used().bytes / 1000.0, usual.bytes_max) << usual.name;
  }
}

}  // namespace
}  // namespace trilobite::storage
