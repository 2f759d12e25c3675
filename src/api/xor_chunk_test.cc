// XOR chunks hold what went in, in the layout that Prometheus reads.
#include "api/xor_chunk.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace trilobite::api {
namespace {

using Samples = std::vector<std::pair<std::int64_t, double>>;

void expect_round_trip(const Samples& samples) {
  std::vector<std::int64_t> times;
  std::vector<double> values;
  for (const auto& [time, value] : samples) times.push_back(time), values.push_back(value);
  const auto back = decode_xor_chunk(encode_xor_chunk(times, values));
  ASSERT_TRUE(back.ok()) << back.error().message;
  ASSERT_EQ(back->size(), samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ((*back)[i].first, samples[i].first) << i;
    EXPECT_EQ(std::bit_cast<std::uint64_t>((*back)[i].second), std::bit_cast<std::uint64_t>(samples[i].second)) << i;
  }
}

TEST(XorChunk, RoundTrips) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const double stale = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});
  expect_round_trip({});
  expect_round_trip({{-5, 1.5}});
  expect_round_trip({{0, 1}, {15'000, 1}, {30'000, 2}, {45'001, stale}, {45'002, -kInf}, {100'000'000, 0.1}});
  // Each width of differences, at its edges.
  Samples edges{{0, 0}};
  std::int64_t time = 0, step = 1'000'000'000;
  for (const std::int64_t change : {std::int64_t{0}, std::int64_t{8192}, std::int64_t{-8191}, std::int64_t{8193},
                                    std::int64_t{65'536}, std::int64_t{-65'535}, std::int64_t{524'288},
                                    std::int64_t{-524'287}, std::int64_t{524'289}, std::int64_t{-600'000}}) {
    time += step += change;
    edges.emplace_back(time, static_cast<double>(change));
  }
  expect_round_trip(edges);
  std::mt19937_64 random(7);
  Samples many;
  for (std::int64_t i = 0; i < 1000; ++i) {
    const double value = i % 3 == 0 ? std::bit_cast<double>(random()) : static_cast<double>(i);
    many.emplace_back(i * 15'000 + static_cast<std::int64_t>(random() % 20), value);
  }
  expect_round_trip(many);
}

TEST(XorChunk, KnownBytes) {
  // 2 samples; zigzag 1000; 1.0; step 10; the same value.
  const std::vector<std::int64_t> times{1000, 1010};
  const std::vector<double> values{1, 1};
  EXPECT_EQ(encode_xor_chunk(times, values),
            std::string("\x00\x02\xD0\x0F\x3F\xF0\x00\x00\x00\x00\x00\x00\x0A\x00", 14));
}

TEST(XorChunk, DamageIsNoticedOrHarmless) {
  const std::vector<std::int64_t> times{1000, 1010, 5000};
  const std::vector<double> values{1, 3, 7};
  const std::string whole = encode_xor_chunk(times, values);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode_xor_chunk(whole.substr(0, length)).ok()) << length;
  }
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    static_cast<void>(decode_xor_chunk(flipped));
  }
}

}  // namespace
}  // namespace trilobite::api
