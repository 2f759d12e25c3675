// Bytes: flags, schema (if exponential), zero threshold and zero count (if any), count, sum, positive side, negative
// side (if any), custom bounds (if custom). Counts are varints if all are whole numbers, doubles otherwise.
#include "metrics/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/bytes.h"

namespace trilobite::metrics {
namespace {

// The first byte; bits 0 and 1 are the hint.
constexpr unsigned kResetMask = 0x03;
constexpr unsigned kWholeNumbers = 0x04;
constexpr unsigned kCustom = 0x08;
constexpr unsigned kZeroBucket = 0x10;
constexpr unsigned kNegative = 0x20;
constexpr unsigned kVarintCounts = 0x40;
constexpr unsigned kKnown = 0x7F;

constexpr double kVarintMax = 9007199254740992;  // 2^53: from here on a double is no exact count

bool is_varint(double count) {
  return count >= 0 && count < kVarintMax && count == std::floor(count) && !std::signbit(count);
}

class Encoder {
 public:
  explicit Encoder(const Histogram& histogram) : histogram_(histogram), bytes_(out_) {}

  std::string encode() {
    const Histogram& h = histogram_;
    const bool zero =
        std::bit_cast<std::uint64_t>(h.zero_threshold) != 0 || std::bit_cast<std::uint64_t>(h.zero_count) != 0;
    const bool negative = !h.negative.empty();  // spans without buckets are none
    varints_ = is_varint(h.count) && is_varint(h.zero_count) &&
               std::all_of(h.positive.begin(), h.positive.end(), is_varint) &&
               std::all_of(h.negative.begin(), h.negative.end(), is_varint);
    const bool custom = h.schema == kCustomBuckets;
    bytes_.fixed(static_cast<std::uint8_t>(static_cast<unsigned>(h.reset) | (h.whole_numbers ? kWholeNumbers : 0U) |
                                           (custom ? kCustom : 0U) | (zero ? kZeroBucket : 0U) |
                                           (negative ? kNegative : 0U) | (varints_ ? kVarintCounts : 0U)));
    if (!custom) bytes_.varint(zigzag(h.schema));
    if (zero) {
      number(h.zero_threshold);
      count(h.zero_count);
    }
    count(h.count);
    number(h.sum);
    side(h.positive_spans, h.positive);
    if (negative) side(h.negative_spans, h.negative);
    if (custom) {
      bytes_.varint(h.custom_bounds.size());
      for (const double bound : h.custom_bounds) number(bound);
    }
    return std::move(out_);
  }

 private:
  void number(double value) { bytes_.fixed(std::bit_cast<std::uint64_t>(value)); }
  void count(double value) { varints_ ? bytes_.varint(static_cast<std::uint64_t>(value)) : number(value); }

  // Spans without a gap are one and empty ones none, so that one layout has one form.
  void side(const std::vector<BucketSpan>& spans, const std::vector<double>& counts) {
    std::vector<BucketSpan> canonical;
    std::int64_t gap = 0;
    for (const BucketSpan& span : spans) {
      gap += span.offset;
      if (span.length == 0) continue;
      if (gap == 0 && !canonical.empty()) {
        canonical.back().length += span.length;
      } else {
        canonical.push_back({static_cast<std::int32_t>(gap), span.length});
      }
      gap = 0;
    }
    bytes_.varint(canonical.size());
    for (const BucketSpan& span : canonical) {
      bytes_.varint(zigzag(span.offset));
      bytes_.varint(span.length);
    }
    for (const double value : counts) count(value);
  }

  const Histogram& histogram_;
  std::string out_;
  ByteWriter bytes_;
  bool varints_ = false;
};

class Decoder {
 public:
  explicit Decoder(std::string_view in) : size_(in.size()), bytes_(in) {}

