// Chunks of native histograms: bytes as the format says, whatever is written is read again, damage is an error.
#include "api/histogram_chunk.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "ingest/metric_writer.h"

namespace trilobite::api {
namespace {

using metrics::CounterReset;
using metrics::Histogram;

Histogram plain(double count, bool whole) {
  Histogram out;
  out.schema = 3, out.zero_threshold = 0x1p-128, out.zero_count = 1;
  out.count = count, out.sum = count * 1.5, out.whole_numbers = whole, out.reset = CounterReset::kNotReset;
  out.positive_spans = {{-2, 2}, {3, 1}};
  out.positive = {count / 4, count / 2, 0};
  out.negative_spans = {{1, 1}};
  out.negative = {count / 4};
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

void expect_same(std::span<const TimedHistogram> a, const std::vector<TimedHistogram>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].time_ms, b[i].time_ms) << i;
    EXPECT_EQ(metrics::encode_histogram(a[i].histogram), metrics::encode_histogram(b[i].histogram)) << i;
  }
}

// Worked out by hand from the format: 1 sample, not reset; threshold 0; schema 0; one span of length 1 at 0; none
// negative; time 5; count 2; no zeros; sum 0.0; bucket 2.
TEST(HistogramChunk, BytesAreThoseOfTheFormat) {
  Histogram one;
  one.count = 2, one.whole_numbers = true, one.reset = CounterReset::kNotReset;
  one.positive_spans = {{0, 1}};
  one.positive = {2};
  const TimedHistogram all[] = {{5, one}};
  // 00000000 | 0 | 10 001 | 10 001 0 | 0 | 110 000101 | 10 010 | 0 | 64 x 0 | 10 010, filled up with zeros
  std::string bits = "00000000" "0" "10001" "10001" "0" "0" "110000101" "10010" "0" + std::string(64, '0') + "10010";
  bits.resize((bits.size() + 7) / 8 * 8, '0');
  std::string want("\0\1\x40", 3);
  for (std::size_t i = 0; i < bits.size(); i += 8) want += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
  EXPECT_EQ(hex(encode_histogram_chunk(all).bytes), hex(want));
}

TEST(HistogramChunk, WhatIsWrittenIsReadAgain) {
  std::mt19937_64 random(7);
  for (const bool whole : {true, false}) {
    std::vector<TimedHistogram> all;
    std::int64_t time = -5;
    double count = 4;
    for (int i = 0; i < 100; ++i) {
      all.push_back({time, plain(count, whole)});
      time += 15'000 + static_cast<std::int64_t>(random() % 7);
      count += static_cast<double>(4 * (random() % 1'000'000));
      if (i == 50) count += 0x1p40;
    }
    ASSERT_EQ(histograms_of_chunk(all), all.size());
    const HistogramChunk chunk = encode_histogram_chunk(all);
    EXPECT_EQ(chunk.whole_numbers, whole);
    EXPECT_EQ(chunk.first_ms, -5);
    EXPECT_EQ(chunk.last_ms, all.back().time_ms);
    expect_same(all, decode_histogram_chunk(chunk.bytes, whole).value());
  }
}

TEST(HistogramChunk, CustomBoundsAndOddThresholds) {
  Histogram one;
  one.schema = metrics::kCustomBuckets, one.count = 3, one.sum = NAN, one.whole_numbers = true;
  one.custom_bounds = {-1, 0, 0.005, 1.0 / 3, 33554.43, 33554.431, 1e300};
  one.positive_spans = {{0, 3}};
  one.positive = {1, 1, 1};
  for (const double threshold : {0.0, 0x1p-243, 0x1p-242, 0x1p10, 0x1p11, 0.3}) {
    one.zero_threshold = threshold;
    const TimedHistogram all[] = {{std::int64_t{1} << 60, one}};
    const auto back = decode_histogram_chunk(encode_histogram_chunk(all).bytes, true);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->at(0).histogram.custom_bounds, one.custom_bounds);
    EXPECT_EQ(back->at(0).histogram.zero_threshold, threshold);
    EXPECT_TRUE(std::isnan(back->at(0).histogram.sum));
    EXPECT_EQ(back->at(0).histogram.reset, CounterReset::kUnknown);
  }
}

TEST(HistogramChunk, AChunkEndsWhereReadersWouldMisunderstand) {
  const Histogram base = plain(4, true);
  const auto with = [&](auto change) {
    Histogram next = plain(8, true);
    change(next);
    const TimedHistogram all[] = {{0, base}, {1, next}};
    return histograms_of_chunk(all);
  };
  EXPECT_EQ(with([](Histogram&) {}), 2u);
  EXPECT_EQ(with([](Histogram& h) { h.reset = CounterReset::kReset; }), 1u);
  EXPECT_EQ(with([](Histogram& h) { h.reset = CounterReset::kUnknown; }), 1u);
  EXPECT_EQ(with([](Histogram& h) { h.reset = CounterReset::kGauge; }), 1u);
  EXPECT_EQ(with([](Histogram& h) { h.schema = 2; }), 1u);
  EXPECT_EQ(with([](Histogram& h) { h.zero_threshold = 0; }), 1u);
  EXPECT_EQ(with([](Histogram& h) { h.whole_numbers = false; }), 1u);
  EXPECT_EQ(with([](Histogram& h) { h.positive_spans[0].offset = 7; }), 1u);
  EXPECT_EQ(with([](Histogram& h) { h.sum = ingest::stale_marker(); }), 1u);
  std::vector<TimedHistogram> many(500, {0, base});
  EXPECT_EQ(histograms_of_chunk(many), 120u);
  EXPECT_EQ(histograms_of_chunk({}), 0u);
}

TEST(HistogramChunk, AStaleMarkerHasNoBuckets) {
  Histogram marker = plain(4, true);
  marker.sum = ingest::stale_marker();
  const TimedHistogram all[] = {{9, marker}};
  const auto back = decode_histogram_chunk(encode_histogram_chunk(all).bytes, true).value();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_TRUE(ingest::is_stale(back[0].histogram.sum));
  EXPECT_TRUE(back[0].histogram.positive.empty());
}

TEST(HistogramChunk, DamageIsAnErrorOrOtherHistogramsAndNeverMore) {
  std::vector<TimedHistogram> all;
  for (int i = 0; i < 5; ++i) all.push_back({i * 1000, plain(4 * i + 4, i < 0)});
  const std::string bytes = encode_histogram_chunk(all).bytes;
  for (const bool whole : {true, false}) {
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      const auto read = decode_histogram_chunk(std::string_view(bytes).substr(0, cut), whole);
      EXPECT_TRUE(whole || !read.ok()) << cut;
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      static_cast<void>(decode_histogram_chunk(flipped, whole));
    }
  }
}

}  // namespace
}  // namespace trilobite::api
