// MetricFamily{1 name, 2 help, 3 type, 4 metric, 5 unit}, each with its length in front. Metric{1 label{1 name, 2
// value}, 2 gauge{1 value}, 3 counter{1 value, 2 exemplar, 3 start}, 4 summary{1 count, 2 sum, 3 quantile{1 quantile,
// 2 value}, 4 start}, 5 untyped{1 value}, 6 ms, 7 histogram{1 count, 2 sum, 3 bucket{1 count, 2 bound, 3 exemplar,
// 4 float count}, 4 float count, 5 schema, 6 zero threshold, 7 zero count, 8 float zero count, 9 negative span,
// 10 delta, 11 count, 12 13 14 the same for positive, 15 start, 16 exemplars}}. Exemplar{1 label, 2 value,
// 3 timestamp}. A timestamp and a start are {1 s, 2 ns}.
#include <array>
#include <cmath>
#include <limits>

#include "ingest/exposition_readers.h"
#include "ingest/histogram_wire.h"
#include "ingest/metric_labels.h"
#include "ingest/wire_pairs.h"
#include "ingest/wire_reader.h"

namespace trilobite::ingest {
namespace {

Error broken() { return error(Code::kInvalid, "protobuf exposition is broken or ends too early"); }

// What one Metric message becomes: its samples one after the other.
struct Part {
  std::string_view suffix;         // _sum
  NumberLabel number = NumberLabel::kNone;
  double number_value = 0;         // of `number`
  double value = 0;
  bool histogram = false;
  std::size_t exemplars_first = 0, exemplars_count = 0;
};

struct Histogram {
  metrics::Histogram native;
  bool is_native = false;
  double count = 0;
  struct Bucket {
    double count = 0, bound = 0;
    std::string_view exemplar;
  };
  std::vector<Bucket> buckets;
  std::vector<std::string_view> exemplars;
};

class ProtobufExposition final : public ExpositionReader {
 public:
  ProtobufExposition(std::string_view body, ExpositionOptions options) : body_(body), options_(options) {}

  Result<bool> next(ExpositionSample& out) override {
    while (part_ >= parts_.size()) {
      auto more = next_metric();
      if (!more.ok() || !*more) {
        body_ = WireReader("");
        metrics_.clear();
        return more;
      }
    }
    const Part& part = parts_[part_++];
    current_ = &part;
    key_.assign(name_).append(part.suffix).push_back('\0');
    key_.append(labels_);
    if (part.number != NumberLabel::kNone) {
      key_.push_back('\0');
      key_.append(reinterpret_cast<const char*>(&part.number_value), sizeof(double));
    }
    out = ExpositionSample{};
    out.key = key_;
    out.time = time_;
    out.start = start_;
    out.value = part.value;
    if (part.histogram) out.histogram = &histogram_.native;
    out.exemplars = std::span(exemplars_).subspan(part.exemplars_first, part.exemplars_count);
    return true;
  }

  Result<LabelSet> labels() const override {
    TRY(pairs, read_labels(labels_));
    const std::string name = std::string(name_) + std::string(current_->suffix);
    pairs.emplace_back(kNameLabel, name);
    const std::string number = normal_number(current_->number_value);
    if (current_->number != NumberLabel::kNone) pairs.emplace_back(number_label_name(current_->number), number);
    return make_labels(pairs);
  }

 private:
  // `bytes` is a message, or the labels of a metric with their tags.
  static Result<std::vector<LabelSet::Pair>> read_labels(std::string_view bytes) {
    std::vector<LabelSet::Pair> pairs;
    if (!read_wire_pairs(bytes, pairs)) return broken();
    return pairs;
  }

  Result<bool> next_metric() {
    while (metric_ >= metrics_.size()) {
      if (body_.done()) return false;
      const std::string_view message = body_.bytes();
      if (body_.broken()) return broken();
      TRY_VOID(family(message));
    }
    TRY_VOID(metric(metrics_[metric_++]));
    return true;
  }

