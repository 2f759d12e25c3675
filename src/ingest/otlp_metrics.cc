// ExportMetricsServiceRequest{1 ResourceMetrics{1 Resource{1 attributes}, 2 ScopeMetrics{1 Scope, 2 Metric, 3 schema
// url}}}. Metric{1 name, 2 description, 3 unit, 5 gauge, 7 sum, 9 histogram, 10 exponential histogram, 11 summary},
// each of those {1 points, 2 temporality, 3 monotonic}. The points are read in otlp_points.h.
#include "ingest/otlp_metrics.h"

#include <algorithm>
#include <bit>
#include <protozero/exception.hpp>

#include "base/compress.h"
#include "ingest/metric_labels.h"
#include "ingest/otlp_json.h"
#include "ingest/otlp_points.h"
#include "ingest/otlp_value.h"
#include "metrics/histogram_math.h"
#include "query/number_format.h"

namespace trilobite::ingest {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kServiceName = "service.name", kServiceNamespace = "service.namespace",
                           kServiceInstance = "service.instance.id";
constexpr std::int32_t kScaleMin = -4;
constexpr double kZeroThreshold = 1e-128;
constexpr std::size_t kExemplarRunesMax = 128;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// One request. Throws protozero's exceptions; the caller catches.
class OtlpMetricsPush {
 public:
  OtlpMetricsPush(const OtlpMetricOptions& options, MetricSeriesTable& table, DeltaSession& deltas, TimeNs now)
      : options_(options), table_(table), deltas_(deltas), now_(now) {}

