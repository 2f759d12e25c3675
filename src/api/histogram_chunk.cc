#include "api/histogram_chunk.h"

#include <array>
#include <bit>
#include <cmath>

#include "api/chunk_bits.h"
#include "api/xor_chunk.h"
#include "ingest/histogram_wire.h"
#include "ingest/metric_writer.h"

namespace trilobite::api {
namespace {

using metrics::BucketSpan;
using metrics::CounterReset;
using metrics::Histogram;

constexpr std::uint8_t kReset = 0b1000'0000, kNotReset = 0b0100'0000, kGauge = 0b1100'0000;
constexpr std::size_t kBucketsMax = 1u << 16, kSpansMax = 1u << 10;  // of a chunk that is read; more is damage

// Numbers near 0 in few bits: prefixes 10, 110 ... 11111110, 11111111 for all 64; a single 0 is 0.
constexpr std::array<unsigned, 8> kWidths{3, 6, 9, 12, 18, 25, 56, 64};

void write_prefixed(BitWriter& out, std::uint64_t value, std::size_t width) {
  if (width + 1 < kWidths.size()) {
    out.bits((std::uint64_t{1} << (width + 2)) - 2, static_cast<unsigned>(width) + 2);
  } else {
    out.bits(0xFF, 8);
  }
  out.bits(value, kWidths[width]);
}

void write_number(BitWriter& out, std::int64_t value) {
  if (value == 0) return out.bits(0, 1);
  std::size_t width = 0;
  for (; width + 1 < kWidths.size(); ++width) {
    const std::int64_t half = std::int64_t{1} << (kWidths[width] - 1);
    if (value >= -(half - 1) && value <= half) break;
  }
  write_prefixed(out, static_cast<std::uint64_t>(value), width);
}

void write_unsigned(BitWriter& out, std::uint64_t value) {
  if (value == 0) return out.bits(0, 1);
  std::size_t width = 0;
  while (width + 1 < kWidths.size() && value >> kWidths[width] != 0) ++width;
  write_prefixed(out, value, width);
}

// kWidths.size(): a single 0 bit.
std::size_t read_prefix(BitReader& in) {
  std::size_t ones = 0;
  while (ones < 8 && !in.ended() && in.bits(1) == 1) ++ones;
  return ones == 0 ? kWidths.size() : ones - 1;
}

std::uint64_t read_unsigned(BitReader& in) {
  const std::size_t width = read_prefix(in);
  return width == kWidths.size() ? 0 : in.bits(kWidths[width]);
}

std::int64_t read_number(BitReader& in) {
  const std::size_t prefix = read_prefix(in);
  if (prefix == kWidths.size()) return 0;
  const unsigned width = kWidths[prefix];
  const std::uint64_t raw = in.bits(width);
  if (width == 64 || raw <= std::uint64_t{1} << (width - 1)) return static_cast<std::int64_t>(raw);
  return static_cast<std::int64_t>(raw - (std::uint64_t{1} << width));
}

// A power of two is one byte, anything else nine.
void write_threshold(BitWriter& out, double threshold) {
  if (threshold == 0) return out.bits(0, 8);
  int exponent = 0;
  if (std::frexp(threshold, &exponent) == 0.5 && exponent >= -242 && exponent <= 11) {
    return out.bits(static_cast<std::uint64_t>(exponent + 243), 8);
  }
  out.bits(255, 8);
  out.bits(std::bit_cast<std::uint64_t>(threshold), 64);
}

double read_threshold(BitReader& in) {
  const auto byte = static_cast<int>(in.bits(8));
  if (byte == 0) return 0;
  return byte == 255 ? std::bit_cast<double>(in.bits(64)) : std::ldexp(0.5, byte - 243);
}

// Thousandths up to 33554.43 in few bits.
void write_bound(BitWriter& out, double bound) {
  const double thousandths = bound * 1000;
  if (thousandths >= 0 && thousandths <= 33'554'430 && thousandths == std::floor(thousandths)) {
    return write_unsigned(out, static_cast<std::uint64_t>(thousandths) + 1);
  }
  out.bits(0, 1);
  out.bits(std::bit_cast<std::uint64_t>(bound), 64);
}

double read_bound(BitReader& in) {
  const std::uint64_t number = read_unsigned(in);
  return number == 0 ? std::bit_cast<double>(in.bits(64)) : static_cast<double>(number - 1) / 1000;
}

void write_spans(BitWriter& out, const std::vector<BucketSpan>& spans) {
  write_unsigned(out, spans.size());
  for (const BucketSpan& span : spans) {
    write_unsigned(out, span.length);
    write_number(out, span.offset);
  }
}

bool read_spans(BitReader& in, std::vector<BucketSpan>& spans, std::size_t& buckets) {
  const std::uint64_t count = read_unsigned(in);
  if (count > kSpansMax) return false;
  for (std::uint64_t i = 0; i < count && !in.ended(); ++i) {
    const std::uint64_t length = read_unsigned(in);
    spans.push_back({static_cast<std::int32_t>(read_number(in)), static_cast<std::uint32_t>(length)});
    if (length > kBucketsMax || (buckets += length) > kBucketsMax) return false;
  }
  return !in.ended();
}

void write_layout(BitWriter& out, const Histogram& first) {
  write_threshold(out, first.zero_threshold);
  write_number(out, first.schema);
  write_spans(out, first.positive_spans);
  write_spans(out, first.negative_spans);
  if (first.schema != metrics::kCustomBuckets) return;
  write_unsigned(out, first.custom_bounds.size());
  for (const double bound : first.custom_bounds) write_bound(out, bound);
}

bool read_layout(BitReader& in, Histogram& out) {
  out.zero_threshold = read_threshold(in);
  out.schema = static_cast<std::int32_t>(read_number(in));
  std::size_t positive = 0, negative = 0;
  if (!read_spans(in, out.positive_spans, positive) || !read_spans(in, out.negative_spans, negative)) return false;
  out.positive.resize(positive);
  out.negative.resize(negative);
  if (out.schema != metrics::kCustomBuckets) return true;
  const std::uint64_t bounds = read_unsigned(in);
  if (bounds > kBucketsMax) return false;
  for (std::uint64_t i = 0; i < bounds && !in.ended(); ++i) out.custom_bounds.push_back(read_bound(in));
  return !in.ended();
}

bool is_stale(const Histogram& histogram) { return ingest::is_stale(histogram.sum); }

bool same_layout(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && a.custom_bounds == b.custom_bounds;
}

bool continues(const Histogram& before, const Histogram& next) {
  if (before.whole_numbers != next.whole_numbers || is_stale(before) || is_stale(next)) return false;
  if (!same_layout(before, next)) return false;
  if (before.reset == CounterReset::kGauge || next.reset == CounterReset::kGauge) return before.reset == next.reset;
  // Readers take what follows in a chunk for no reset.
  return next.reset == CounterReset::kNotReset;
}

std::uint8_t header_of(CounterReset reset) {
  if (reset == CounterReset::kReset) return kReset;
  if (reset == CounterReset::kNotReset) return kNotReset;
  return reset == CounterReset::kGauge ? kGauge : 0;
}

CounterReset reset_of(std::uint8_t header, bool first) {
  if ((header & kGauge) == kGauge) return CounterReset::kGauge;
  if (!first) return CounterReset::kNotReset;
  if (header & kReset) return CounterReset::kReset;
  return header & kNotReset ? CounterReset::kNotReset : CounterReset::kUnknown;
}

std::uint64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

// A whole number with its last step: the first is written as it is, then what the step changes by.
struct Stepped {
  std::int64_t value = 0;
  std::uint64_t step = 0;
  void write(BitWriter& out, std::int64_t next) {
    const std::uint64_t now = minus(next, value);
    write_number(out, static_cast<std::int64_t>(now - step));
    value = next;
    step = now;
  }
  std::int64_t read(BitReader& in) {
    step += static_cast<std::uint64_t>(read_number(in));
    value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + step);
    return value;
  }
};

// Counts of buckets as differences to the bucket before.
std::vector<std::int64_t> bucket_deltas(const std::vector<double>& counts) {
  std::vector<std::int64_t> out;
  std::int64_t last = 0;
  for (const double count : counts) {
    const std::int64_t whole = ingest::whole_count(count);
    out.push_back(static_cast<std::int64_t>(minus(whole, last)));
    last = whole;
  }
  return out;
}

void write_whole(BitWriter& bits, std::span<const TimedHistogram> all) {
  const Histogram& first = all[0].histogram;
  Stepped time{all[0].time_ms}, count{ingest::whole_count(first.count)}, zeros{ingest::whole_count(first.zero_count)};
  write_number(bits, time.value);
  write_unsigned(bits, static_cast<std::uint64_t>(count.value));
  write_unsigned(bits, static_cast<std::uint64_t>(zeros.value));
  bits.bits(std::bit_cast<std::uint64_t>(first.sum), 64);
  XorValueWriter sum(first.sum);
  std::vector<Stepped> buckets;
  for (const auto* side : {&first.positive, &first.negative}) {
    for (const std::int64_t delta : bucket_deltas(*side)) {
      write_number(bits, delta);
      buckets.push_back({delta});
    }
  }
  for (const TimedHistogram& next : all.subspan(1)) {
    time.write(bits, next.time_ms);
    count.write(bits, ingest::whole_count(next.histogram.count));
    zeros.write(bits, ingest::whole_count(next.histogram.zero_count));
    sum.write(bits, next.histogram.sum);
    std::size_t at = 0;
    for (const auto* side : {&next.histogram.positive, &next.histogram.negative}) {
      for (const std::int64_t delta : bucket_deltas(*side)) buckets[at++].write(bits, delta);
    }
  }
}

template <class Do>
void each_number(const Histogram& histogram, const Do& act) {
  act(histogram.count), act(histogram.zero_count), act(histogram.sum);
  for (const double count : histogram.positive) act(count);
  for (const double count : histogram.negative) act(count);
}

void write_floats(BitWriter& bits, std::span<const TimedHistogram> all) {
  Stepped time{all[0].time_ms};
  write_number(bits, time.value);
  std::vector<XorValueWriter> numbers;
  each_number(all[0].histogram, [&](double number) {
    bits.bits(std::bit_cast<std::uint64_t>(number), 64);
    numbers.emplace_back(number);
  });
  for (const TimedHistogram& next : all.subspan(1)) {
    time.write(bits, next.time_ms);
    std::size_t at = 0;
    each_number(next.histogram, [&](double number) { numbers[at++].write(bits, number); });
  }
}

bool read_whole(BitReader& in, std::size_t samples, TimedHistogram one, std::vector<TimedHistogram>& out) {
  Histogram& histogram = one.histogram;
  Stepped time, count, zeros;
  XorValueReader sum;
  std::vector<Stepped> buckets(histogram.positive.size() + histogram.negative.size());
  for (std::size_t i = 0; i < samples && !in.ended(); ++i) {
    if (i == 0) {
      time.value = read_number(in);
      count.value = static_cast<std::int64_t>(read_unsigned(in));
      zeros.value = static_cast<std::int64_t>(read_unsigned(in));
      histogram.sum = std::bit_cast<double>(in.bits(64));
      sum = XorValueReader(histogram.sum);
      for (Stepped& bucket : buckets) bucket.value = read_number(in);
    } else {
      time.read(in), count.read(in), zeros.read(in);
      if (!sum.read(in, histogram.sum)) return false;
      for (Stepped& bucket : buckets) bucket.read(in);
    }
    one.time_ms = time.value;
    histogram.count = static_cast<double>(count.value), histogram.zero_count = static_cast<double>(zeros.value);
    std::size_t at = 0;
    for (auto* side : {&histogram.positive, &histogram.negative}) {
      std::uint64_t total = 0;
      for (double& bucket : *side) {
        total += static_cast<std::uint64_t>(buckets[at++].value);
        bucket = static_cast<double>(static_cast<std::int64_t>(total));
      }
    }
    out.push_back(one);
  }
  return !in.ended();
}

bool read_floats(BitReader& in, std::size_t samples, TimedHistogram one, std::vector<TimedHistogram>& out) {
  Histogram& histogram = one.histogram;
  Stepped time;
  std::vector<double*> numbers{&histogram.count, &histogram.zero_count, &histogram.sum};
  for (auto* side : {&histogram.positive, &histogram.negative}) {
    for (double& bucket : *side) numbers.push_back(&bucket);
  }
  std::vector<XorValueReader> readers(numbers.size());
  for (std::size_t i = 0; i < samples && !in.ended(); ++i) {
    if (i == 0) {
      time.value = read_number(in);
    } else {
      time.read(in);
    }
    for (std::size_t at = 0; at < numbers.size(); ++at) {
      if (i == 0) {
        *numbers[at] = std::bit_cast<double>(in.bits(64));
        readers[at] = XorValueReader(*numbers[at]);
      } else if (!readers[at].read(in, *numbers[at])) {
        return false;
      }
    }
    one.time_ms = time.value;
    out.push_back(one);
  }
  return !in.ended();
}

}  // namespace