  Result<void> family(std::string_view message) {
    static constexpr std::array<std::string_view, 6> kTypes{"counter", "gauge",     "summary",
                                                            "unknown", "histogram", "gaugehistogram"};
    WireReader reader(message);
    ExpositionFamily out;
    std::uint64_t type = 0;
    metrics_.clear();
    metric_ = 0;
    name_ = {};
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kBytes):
          name_ = reader.bytes();
          break;
        case wire_tag(2, Wire::kBytes):
          out.help = std::string(reader.bytes());
          break;
        case wire_tag(3, Wire::kVarint):
          type = reader.varint();
          break;
        case wire_tag(4, Wire::kBytes):
          metrics_.push_back(reader.bytes());
          break;
        case wire_tag(5, Wire::kBytes):
          out.unit = std::string(reader.bytes());
          break;
        default:
          reader.skip();
      }
    }
    if (reader.broken()) return broken();
    if (name_.empty() || !valid_utf8(name_)) return error(Code::kInvalid, "invalid metric name: {}", go_quoted(name_));
    if (type >= kTypes.size()) return error(Code::kInvalid, "unknown metric type for name {}", go_quoted(name_));
    if (!valid_utf8(out.help)) {
      return error(Code::kInvalid, "invalid help for metric {}: {}", go_quoted(name_), go_quoted(out.help));
    }
    gauge_ = type == 5;
    out.name = std::string(name_);
    out.type = std::string(kTypes[type]);
    families_.push_back(std::move(out));
    return {};
  }

  Result<void> metric(std::string_view message) {
    parts_.clear();
    exemplars_.clear();
    part_ = 0;
    time_.reset();
    start_.reset();
    labels_.clear();
    WireReader reader(message);
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kBytes): {
          const std::string_view label = reader.bytes();
          labels_.append("\x0a");
          for (std::size_t length = label.size(); ; length >>= 7) {
            labels_.push_back(static_cast<char>((length & 0x7F) | (length > 0x7F ? 0x80 : 0)));
            if (length <= 0x7F) break;
          }
          labels_.append(label);
          break;
        }
        case wire_tag(2, Wire::kBytes):
        case wire_tag(3, Wire::kBytes):
        case wire_tag(5, Wire::kBytes):
          TRY_VOID(plain(reader.bytes()));
          break;
        case wire_tag(4, Wire::kBytes):
          TRY_VOID(summary(reader.bytes()));
          break;
        case wire_tag(6, Wire::kVarint):
          time_ = time_of_ms(reader.signed_varint());
          break;
        case wire_tag(7, Wire::kBytes):
          TRY_VOID(histogram(reader.bytes()));
          break;
        default:
          reader.skip();
      }
    }
    if (time_ && *time_ == 0) time_.reset();  // what is not set reads as 0
    return reader.broken() ? Result<void>(broken()) : Result<void>();
  }

  // Gauge, counter and untyped.
  Result<void> plain(std::string_view message) {
    Part part;
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() == wire_tag(1, Wire::kFixed64)) {
        part.value = reader.number();
      } else if (reader.tag() == wire_tag(2, Wire::kBytes)) {
        part.exemplars_first = exemplars_.size();
        TRY_VOID(exemplar(reader.bytes()));
        part.exemplars_count = exemplars_.size() - part.exemplars_first;
      } else if (reader.tag() == wire_tag(3, Wire::kBytes)) {
        TRY(start, timestamp(reader.bytes()));
        start_ = start;
      } else {
        reader.skip();
      }
    }
    if (reader.broken()) return broken();
    parts_.push_back(part);
    return {};
  }

  Result<void> summary(std::string_view message) {
    double count = 0, sum = 0;
    std::vector<std::pair<double, double>> quantiles;
    WireReader reader(message);
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kVarint):
          count = static_cast<double>(reader.varint());
          break;
        case wire_tag(2, Wire::kFixed64):
          sum = reader.number();
          break;
        case wire_tag(3, Wire::kBytes): {
          std::pair<double, double> entry;
          WireReader quantile(reader.bytes());
          while (quantile.next()) {
            if (quantile.tag() == wire_tag(1, Wire::kFixed64)) {
              entry.first = quantile.number();
            } else if (quantile.tag() == wire_tag(2, Wire::kFixed64)) {
              entry.second = quantile.number();
            } else {
              quantile.skip();
            }
          }
          if (quantile.broken()) return broken();
          quantiles.push_back(entry);
          break;
        }
        case wire_tag(4, Wire::kBytes): {
          TRY(start, timestamp(reader.bytes()));
          start_ = start;
          break;
        }
        default:
          reader.skip();
      }
    }
    if (reader.broken()) return broken();
    parts_.push_back({"_count", NumberLabel::kNone, 0, count});
    parts_.push_back({"_sum", NumberLabel::kNone, 0, sum});
    for (const auto& [quantile, value] : quantiles) parts_.push_back({"", NumberLabel::kQuantile, quantile, value});
    return {};
  }

  Result<void> histogram(std::string_view message) {
    TRY_VOID(read_histogram(message));
    Histogram& h = histogram_;
    const bool native = h.is_native && options_.native_histograms;
    if (native) {
      if (gauge_) h.native.reset = metrics::CounterReset::kGauge;
      TRY_VOID(finish_histogram(h.native));
      Part part{"", NumberLabel::kNone, 0, h.native.sum, true};
      for (const std::string_view each : h.exemplars) TRY_VOID(exemplar(each));
      if (h.exemplars.empty()) {
        for (const Histogram::Bucket& bucket : h.buckets) {
          if (!bucket.exemplar.empty()) TRY_VOID(exemplar(bucket.exemplar));
        }
      }
      part.exemplars_count = exemplars_.size();
      parts_.push_back(part);
      if (!options_.classic_histograms || h.buckets.empty()) return {};
    }
    parts_.push_back({"_count", NumberLabel::kNone, 0, h.count});
    parts_.push_back({"_sum", NumberLabel::kNone, 0, h.native.sum});
    bool infinite = false;
    for (const Histogram::Bucket& bucket : h.buckets) {
      Part part{"_bucket", NumberLabel::kBound, bucket.bound, bucket.count};
      part.exemplars_first = exemplars_.size();
      if (!bucket.exemplar.empty()) TRY_VOID(exemplar(bucket.exemplar));
      part.exemplars_count = exemplars_.size() - part.exemplars_first;
      infinite = infinite || bucket.bound == std::numeric_limits<double>::infinity();
      parts_.push_back(part);
    }
    if (!infinite) {
      parts_.push_back({"_bucket", NumberLabel::kBound, std::numeric_limits<double>::infinity(), h.count});
    }
    return {};
  }

  Result<void> read_histogram(std::string_view message) {
    histogram_ = {};
    Histogram& h = histogram_;
    // The same fields as remote write's histogram under other numbers: made one, so that one decoder reads both.
    WireReader reader(message);
    HistogramFields fields;
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kVarint):
          fields.whole = true;
          h.count = static_cast<double>(reader.varint());
          break;
        case wire_tag(2, Wire::kFixed64):
          h.native.sum = reader.number();
          break;
        case wire_tag(3, Wire::kBytes):
          TRY_VOID(bucket(reader.bytes()));
          break;
        case wire_tag(4, Wire::kFixed64):
          fields.float_count = reader.number();
          break;
        case wire_tag(5, Wire::kVarint):
          h.native.schema = static_cast<std::int32_t>(reader.zigzag_varint());
          break;
        case wire_tag(6, Wire::kFixed64):
          h.native.zero_threshold = reader.number();
          break;
        case wire_tag(7, Wire::kVarint):
          fields.zero_count = static_cast<double>(reader.varint());
          break;
        case wire_tag(8, Wire::kFixed64):
          fields.float_zero_count = reader.number();
          break;
        case wire_tag(9, Wire::kBytes):
          fields.broken |= !read_wire_span(reader.bytes(), h.native.negative_spans);
          break;
        case wire_tag(10, Wire::kBytes):
        case wire_tag(10, Wire::kVarint):
          fields.broken |= !read_wire_deltas(reader, h.native.negative);
          break;
        case wire_tag(11, Wire::kBytes):
        case wire_tag(11, Wire::kFixed64):
          fields.broken |= !read_wire_numbers(reader, h.native.negative);
          break;
        case wire_tag(12, Wire::kBytes):
          fields.broken |= !read_wire_span(reader.bytes(), h.native.positive_spans);
          break;
        case wire_tag(13, Wire::kBytes):
        case wire_tag(13, Wire::kVarint):
          fields.broken |= !read_wire_deltas(reader, h.native.positive);
          break;
        case wire_tag(14, Wire::kBytes):
        case wire_tag(14, Wire::kFixed64):
          fields.broken |= !read_wire_numbers(reader, h.native.positive);
          break;
        case wire_tag(15, Wire::kBytes): {
          TRY(start, timestamp(reader.bytes()));
          start_ = start;
          break;
        }
        case wire_tag(16, Wire::kBytes):
          h.exemplars.push_back(reader.bytes());
          break;
        default:
          reader.skip();
      }
    }
    if (reader.broken() || fields.broken) return broken();
    metrics::Histogram& native = h.native;
    native.whole_numbers = fields.float_count <= 0;
    if (!native.whole_numbers) h.count = fields.float_count;
    native.count = h.count;
    native.zero_count = native.whole_numbers ? fields.zero_count : fields.float_zero_count;
    h.is_native = !native.positive_spans.empty() || !native.negative_spans.empty() || native.zero_threshold > 0 ||
                  native.zero_count > 0;
    return {};
  }

  struct HistogramFields {
    bool whole = false, broken = false;
    double float_count = 0, zero_count = 0, float_zero_count = 0;
  };

  Result<void> bucket(std::string_view message) {
    Histogram::Bucket out;
    double float_count = 0;
    WireReader reader(message);
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kVarint):
          out.count = static_cast<double>(reader.varint());
          break;
        case wire_tag(2, Wire::kFixed64):
          out.bound = reader.number();
          break;
        case wire_tag(3, Wire::kBytes):
          out.exemplar = reader.bytes();
          break;
        case wire_tag(4, Wire::kFixed64):
          float_count = reader.number();
          break;
        default:
          reader.skip();
      }
    }
    if (reader.broken()) return broken();
    if (float_count > 0) out.count = float_count;
    histogram_.buckets.push_back(out);
    return {};
  }

  static Result<TimeNs> timestamp(std::string_view message) {
    std::int64_t seconds = 0, nanos = 0;
    WireReader time(message);
    while (time.next()) {
      if (time.tag() == wire_tag(1, Wire::kVarint)) {
        seconds = time.signed_varint();
      } else if (time.tag() == wire_tag(2, Wire::kVarint)) {
        nanos = time.signed_varint();
      } else {
        time.skip();
      }
    }
    if (time.broken()) return broken();
    constexpr std::int64_t kSecondsMax = 9'000'000'000'000;
    return time_of_ms(std::clamp(seconds, -kSecondsMax, kSecondsMax) * 1000 + nanos % kNsPerSecond / 1'000'000);
  }

  Result<void> exemplar(std::string_view message) {
    ExpositionExemplar out;
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() == wire_tag(2, Wire::kFixed64)) {
        out.value = reader.number();
      } else if (reader.tag() == wire_tag(3, Wire::kBytes)) {
        TRY(time, timestamp(reader.bytes()));
        out.time = time;
      } else {
        reader.skip();
      }
    }
    if (reader.broken()) return broken();
    TRY(pairs, read_labels(message));
    auto labels = make_labels(pairs);
    if (!labels.ok()) return {};
    out.labels = std::move(*labels);
    exemplars_.push_back(std::move(out));
    return {};
  }

  WireReader body_;
  ExpositionOptions options_;
  std::string_view name_;                  // of the family
  bool gauge_ = false;                     // a gauge histogram
  std::vector<std::string_view> metrics_;  // of the family
  std::size_t metric_ = 0;                 // the next of them
  std::string labels_;                     // of the metric: its label fields
  std::optional<TimeNs> time_, start_;
  Histogram histogram_;
  std::vector<ExpositionExemplar> exemplars_;
  std::vector<Part> parts_;
  std::size_t part_ = 0;  // the next of them
  const Part* current_ = nullptr;
  std::string key_;
};

}  // namespace

std::unique_ptr<ExpositionReader> read_protobuf_exposition(std::string_view body, ExpositionOptions options) {
  return std::make_unique<ProtobufExposition>(body, options);
}

}  // namespace trilobite::ingest