  Result<OtlpMetrics> decode(std::string_view message) {
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() == wire_tag(1, Wire::kBytes)) {
        TRY_VOID(resource_metrics(reader.bytes()));
      } else {
        reader.skip();
      }
    }
    if (reader.broken()) return broken_otlp();
    return std::move(out_);
  }

 private:
  // Of one metric, as its points need it.
  struct Metric {
    std::string_view name, description, unit;
    std::string label_name;  // __name__
    OtlpMetricKind kind = OtlpMetricKind::kGauge;
    bool delta = false;      // to be added up
    std::string key;         // resource, scope, name, unit and kind: what labels besides those of points follow from
  };

  Result<void> resource_metrics(std::string_view message) {
    std::string_view resource;
    std::vector<std::string_view> scopes;
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() == wire_tag(1, Wire::kBytes)) {
        resource = reader.bytes();
      } else if (reader.tag() == wire_tag(2, Wire::kBytes)) {
        scopes.push_back(reader.bytes());
      } else {
        reader.skip();
      }
    }
    if (reader.broken()) return broken_otlp();
    TRY_VOID(read_resource(resource));
    earliest_ = std::numeric_limits<TimeNs>::max();
    latest_ = kNoSample;
    for (const std::string_view scope : scopes) TRY_VOID(scope_metrics(scope));
    if (latest_ != kNoSample) TRY_VOID(add_target_info());
    return {};
  }

  Result<void> read_resource(std::string_view message) {
    const Hash128 hash = hash128(message);
    resource_key_.assign(reinterpret_cast<const char*>(&hash), sizeof(hash));
    resource_.clear();
    job_.clear();
    instance_.clear();
    std::string service, space;
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() != wire_tag(1, Wire::kBytes)) {
        reader.skip();
        continue;
      }
      TRY(pair, attribute(reader.bytes()));
      if (pair.first == kServiceName) service = pair.second;
      if (pair.first == kServiceNamespace) space = pair.second;
      if (pair.first == kServiceInstance) instance_ = pair.second;
      resource_.push_back(std::move(pair));
    }
    if (reader.broken()) return broken_otlp();
    std::sort(resource_.begin(), resource_.end());
    if (!service.empty()) job_ = space.empty() ? service : space + "/" + service;
    return {};
  }

  Result<std::pair<std::string, std::string>> attribute(std::string_view message) {
    const OtlpAttribute read = read_otlp_attribute(message);
    arena_.reset();
    TRY(text, otlp_text(read_otlp_value(read.value), arena_));
    return std::pair(std::string(read.key), std::string(text));
  }

  Result<void> scope_metrics(std::string_view message) {
    std::string_view scope, schema_url;
    std::vector<std::string_view> all;
    WireReader reader(message);
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kBytes):
          scope = reader.bytes();
          break;
        case wire_tag(2, Wire::kBytes):
          all.push_back(reader.bytes());
          break;
        case wire_tag(3, Wire::kBytes):
          schema_url = reader.bytes();
          break;
        default:
          reader.skip();
      }
    }
    if (reader.broken()) return broken_otlp();
    scope_labels_.clear();
    scope_key_ = resource_key_;
    if (options_.promote_scope_metadata) TRY_VOID(read_scope(scope, schema_url));
    for (const std::string_view each : all) TRY_VOID(metric(each));
    return {};
  }

  Result<void> read_scope(std::string_view message, std::string_view schema_url) {
    const Hash128 hash = hash128(message);
    scope_key_.append(reinterpret_cast<const char*>(&hash), sizeof(hash)).append(schema_url);
    if (!schema_url.empty()) scope_labels_.emplace_back("otel_scope_schema_url", schema_url);
    WireReader reader(message);
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kBytes):
          scope_labels_.emplace_back("otel_scope_name", reader.bytes());
          break;
        case wire_tag(2, Wire::kBytes):
          scope_labels_.emplace_back("otel_scope_version", reader.bytes());
          break;
        case wire_tag(3, Wire::kBytes): {
          TRY(pair, attribute(reader.bytes()));
          scope_labels_.emplace_back(label_name("otel_scope_" + pair.first), std::move(pair.second));
          break;
        }
        default:
          reader.skip();
      }
    }
    return reader.broken() ? Result<void>(broken_otlp()) : Result<void>();
  }

  Result<void> metric(std::string_view message) {
    Metric m;
    std::string_view data;
    std::uint32_t type = 0;
    WireReader reader(message);
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kBytes):
          m.name = reader.bytes();
          break;
        case wire_tag(2, Wire::kBytes):
          m.description = reader.bytes();
          break;
        case wire_tag(3, Wire::kBytes):
          m.unit = reader.bytes();
          break;
        case wire_tag(5, Wire::kBytes):
        case wire_tag(7, Wire::kBytes):
        case wire_tag(9, Wire::kBytes):
        case wire_tag(10, Wire::kBytes):
        case wire_tag(11, Wire::kBytes):
          type = reader.tag() >> 3;
          data = reader.bytes();
          break;
        default:
          reader.skip();
      }
    }
    if (reader.broken()) return broken_otlp();
    if (type == 0) return {};  // of a kind that we do not know, or without data
    TRY(points, read_otlp_points(data));
    if (points.messages.empty()) return {};
    TRY_VOID(classify(m, type, points));
    m.label_name = otlp_metric_name(m.name, m.unit, m.kind, options_.translation);
    if (m.label_name.empty()) {
      return error(Code::kInternal, "normalization for metric \"{}\" resulted in empty name", m.name);
    }
    m.key = scope_key_;
    m.key.append(m.name).append("\0", 1).append(m.unit).append("\0", 1).push_back(static_cast<char>(m.kind));
    add_metadata(m, points.temporality == OtlpTemporality::kDelta && !m.delta);
    const bool delta = points.temporality == OtlpTemporality::kDelta;
    for (const std::string_view point : points.messages) TRY_VOID(add_point(m, type, point, delta));
    return {};
  }

  Result<void> classify(Metric& m, std::uint32_t type, const OtlpPoints& points) {
    switch (type) {
      case 5:
        m.kind = OtlpMetricKind::kGauge;
        return {};
      case 7:
        m.kind = points.monotonic ? OtlpMetricKind::kCounter : OtlpMetricKind::kUpDownCounter;
        break;
      case 9:
        m.kind = OtlpMetricKind::kHistogram;
        break;
      case 10:
        m.kind = OtlpMetricKind::kExponential;
        break;
      default:
        m.kind = OtlpMetricKind::kSummary;
        return {};
    }
    const bool delta = points.temporality == OtlpTemporality::kDelta;
    if (points.temporality == OtlpTemporality::kUnspecified || (delta && options_.delta == OtlpDelta::kRefuse)) {
      return error(Code::kInternal, "invalid temporality and type combination for metric \"{}\"", m.name);
    }
    m.delta = delta && options_.delta == OtlpDelta::kConvert;
    return {};
  }

  void add_metadata(const Metric& m, bool raw_delta) {
    std::string_view type = "gauge";
    if (m.kind == OtlpMetricKind::kCounter) type = "counter";
    if (m.kind == OtlpMetricKind::kHistogram || m.kind == OtlpMetricKind::kExponential) type = "histogram";
    if (m.kind == OtlpMetricKind::kSummary) type = "summary";
    if (raw_delta) type = "unknown";
    out_.push.metadata.push_back({m.label_name, std::string(type), std::string(m.description), otlp_unit(m.unit)});
  }

  Result<void> add_point(const Metric& m, std::uint32_t type, std::string_view message, bool delta) {
    point_ = OtlpPoint();
    point_.delta = delta;
    TRY_VOID(read_otlp_point(message, type, point_));
    if (point_.time == 0) point_.time = now_;
    point_.time -= point_.time % 1'000'000;
    earliest_ = std::min(earliest_, point_.time);
    latest_ = std::max(latest_, point_.time);
    point_key_ = m.key;
    for (const std::string_view each : point_.attributes) point_key_.append(each);
    switch (type) {
      case 9:
        return options_.convert_histograms_to_nhcb ? custom_histogram(m) : classic_histogram(m);
      case 10:
        return exponential_histogram(m);
      case 11:
        return summary(m);
      default: {
        TRY(series, find_series(m, "", "", ""));
        add_value(m, series, point_.value);
        return add_exemplars(series, -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity());
      }
    }
  }

  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  // The series of the point with this suffix of its name and one more label; kNone when limits leave it out.
  Result<std::uint32_t> find_series(const Metric& m, std::string_view suffix, std::string_view label,
                                    std::string_view value) {
    const std::size_t length = point_key_.size();
    point_key_.append("\0", 1).append(suffix).append("\0", 1).append(value);
    const Hash128 key = hash128(point_key_);
    point_key_.resize(length);
    table_.find(std::span(&key, 1), found_);
    MetricSeriesRef series = std::move(found_.front());
    if (series == nullptr) {
      Labels labels;
      TRY_VOID(point_labels(labels));
      set(labels, kNameLabel, m.label_name + std::string(suffix));
      if (!label.empty()) set(labels, label, value);
      TRY(made, make_series(labels));
      if (made == nullptr) return kNone;
      series = std::move(made);
      table_.learn(key, series);
    }
    out_.push.series.push_back(std::move(series));
    return static_cast<std::uint32_t>(out_.push.series.size() - 1);
  }

  // Null: left out by limits.
  Result<MetricSeriesRef> make_series(const Labels& labels) {
    std::vector<LabelSet::Pair> views(labels.begin(), labels.end());
    auto checked = make_series_labels(views);
    if (!checked.ok()) return std::move(checked).error();
    auto made = table_.get(std::move(*checked));
    if (made.ok()) return made;
    if (out_.refused.find(made.error().message) == std::string::npos && out_.refused.size() < 10'000) {
      if (!out_.refused.empty()) out_.refused += '\n';
      out_.refused += made.error().message;
    }
    return MetricSeriesRef();
  }

  std::string label_name(std::string_view attribute) const {
    return otlp_label_name(attribute, options_.translation, options_.label_names);
  }
  static void set(Labels& labels, std::string_view name, std::string_view value) {
    for (auto& [known, text] : labels) {
      if (known != name) continue;
      text = value;
      return;
    }
    labels.emplace_back(name, value);
  }
  static bool has(const Labels& labels, std::string_view name) {
    return std::any_of(labels.begin(), labels.end(), [&](const auto& pair) { return pair.first == name; });
  }
  // Names that become the same share the label.
  void append_attribute(Labels& labels, const std::string& attribute, const std::string& value) const {
    std::string name = label_name(attribute);
    for (auto& [known, text] : labels) {
      if (known != name) continue;
      text += ";" + value;
      return;
    }
    labels.emplace_back(std::move(name), value);
  }

  Result<void> point_labels(Labels& labels) {
    Labels attributes;
    for (const std::string_view each : point_.attributes) {
      TRY(pair, attribute(each));
      attributes.push_back(std::move(pair));
    }
    std::stable_sort(attributes.begin(), attributes.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [name, value] : attributes) append_attribute(labels, name, value);
    Labels promoted;
    for (const auto& [name, value] : resource_) {
      const bool wanted = options_.promote_all_resource_attributes
                              ? !contains(options_.ignore_resource_attributes, name)
                              : contains(options_.promote_resource_attributes, name);
      if (wanted) append_attribute(promoted, name, value);
    }
    for (auto& [name, value] : promoted) {
      if (!has(labels, name)) labels.emplace_back(name, std::move(value));
    }
    for (const auto& [name, value] : scope_labels_) set(labels, name, value);
    if (!job_.empty()) set(labels, "job", job_);
    if (!instance_.empty()) set(labels, "instance", instance_);
    return {};
  }

  void add_value(const Metric& m, std::uint32_t series, double value) {
    if (series == kNone) return;
    if (point_.no_value) {
      value = stale_marker();
    } else if (m.delta) {
      const auto outcome = deltas_.add(out_.push.series[series], point_.time, value);
      if (outcome == DeltaSession::Outcome::kFull) refuse_delta();
      if (outcome != DeltaSession::Outcome::kTaken) return;
    }
    out_.push.add(series, point_.time, value, start_of(m));
  }
  void add_histogram(const Metric& m, std::uint32_t series, metrics::Histogram histogram) {
    if (series == kNone) return;
    if (m.delta && !point_.no_value) {
      const auto outcome = deltas_.add(out_.push.series[series], point_.time, histogram);
      if (outcome == DeltaSession::Outcome::kFull) refuse_delta();
      if (outcome != DeltaSession::Outcome::kTaken) return;
    }
    out_.push.add(series, point_.time, std::move(histogram), start_of(m));
  }
  // Gauges have none, and differences that were added up began before the one that came.
  TimeNs start_of(const Metric& m) const {
    return m.delta || m.kind == OtlpMetricKind::kGauge || point_.no_value ? 0 : point_.start;
  }
  void refuse_delta() {
    constexpr std::string_view kText = "too many series of delta temporality";
    if (out_.refused.find(kText) != std::string::npos) return;
    if (!out_.refused.empty()) out_.refused += '\n';
    out_.refused += kText;
  }

  Result<void> classic_histogram(const Metric& m) {
    if (point_.sum) {
      TRY(series, find_series(m, "_sum", "", ""));
      add_value(m, series, *point_.sum);
    }
    TRY(count, find_series(m, "_count", "", ""));
    add_value(m, count, point_.count);
    double total = 0, lower = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < point_.bounds.size() && i < point_.buckets.size(); ++i) {
      total += point_.buckets[i];
      TRY(bucket, find_series(m, "_bucket", "le", query::number_text(point_.bounds[i])));
      add_value(m, bucket, total);
      TRY_VOID(add_exemplars(bucket, lower, point_.bounds[i]));
      lower = point_.bounds[i];
    }
    TRY(last, find_series(m, "_bucket", "le", "+Inf"));
    add_value(m, last, point_.count);
    return add_exemplars(last, lower, std::numeric_limits<double>::infinity());
  }

  // What every native histogram has; a point without a value is a stale marker.
  metrics::Histogram native(const Metric& m) const {
    metrics::Histogram h;
    h.whole_numbers = true;
    h.count = point_.no_value ? 0 : point_.count;
    h.sum = point_.no_value ? stale_marker() : point_.sum.value_or(0);
    // Differences that are stored as they are are not counters.
    const bool raw = !m.delta && point_.delta;
    h.reset = raw ? metrics::CounterReset::kGauge : metrics::CounterReset::kUnknown;
    return h;
  }

  Result<void> custom_histogram(const Metric& m) {
    metrics::Histogram h = native(m);
    h.schema = metrics::kCustomBuckets;
    h.custom_bounds = point_.bounds;
    if (!point_.no_value && !point_.buckets.empty()) {
      h.positive = point_.buckets;
      h.positive_spans = {{0, static_cast<std::uint32_t>(point_.buckets.size())}};
      metrics::compact(h);
    }
    return add_native(m, std::move(h));
  }

  Result<void> exponential_histogram(const Metric& m) {
    if (point_.scale < kScaleMin) {
      return error(Code::kInternal,
                   "cannot convert exponential to native histogram. Scale must be >= {}, was {}", kScaleMin,
                   point_.scale);
    }
    metrics::Histogram h = native(m);
    h.schema = point_.scale;
    h.zero_threshold = kZeroThreshold;
    if (!point_.no_value) {
      h.zero_count = point_.zero_count;
      add_buckets(point_.positive, h.positive_spans, h.positive);
      add_buckets(point_.negative, h.negative_spans, h.negative);
      metrics::compact(h);
    }
    return add_native(m, std::move(h));
  }

  // OpenTelemetry's bucket i is above 2^(i*2^-scale), Prometheus' bucket i below it.
  static void add_buckets(const OtlpBuckets& from, std::vector<metrics::BucketSpan>& spans,
                          std::vector<double>& counts) {
    if (from.counts.empty()) return;
    counts = from.counts;
    spans = {{static_cast<std::int32_t>(static_cast<std::uint32_t>(from.offset) + 1u),
              static_cast<std::uint32_t>(counts.size())}};
  }

  Result<void> add_native(const Metric& m, metrics::Histogram histogram) {
    if (auto checked = finish_histogram(histogram); !checked.ok()) {
      return Error{Code::kInternal, fmt::format("{} for metric \"{}\"", checked.error().message, m.name)};
    }
    TRY(series, find_series(m, "", "", ""));
    add_histogram(m, series, std::move(histogram));
    return add_exemplars(series, -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity());
  }

  Result<void> summary(const Metric& m) {
    TRY(sum, find_series(m, "_sum", "", ""));
    add_value(m, sum, point_.sum.value_or(0));
    TRY(count, find_series(m, "_count", "", ""));
    add_value(m, count, point_.count);
    for (const auto& [quantile, value] : point_.quantiles) {
      TRY(series, find_series(m, "", "quantile", query::number_text(quantile)));
      add_value(m, series, value);
    }
    return {};
  }

  // Those with a value in (above, up_to].
  Result<void> add_exemplars(std::uint32_t series, double above, double up_to) {
    if (series == kNone) return {};
    for (const std::string_view message : point_.exemplars) {
      OtlpExemplar read;
      TRY_VOID(read_otlp_exemplar(message, read));
      if (!(read.value > above && read.value <= up_to)) continue;
      Labels labels;
      if (!read.trace_id.empty()) labels.emplace_back("trace_id", read.trace_id);
      if (!read.span_id.empty()) labels.emplace_back("span_id", read.span_id);
      Labels filtered;
      std::size_t runes = 0;
      for (const auto& [name, value] : labels) runes += name.size() + value.size();
      for (const std::string_view each : read.attributes) {
        TRY(pair, attribute(each));
        pair.first = label_name(pair.first);
        runes += utf8_runes(pair.first) + utf8_runes(pair.second);
        filtered.push_back(std::move(pair));
      }
      if (runes <= kExemplarRunesMax) {
        for (const auto& [name, value] : filtered) set(labels, name, value);
      }
      std::vector<LabelSet::Pair> views(labels.begin(), labels.end());
      auto checked = make_labels(views);
      if (!checked.ok()) continue;
      const TimeNs time = read.time == 0 ? point_.time : read.time - read.time % 1'000'000;
      out_.push.exemplars.push_back({series, time, read.value, std::move(*checked)});
    }
    return {};
  }

  // One series per resource with what else is known of it, over the time of its points.
  Result<void> add_target_info() {
    if (job_.empty() && instance_.empty()) return {};
    Labels labels;
    std::size_t others = 0;
    for (const auto& [name, value] : resource_) {
      const bool identifying = name == kServiceName || name == kServiceNamespace || name == kServiceInstance;
      others += identifying ? 0 : 1;
      if (!identifying || options_.keep_identifying_resource_attributes) append_attribute(labels, name, value);
    }
    if (others == 0) return {};
    if (!job_.empty()) set(labels, "job", job_);
    if (!instance_.empty()) set(labels, "instance", instance_);
    set(labels, kNameLabel, "target_info");
    TRY(series, make_series(labels));
    if (series == nullptr) return {};
    MetricPush& push = out_.target_info;
    push.series.push_back(std::move(series));
    const auto index = static_cast<std::uint32_t>(push.series.size() - 1);
    const TimeNs step = std::max<TimeNs>(options_.target_info_every.count(), kNsPerSecond);
    // A request with a point of long ago must not become a million samples.
    constexpr std::size_t kSamplesMax = 1000;
    TimeNs time = earliest_;
    for (std::size_t i = 0; i < kSamplesMax && time < latest_; ++i, time += step) push.add(index, time, 1);
    push.add(index, latest_, 1);
    return {};
  }

  const OtlpMetricOptions& options_;
  MetricSeriesTable& table_;
  DeltaSession& deltas_;
  const TimeNs now_;
  OtlpMetrics out_;
  logql::Arena arena_;

  Labels resource_;  // attributes, by name
  std::string job_, instance_;
  std::string resource_key_, scope_key_;
  Labels scope_labels_;
  TimeNs earliest_ = 0, latest_ = 0;  // of the points of the resource

  OtlpPoint point_;
  std::string point_key_;
  std::vector<MetricSeriesRef> found_;
};

