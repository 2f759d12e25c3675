// Start times: their bytes, and what they say about two samples.
#include "metrics/start_time.h"

#include <gtest/gtest.h>

#include "metrics/histogram.h"

namespace trilobite::metrics {
namespace {

constexpr TimeNs kMs = 1'000'000;

TEST(StartTime, StandsInFrontOfTheHistogramOrAlone) {
  Histogram histogram;
  histogram.count = 3;
  histogram.sum = 5;
  histogram.positive_spans = {{0, 1}};
  histogram.positive = {3};
  for (const std::string& text : {std::string(), encode_histogram(histogram)}) {
    EXPECT_EQ(with_start(0, text), text);
    EXPECT_EQ(with_start(999'999, text), text) << "less than a millisecond is nothing";
    EXPECT_EQ(split_sample_text(text).start, 0);
    EXPECT_EQ(split_sample_text(text).histogram, text);
    for (const TimeNs start : {kMs, -kMs, 1'768'435'200'123 * kMs, -9'000'000'000 * kMs}) {
      const std::string stored = with_start(start, text);
      EXPECT_EQ(split_sample_text(stored).start, start);
      EXPECT_EQ(split_sample_text(stored).histogram, text);
    }
  }
  EXPECT_EQ(split_sample_text(with_start(1'500'000, "")).start, kMs);
}

TEST(StartTime, DamagedBytesAreNoStartAndNoHistogram) {
  const std::string whole = with_start(1'768'435'200'123 * kMs, "");
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const SampleText text = split_sample_text(std::string_view(whole).substr(0, length));
    EXPECT_EQ(text.start, 0) << length;
    EXPECT_FALSE(decode_histogram(text.histogram).ok()) << length;
  }
  // More milliseconds than a time has.
  const std::string large = "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  EXPECT_EQ(split_sample_text(large).start, 0);
  EXPECT_FALSE(decode_histogram(split_sample_text(large).histogram).ok());
}

TEST(StartTime, ShowsResets) {
  struct Case {
    TimeNs start_before, before, start, time;
    bool reset, overlap;
    const char* why;
  };
  const Case cases[] = {
      {5, 10, 5, 20, false, false, "goes on counting"},
      {5, 10, 15, 20, true, false, "began between the two"},
      {5, 10, 0, 20, false, false, "not known"},
      {5, 10, 20, 20, false, false, "how OpenTelemetry says unknown"},
      {5, 10, 25, 20, false, false, "began after its sample: nonsense"},
      {5, 10, 10, 20, true, false, "from sample to sample: a difference"},
      {0, 10, 10, 20, false, false, "the one before did not know its start"},
      {10, 10, 10, 20, false, false, "the one before did not know its start, as OpenTelemetry says it"},
      {12, 10, 10, 20, false, false, "the one before is nonsense"},
      {5, 10, 7, 20, false, true, "another counter, and yet older than the sample before"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(start_shows_reset(each.start_before, each.before, each.start, each.time), each.reset) << each.why;
    EXPECT_EQ(start_overlaps(each.start_before, each.before, each.start), each.overlap) << each.why;
  }
}

}  // namespace
}  // namespace trilobite::metrics
