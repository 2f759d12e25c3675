#include "storage/head.h"

#include <gtest/gtest.h>

#include "storage/test_samples.h"

namespace trilobite::storage {
namespace {

std::size_t append(Head& head, const std::vector<TestSample>& samples) {
  const Batch batch = make_sample_batch(samples);
  std::vector<Hash128> hashes;
  for (const LabelSetRef& set : batch.label_sets) hashes.push_back(hash128(set->bytes()));
  return head.append("t", Signal::kMetrics, batch, hashes);
}

// As many series as fill what was configured do not make a head that is flushed again at once: it is full when their
// samples take as much as they do.
TEST(Head, SamplesHaveAsMuchRoomAsTheirSeries) {
  constexpr std::size_t kSeries = 500, kConfigured = 10'000;
  Head head;
  std::size_t scrapes = 0;
  do {
    std::vector<TestSample> samples;
    for (std::size_t i = 0; i < kSeries; ++i) {
      const auto time = static_cast<TimeNs>(scrapes) * 15 * kNsPerSecond;
      samples.push_back({"job=a,i=" + std::to_string(i), time, static_cast<double>(scrapes)});
    }
    ASSERT_EQ(append(head, samples), kSeries);
    ++scrapes;
    ASSERT_GT(head.bytes(), kConfigured);
    ASSERT_LT(scrapes, 10'000u);
  } while (head.bytes() < head.bytes_max(kConfigured));
  EXPECT_GT(scrapes, 10u);
  EXPECT_EQ(head.series(), kSeries);
  EXPECT_EQ(head.bytes_max(1u << 30), 1u << 30);
}

}  // namespace
}  // namespace trilobite::storage