std::size_t histograms_of_chunk(std::span<const TimedHistogram> all) {
  std::size_t count = all.empty() ? 0 : 1;
  while (count < all.size() && count < kXorChunkSamples &&
         continues(all[count - 1].histogram, all[count].histogram)) {
    ++count;
  }
  return count;
}

HistogramChunk encode_histogram_chunk(std::span<const TimedHistogram> histograms) {
  CHECK(!histograms.empty() && histograms.size() <= 0xFFFF);
  TimedHistogram marker;
  // A stale marker has no buckets and no layout.
  if (is_stale(histograms[0].histogram)) {
    marker.time_ms = histograms[0].time_ms;
    marker.histogram.sum = histograms[0].histogram.sum;
    marker.histogram.reset = histograms[0].histogram.reset;
    marker.histogram.whole_numbers = histograms[0].histogram.whole_numbers;
    histograms = std::span(&marker, 1);
  }
  const Histogram& first = histograms[0].histogram;
  HistogramChunk out{first.whole_numbers, histograms.front().time_ms, histograms.back().time_ms, {}};
  out.bytes.push_back(static_cast<char>(histograms.size() >> 8));
  out.bytes.push_back(static_cast<char>(histograms.size() & 0xFF));
  out.bytes.push_back(static_cast<char>(header_of(first.reset)));
  BitWriter bits(out.bytes);
  write_layout(bits, first);
  if (out.whole_numbers) {
    write_whole(bits, histograms);
  } else {
    write_floats(bits, histograms);
  }
  return out;
}

Result<std::vector<TimedHistogram>> decode_histogram_chunk(std::string_view chunk, bool whole_numbers) {
  const auto corrupt = [] { return error(Code::kCorrupt, "histogram chunk ends too early, or has no such buckets"); };
  if (chunk.size() < 3) return corrupt();
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(chunk[i]); };
  const std::size_t samples = static_cast<std::size_t>(byte(0)) << 8 | byte(1);
  BitReader in(chunk.substr(3));
  TimedHistogram one;
  one.histogram.whole_numbers = whole_numbers;
  std::vector<TimedHistogram> out;
  if (!read_layout(in, one.histogram)) return corrupt();
  if (!(whole_numbers ? read_whole(in, samples, one, out) : read_floats(in, samples, one, out))) return corrupt();
  for (std::size_t i = 0; i < out.size(); ++i) out[i].histogram.reset = reset_of(byte(2), i == 0);
  return out;
}

}  // namespace trilobite::api
