// io.prometheus.client.MetricFamily, each with its length before it. The only format that has native histograms.
#include <cmath>

#include "exposition_format.h"
#include "native_spans.h"
#include "protobuf_writer.h"

namespace trilobite::instruments {
namespace {

std::uint64_t type_number(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return 0;
    case Kind::kGauge:
      return 1;
    case Kind::kSummary:
      return 2;
    case Kind::kHistogram:
      return 4;
  }
  return 3;
}

class ProtobufExposition {
 public:
  explicit ProtobufExposition(std::string& out) : writer_(out) {}

  void family(const GatheredFamily& family) {
    writer_.bytes(1, family.name);
    writer_.bytes(2, family.help);
    writer_.uint64(3, type_number(family.kind));
    for (const Sample& sample : family.samples) {
      writer_.message(4, [&] {
        for (const Label& label : sample.series->labels) pair(1, label.name, label.value);
        value(family.kind, sample);
      });
    }
  }

 private:
  void pair(std::uint32_t field, std::string_view name, std::string_view value) {
    writer_.message(field, [&] {
      writer_.bytes(1, name);
      writer_.bytes(2, value);
    });
  }

  void timestamp(std::uint32_t field, std::int64_t ms) {
    writer_.message(field, [&] {
      writer_.int64(1, ms / 1000);
      writer_.int64(2, ms % 1000 * 1'000'000);
    });
  }

  void exemplar(std::uint32_t field, const Exemplar& exemplar) {
    writer_.message(field, [&] {
      pair(1, "trace_id", exemplar.trace_id);
      pair(1, "span_id", exemplar.span_id);
      writer_.float64(2, exemplar.value);
      timestamp(3, exemplar.time_ms);
    });
  }

  void value(Kind kind, const Sample& sample) {
    switch (kind) {
      case Kind::kGauge:
        writer_.message(2, [&] { writer_.float64(1, sample.value); });
        break;
      case Kind::kCounter:
        writer_.message(3, [&] {
          writer_.float64(1, sample.value);
          if (sample.exemplar != nullptr) exemplar(2, *sample.exemplar);
          timestamp(3, sample.created_ms);
        });
        break;
      case Kind::kSummary:
        writer_.message(4, [&] { summary(*sample.summary, sample.created_ms); });
        break;
      case Kind::kHistogram:
        writer_.message(7, [&] { histogram(*sample.histogram, sample.created_ms); });
        break;
    }
  }

  void summary(const SummaryReading& summary, std::int64_t created_ms) {
    writer_.uint64(1, summary.reading.count);
    writer_.float64(2, summary.reading.sum);
    for (std::size_t i = 0; i < summary.layout->quantiles.size(); ++i) {
      writer_.message(3, [&] {
        writer_.float64(1, summary.layout->quantiles[i]);
        writer_.float64(2, summary.reading.values[i]);
      });
    }
    timestamp(4, created_ms);
  }

  void histogram(const HistogramReading& reading, std::int64_t created_ms) {
    writer_.uint64(1, reading.count);
    writer_.float64(2, reading.sum);
    // A native histogram without bounds of its own has no classic buckets here; +Inf alone would make it a classic one.
    const bool classic = !reading.native || !reading.layout->bounds.empty();
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; classic && i < reading.counts.size(); ++i) {
      cumulative += reading.counts[i];
      writer_.message(3, [&] {
        writer_.uint64(1, cumulative);
        writer_.float64(2, i < reading.layout->bounds.size() ? reading.layout->bounds[i] : INFINITY);
        if (i < reading.exemplars.size() && reading.exemplars[i]) exemplar(3, *reading.exemplars[i]);
      });
    }
    if (reading.native) native(*reading.native);
    timestamp(15, created_ms);
    for (const auto& kept : reading.exemplars)
      if (reading.native && kept) exemplar(16, *kept);
  }

  void native(const NativeBuckets& native) {
    writer_.sint64(5, native.schema);
    writer_.float64(6, native.zero_threshold);
    writer_.uint64(7, native.zero_count);
    range(9, 10, native.negative);
    range(12, 13, native.positive);
    // Tells a native histogram without observations from a classic one.
    if (native.zero_count == 0 && native.zero_threshold == 0 && native.negative.counts.empty() &&
        native.positive.counts.empty())
      span(12, 0, 0);
  }

  void span(std::uint32_t field, std::int64_t offset, std::uint64_t length) {
    writer_.message(field, [&] {
      writer_.sint64(1, offset);
      writer_.uint64(2, length);
    });
  }

  void range(std::uint32_t span_field, std::uint32_t delta_field, const BucketRange& range) {
    const NativeSpans runs = native_spans(range);
    for (const NativeSpans::Span& run : runs.spans) span(span_field, run.offset, run.length);
    if (runs.deltas.empty()) return;
    writer_.message(delta_field, [&] {
      for (const std::int64_t delta : runs.deltas) writer_.varint(zigzag(delta));
    });
  }

  ProtobufWriter writer_;
};

}  // namespace

std::string to_protobuf(const Gathered& gathered) {
  std::string out, message;
  ProtobufWriter lengths(out);
  for (const GatheredFamily& family : gathered.families) {
    message.clear();
    ProtobufExposition(message).family(family);
    lengths.varint(message.size());
    out += message;
  }
  return out;
}

}  // namespace trilobite::instruments
