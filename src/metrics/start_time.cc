// Bytes: 0x80, which begins no histogram, and the milliseconds as a zigzag varint.
#include "metrics/start_time.h"

#include "base/bytes.h"

namespace trilobite::metrics {
namespace {

constexpr char kMark = static_cast<char>(0x80);
constexpr TimeNs kMillisecond = 1'000'000;
// What a time in nanoseconds can be of milliseconds.
constexpr std::int64_t kMillisecondsMax = INT64_MAX / kMillisecond;

}  // namespace

std::string with_start(TimeNs start, std::string_view histogram) {
  std::string out;
  if (start / kMillisecond == 0) return std::string(histogram);
  ByteWriter writer(out);
  writer.bytes({&kMark, 1});
  writer.varint(zigzag(start / kMillisecond));
  writer.bytes(histogram);
  return out;
}

SampleText split_sample_text(std::string_view text) {
  if (text.empty() || text.front() != kMark) return {0, text};
  ByteReader reader(text.substr(1));
  const auto stored = reader.varint();
  if (!stored.ok()) return {0, text};
  const std::int64_t milliseconds = unzigzag(*stored);
  if (milliseconds > kMillisecondsMax || milliseconds < -kMillisecondsMax) return {0, text};
  return {milliseconds * kMillisecond, text.substr(text.size() - reader.left())};
}

bool start_shows_reset(TimeNs start_before, TimeNs before, TimeNs start, TimeNs time) {
  // Not known, no start of this sample, or how OpenTelemetry says that it does not know.
  if (start == 0 || start >= time) return false;
  if (start != before) return start > before;
  // From one sample to the next: a difference, unless the one before did not know where it began.
  return start_before != 0 && start_before < before;
}

bool start_overlaps(TimeNs start_before, TimeNs before, TimeNs start) {
  return start != 0 && start < before && start != start_before;
}

}  // namespace trilobite::metrics