bool is_type(std::string_view content_type, std::string_view type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type == type;
}

Result<std::string> unpack(const PushBody& body, std::size_t bytes_max) {
  if (body.content_encoding == "gzip") return gzip_decompress(body.bytes, bytes_max);
  if (body.content_encoding == "zstd") return zstd_stream_decompress(body.bytes, bytes_max);
  return error(Code::kInvalid, "unsupported compression: {}. Only \"gzip\", \"zstd\" or no compression supported",
               body.content_encoding);
}

}  // namespace

Result<OtlpMetrics> decode_otlp_metrics_protobuf(std::string_view message, const OtlpMetricOptions& options,
                                                 MetricSeriesTable& table, DeltaSession& deltas, TimeNs now) {
  try {
    return OtlpMetricsPush(options, table, deltas, now).decode(message);
  } catch (const protozero::exception& failed) {
    return error(Code::kInvalid, "cannot decode OTLP protobuf: {}", failed.what());
  }
}

Result<OtlpMetrics> decode_otlp_metrics(const PushBody& body, const PushLimits& limits,
                                        const OtlpMetricOptions& options, MetricSeriesTable& table,
                                        DeltaSession& deltas, TimeNs now) {
  const bool json = is_type(body.content_type, "application/json");
  if (!json && !is_type(body.content_type, "application/x-protobuf")) {
    return error(Code::kInvalid, "unsupported content type: {}, supported: [application/json, application/x-protobuf]",
                 body.content_type);
  }
  std::string unpacked;
  std::string_view bytes = body.bytes;
  if (!body.content_encoding.empty() && body.content_encoding != "identity") {
    TRY(raw, unpack(body, limits.bytes_decoded_max));
    unpacked = std::move(raw);
    bytes = unpacked;
  }
  if (!json) return decode_otlp_metrics_protobuf(bytes, options, table, deltas, now);
  if (unpacked.empty()) unpacked = std::string(bytes);
  TRY(message, otlp_metrics_json_to_protobuf(std::move(unpacked)));
  return decode_otlp_metrics_protobuf(message, options, table, deltas, now);
}

}  // namespace trilobite::ingest
