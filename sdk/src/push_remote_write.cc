// Metrics in Prometheus' remote write 1.0: each line of the text exposition is a series, and native histograms are one.
#include <algorithm>
#include <cmath>

#include "exposition_format.h"
#include "native_spans.h"
#include "protobuf_writer.h"
#include "push_encoders.h"

namespace trilobite::instruments {
namespace {

std::uint64_t metadata_type(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return 1;
    case Kind::kGauge:
      return 2;
    case Kind::kHistogram:
      return 3;
    case Kind::kSummary:
      return 5;
  }
  return 0;
}

class WriteRequests {
 public:
  WriteRequests(const Labels& labels, std::int64_t time_ms, std::size_t samples_max)
      : common_(labels), time_ms_(time_ms), samples_max_(samples_max) {}

  void family(const GatheredFamily& family) {
    for (const Sample& sample : family.samples) {
      if (samples_ >= samples_max_) flush();
      if (sample.histogram != nullptr) {
        histogram(family.name, sample);
      } else if (sample.summary != nullptr) {
        summary(family.name, sample);
      } else {
        series(family.name, sample, nullptr, {}, [&] {
          value(sample.value);
          if (sample.exemplar != nullptr) exemplar(*sample.exemplar);
        });
      }
    }
    ProtobufWriter(body_).message(3, [&] {
      ProtobufWriter writer(body_);
      writer.uint64(1, metadata_type(family.kind));
      writer.bytes(2, family.name);
      writer.bytes(4, family.help);
    });
  }

  std::vector<std::string> take() {
    flush();
    return std::move(done_);
  }

 private:
  void flush() {
    if (!body_.empty()) done_.push_back(std::exchange(body_, {}));
    samples_ = 0;
  }

  // A series with all its labels sorted; extra is `le` or `quantile`.
  template <class Values>
  void series(const std::string& name, const Sample& sample, const char* extra, const std::string& extra_value,
              Values values) {
    labels_ = sample.series->labels;
    const auto has = [&](const std::string& wanted) {
      return std::any_of(labels_.begin(), labels_.end(), [&](const Label& label) { return label.name == wanted; });
    };
    for (const Label& label : common_)
      if (!has(label.name)) labels_.push_back(label);
    labels_.push_back({.name = "__name__", .value = name});
    if (extra != nullptr) labels_.push_back({.name = extra, .value = extra_value});
    std::sort(labels_.begin(), labels_.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
    ProtobufWriter writer(body_);
    writer.message(1, [&] {
      for (const Label& label : labels_) {
        if (label.value.empty()) continue;  // the same as no label, and refused by some receivers
        writer.message(1, [&] {
          writer.bytes(1, label.name);
          writer.bytes(2, label.value);
        });
      }
      values();
    });
    ++samples_;
  }

  void value(double value) {
    ProtobufWriter writer(body_);
    writer.message(2, [&] {
      writer.float64(1, value);
      writer.int64(2, time_ms_);
    });
  }

  void exemplar(const Exemplar& exemplar) {
    ProtobufWriter writer(body_);
    const auto pair = [&](std::string_view name, std::string_view text) {
      writer.message(1, [&] {
        writer.bytes(1, name);
        writer.bytes(2, text);
      });
    };
    writer.message(3, [&] {
      pair("span_id", exemplar.span_id);
      pair("trace_id", exemplar.trace_id);
      writer.float64(2, exemplar.value);
      writer.int64(3, exemplar.time_ms);
    });
  }

  void histogram(const std::string& name, const Sample& sample) {
    const HistogramReading& reading = *sample.histogram;
    if (reading.native) {
      series(name, sample, nullptr, {}, [&] {
        for (const auto& kept : reading.exemplars)
          if (kept) exemplar(*kept);
        native(reading);
      });
      if (reading.layout->bounds.empty()) return;
    }
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < reading.counts.size(); ++i) {
      cumulative += reading.counts[i];
      std::string bound;
      append_sample_value(bound, i < reading.layout->bounds.size() ? reading.layout->bounds[i] : INFINITY);
      series(name + "_bucket", sample, "le", bound, [&] {
        value(static_cast<double>(cumulative));
        if (i < reading.exemplars.size() && reading.exemplars[i]) exemplar(*reading.exemplars[i]);
      });
    }
    sum_and_count(name, sample, reading.sum, reading.count);
  }

  void native(const HistogramReading& reading) {
    ProtobufWriter writer(body_);
    const auto range = [&](std::uint32_t span_field, std::uint32_t delta_field, const BucketRange& buckets) {
      const NativeSpans runs = native_spans(buckets);
      for (const NativeSpans::Span& run : runs.spans) {
        writer.message(span_field, [&] {
          writer.sint64(1, run.offset);
          writer.uint64(2, run.length);
        });
      }
      if (runs.deltas.empty()) return;
      writer.message(delta_field, [&] {
        for (const std::int64_t delta : runs.deltas) writer.varint(zigzag(delta));
      });
    };
    writer.message(4, [&] {
      writer.uint64(1, reading.count);
      writer.float64(3, reading.sum);
      writer.sint64(4, reading.native->schema);
      writer.float64(5, reading.native->zero_threshold);
      writer.uint64(6, reading.native->zero_count);
      range(8, 9, reading.native->negative);
      range(11, 12, reading.native->positive);
      writer.int64(15, time_ms_);
    });
  }

  void summary(const std::string& name, const Sample& sample) {
    for (std::size_t i = 0; i < sample.summary->layout->quantiles.size(); ++i) {
      std::string quantile;
      append_sample_value(quantile, sample.summary->layout->quantiles[i]);
      series(name, sample, "quantile", quantile, [&] { value(sample.summary->reading.values[i]); });
    }
    sum_and_count(name, sample, sample.summary->reading.sum, sample.summary->reading.count);
  }

  void sum_and_count(const std::string& name, const Sample& sample, double sum, std::uint64_t count) {
    series(name + "_sum", sample, nullptr, {}, [&] { value(sum); });
    series(name + "_count", sample, nullptr, {}, [&] { value(static_cast<double>(count)); });
  }

  const Labels& common_;
  const std::int64_t time_ms_;
  const std::size_t samples_max_;
  Labels labels_;
  std::string body_;
  std::size_t samples_ = 0;
  std::vector<std::string> done_;
};

}  // namespace

std::vector<std::string> encode_remote_write(const Gathered& gathered, const Labels& labels, std::int64_t time_ms,
                                             std::size_t samples_max) {
  WriteRequests out(labels, time_ms, samples_max);
  for (const GatheredFamily& family : gathered.families) out.family(family);
  return out.take();
}

}  // namespace trilobite::instruments