  Result<Histogram> decode() {
    Histogram h;
    TRY(flags, bytes_.fixed<std::uint8_t>());
    if ((flags & ~kKnown) != 0) return error(Code::kCorrupt, "histogram has unknown flags {:#x}", flags);
    h.reset = static_cast<CounterReset>(flags & kResetMask);
    h.whole_numbers = (flags & kWholeNumbers) != 0;
    varints_ = (flags & kVarintCounts) != 0;
    h.schema = kCustomBuckets;
    if ((flags & kCustom) == 0) {
      TRY(schema, bytes_.varint());
      if (schema > 16) return error(Code::kCorrupt, "histogram has schema {}", unzigzag(schema));
      h.schema = static_cast<std::int32_t>(unzigzag(schema));
    }
    if ((flags & kZeroBucket) != 0) {
      TRY_VOID(number(h.zero_threshold));
      TRY_VOID(count(h.zero_count));
    }
    TRY_VOID(count(h.count));
    TRY_VOID(number(h.sum));
    TRY_VOID(side(h.positive_spans, h.positive));
    if ((flags & kNegative) != 0) TRY_VOID(side(h.negative_spans, h.negative));
    if ((flags & kCustom) != 0) {
      TRY(bounds, length("custom bounds", sizeof(double)));
      h.custom_bounds.resize(bounds);
      for (double& bound : h.custom_bounds) TRY_VOID(number(bound));
    }
    if (!bytes_.done()) return error(Code::kCorrupt, "histogram has {} bytes too many", bytes_.left());
    return h;
  }

 private:
  Result<void> number(double& out) {
    TRY(bits, bytes_.fixed<std::uint64_t>());
    out = std::bit_cast<double>(bits);
    return {};
  }
  Result<void> count(double& out) {
    if (!varints_) return number(out);
    TRY(value, bytes_.varint());
    if (static_cast<double>(value) >= kVarintMax) return error(Code::kCorrupt, "histogram has a count of {}", value);
    out = static_cast<double>(value);
    return {};
  }
  // Of things with `bytes_each` at least: never more than what is left can hold.
  Result<std::size_t> length(std::string_view of, std::size_t bytes_each) {
    TRY(count, bytes_.varint());
    if (count > bytes_.left() / bytes_each) {
      return error(Code::kCorrupt, "histogram says it has {} {} in {} bytes", count, of, size_);
    }
    return static_cast<std::size_t>(count);
  }
  Result<void> side(std::vector<BucketSpan>& spans, std::vector<double>& counts) {
    TRY(span_count, length("spans", 2));
    spans.resize(span_count);
    std::uint64_t buckets = 0;
    for (BucketSpan& span : spans) {
      TRY(offset, bytes_.varint());
      TRY(span_length, bytes_.varint());
      if (offset > 0xFFFFFFFF || span_length > bytes_.left()) {
        return error(Code::kCorrupt, "histogram has a span of {} buckets at {}", span_length, unzigzag(offset));
      }
      span = {static_cast<std::int32_t>(unzigzag(offset)), static_cast<std::uint32_t>(span_length)};
      buckets += span_length;
    }
    if (buckets > bytes_.left() / (varints_ ? 1 : sizeof(double))) {
      return error(Code::kCorrupt, "histogram says it has {} buckets in {} bytes", buckets, size_);
    }
    counts.resize(buckets);
    for (double& value : counts) TRY_VOID(count(value));
    return {};
  }

  std::size_t size_;
  ByteReader bytes_;
  bool varints_ = false;
};

}  // namespace

std::string encode_histogram(const Histogram& histogram) { return Encoder(histogram).encode(); }

Result<Histogram> decode_histogram(std::string_view bytes) {
  auto histogram = Decoder(bytes).decode();
  if (!histogram.ok()) return std::move(histogram).error().within("cannot decode histogram");
  // Results of queries may be stored, which break the rules on counts; a layout that does not fit would break us.
  if (const auto checked = check_histogram_layout(*histogram); !checked.ok()) {
    return error(Code::kCorrupt, "cannot decode histogram: {}", checked.error().message);
  }
  return histogram;
}

}  // namespace trilobite::metrics
