// Metrics in OTLP.
#include "protobuf_writer.h"
#include "push_encoders.h"

namespace trilobite::instruments {
namespace {

constexpr std::uint64_t kCumulative = 2;

std::string bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

std::uint64_t as_ns(std::int64_t ms) { return static_cast<std::uint64_t>(ms) * 1'000'000; }

class OtlpMetric {
 public:
  OtlpMetric(ProtobufWriter& writer, std::int64_t time_ms) : writer_(writer), time_ms_(time_ms) {}

  void family(const GatheredFamily& family) {
    const bool native = !family.samples.empty() && family.samples[0].histogram != nullptr &&
                        family.samples[0].histogram->native.has_value();
    writer_.bytes(1, family.name);
    writer_.bytes(2, family.help);
    switch (family.kind) {
      case Kind::kGauge:
        return points(5, family, [&](const Sample& sample) { number(sample); });
      case Kind::kCounter:
        return points(
            7, family, [&](const Sample& sample) { number(sample); },
            [&] {
              writer_.uint64(2, kCumulative);
              writer_.boolean(3, true);
            });
      case Kind::kSummary:
        return points(11, family, [&](const Sample& sample) { summary(sample); });
      case Kind::kHistogram:
        break;
    }
    const auto cumulative = [&] { writer_.uint64(2, kCumulative); };
    if (native) {
      points(
          10, family, [&](const Sample& sample) { exponential(sample); }, cumulative);
    } else {
      points(
          9, family, [&](const Sample& sample) { histogram(sample); }, cumulative);
    }
  }

 private:
  template <class Point>
  void points(std::uint32_t field, const GatheredFamily& family, Point point) {
    points(field, family, point, [] {});
  }
  template <class Point, class Rest>
  void points(std::uint32_t field, const GatheredFamily& family, Point point, Rest rest) {
    writer_.message(field, [&] {
      for (const Sample& sample : family.samples) writer_.message(1, [&] { point(sample); });
      rest();
    });
  }

  void attributes(std::uint32_t field, const Sample& sample) {
    for (const Label& label : sample.series->labels) {
      writer_.message(field, [&] {
        writer_.bytes(1, label.name);
        writer_.message(2, [&] { writer_.bytes(1, label.value); });
      });
    }
  }
  void times(const Sample& sample) {
    writer_.fixed64(2, as_ns(sample.created_ms));
    writer_.fixed64(3, as_ns(time_ms_));
  }
  void exemplar(std::uint32_t field, const Exemplar& exemplar) {
    writer_.message(field, [&] {
      writer_.fixed64(2, as_ns(exemplar.time_ms));
      writer_.float64(3, exemplar.value);
      writer_.bytes(4, bytes_of_hex(exemplar.span_id));
      writer_.bytes(5, bytes_of_hex(exemplar.trace_id));
    });
  }

  void number(const Sample& sample) {
    times(sample);
    writer_.float64(4, sample.value);
    if (sample.exemplar != nullptr) exemplar(5, *sample.exemplar);
    attributes(7, sample);
  }

  void histogram(const Sample& sample) {
    const HistogramReading& reading = *sample.histogram;
    times(sample);
    writer_.fixed64(4, reading.count);
    writer_.float64(5, reading.sum);
    writer_.message(6, [&] {
      for (const std::uint64_t count : reading.counts) writer_.packed_fixed64(count);
    });
    writer_.message(7, [&] {
      for (const double bound : reading.layout->bounds) writer_.packed_float64(bound);
    });
    for (const auto& kept : reading.exemplars)
      if (kept) exemplar(8, *kept);
    attributes(9, sample);
  }

  void exponential(const Sample& sample) {
    const HistogramReading& reading = *sample.histogram;
    attributes(1, sample);
    times(sample);
    writer_.fixed64(4, reading.count);
    writer_.float64(5, reading.sum);
    writer_.sint64(6, reading.native->schema);
    writer_.fixed64(7, reading.native->zero_count);
    buckets(8, reading.native->positive);
    buckets(9, reading.native->negative);
    for (const auto& kept : reading.exemplars)
      if (kept) exemplar(11, *kept);
    writer_.float64(14, reading.native->zero_threshold);
  }
  void buckets(std::uint32_t field, const BucketRange& range) {
    if (range.counts.empty()) return;
    writer_.message(field, [&] {
      writer_.sint64(1,
                     std::int64_t{range.first} - 1);  // OTLP numbers a bucket by its lower bound, we by its upper one
      writer_.message(2, [&] {
        for (const std::uint64_t count : range.counts) writer_.varint(count);
      });
    });
  }

  void summary(const Sample& sample) {
    times(sample);
    writer_.fixed64(4, sample.summary->reading.count);
    writer_.float64(5, sample.summary->reading.sum);
    for (std::size_t i = 0; i < sample.summary->layout->quantiles.size(); ++i) {
      writer_.message(6, [&] {
        writer_.float64(1, sample.summary->layout->quantiles[i]);
        writer_.float64(2, sample.summary->reading.values[i]);
      });
    }
    attributes(7, sample);
  }

  ProtobufWriter& writer_;
  const std::int64_t time_ms_;
};

}  // namespace

std::string encode_otlp(const Gathered& gathered, std::string_view resource, std::int64_t time_ms) {
  std::string out;
  ProtobufWriter writer(out);
  writer.message(1, [&] {
    writer.bytes(1, resource);
    writer.message(2, [&] {
      writer.message(1, [&] { writer.bytes(1, "trilobite"); });
      for (const GatheredFamily& family : gathered.families)
        writer.message(2, [&] { OtlpMetric(writer, time_ms).family(family); });
    });
  });
  return out;
}

}  // namespace trilobite::instruments
