#include "scrape/target_scrape.h"

#include <trilobite/trace.h>

#include <algorithm>
#include <cmath>

#include "metrics/histogram_math.h"
#include "scrape/failure_log.h"
#include "scrape/limits.h"
#include "scrape/log_target.h"

namespace trilobite::scrape {
namespace {

using ingest::ExpositionFormat;
using ingest::MetricPush;
using ingest::MetricSeriesRef;

constexpr trace::SpanType kScrapeSpan{"trilobite::scrape", "scrape"};

struct Accepted {
  std::string_view media_type;
  bool escaping;  // only the 1.0.0 text forms say how names are escaped
};
constexpr Accepted accepted(ScrapeProtocol protocol) {
  switch (protocol) {
    case ScrapeProtocol::kPrometheusProto:
      return {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", false};
    case ScrapeProtocol::kOpenMetricsText1_0_0:
      return {"application/openmetrics-text;version=1.0.0", true};
    case ScrapeProtocol::kOpenMetricsText0_0_1:
      return {"application/openmetrics-text;version=0.0.1", false};
    case ScrapeProtocol::kPrometheusText1_0_0:
      return {"text/plain;version=1.0.0", true};
    case ScrapeProtocol::kPrometheusText0_0_4:
      return {"text/plain;version=0.0.4", false};
  }
  return {"*/*", false};
}
constexpr int kKnownProtocols = 5;

ExpositionFormat format_of(ScrapeProtocol protocol) {
  switch (protocol) {
    case ScrapeProtocol::kPrometheusProto:
      return ExpositionFormat::kProtobuf;
    case ScrapeProtocol::kOpenMetricsText1_0_0:
    case ScrapeProtocol::kOpenMetricsText0_0_1:
      return ExpositionFormat::kOpenMetrics;
    default:
      return ExpositionFormat::kText;
  }
}

Result<ExpositionFormat> choose_format(const ScrapeConfig& config, std::string_view content_type) {
  if (const auto format = ingest::exposition_format(content_type)) return *format;
  if (config.fallback_protocol) return format_of(*config.fallback_protocol);
  if (content_type.empty()) {
    return error(Code::kInvalid,
                 "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for "
                 "target");
  }
  return error(Code::kInvalid,
               "received unsupported Content-Type \"{}\" and no fallback_scrape_protocol specified for target",
               content_type);
}

std::vector<std::string> constant_headers(const ScrapeConfig& config, const TargetSpec& spec) {
  const double seconds = std::chrono::duration<double>(spec.timeout).count();
  return {"Accept: " + accept_header(config), fmt::format("X-Prometheus-Scrape-Timeout-Seconds: {}", seconds)};
}

bool legacy_name(std::string_view name, bool colons) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  });
}

LabelSet to_label_set(const Labels& labels) {
  std::vector<std::pair<std::string, std::string>> pairs(labels.begin(), labels.end());
  return LabelSet::from_pairs(std::move(pairs));
}

std::string shown(const Error& error) {
  std::string text = error.message;
  if (text.size() > kErrorBytesShown) text = text.substr(0, kErrorBytesShown) + "...";
  return text;
}

std::size_t buckets_of(const metrics::Histogram& histogram) {
  return histogram.positive.size() + histogram.negative.size();
}

// Makes a histogram fit the limit by merging buckets, as far as its schema goes.
Result<void> fit(metrics::Histogram& histogram, const ScrapeLimits& limits) {
  if (limits.histogram_buckets > 0) {
    if (histogram.schema == metrics::kCustomBuckets) {
      if (buckets_of(histogram) > limits.histogram_buckets)
        return error(Code::kLimit, "histogram bucket limit exceeded");
      return {};
    }
    while (buckets_of(histogram) > limits.histogram_buckets) {
      if (histogram.schema <= -4) return error(Code::kLimit, "histogram bucket limit exceeded");
      metrics::reduce_resolution(histogram, histogram.schema - 1);
    }
  }
  if (limits.histogram_bucket_factor_min > 1 && histogram.schema != metrics::kCustomBuckets) {
    // Bounds of schema n are 2^(2^-n) apart; the coarsest schema that is still finer than wanted, as Prometheus picks
    // it.
    const double wanted = -std::floor(std::log2(std::log2(limits.histogram_bucket_factor_min)));
    const auto schema = static_cast<std::int32_t>(std::clamp(wanted, -4.0, 8.0));
    if (histogram.schema > schema) metrics::reduce_resolution(histogram, schema);
  }
  return {};
}

}  // namespace

std::string accept_header(const ScrapeConfig& config) {
  std::string out;
  int weight = kKnownProtocols + 1;
  for (const ScrapeProtocol protocol : config.protocols) {
    const Accepted kind = accepted(protocol);
    out += kind.media_type;
    if (kind.escaping) out += ";escaping=" + config.escaping;
    out += fmt::format(";q=0.{},", weight--);
  }
  return out + fmt::format("*/*;q=0.{}", weight);
}

TargetScrape::TargetScrape(std::shared_ptr<const ScrapeConfig> config, TargetSpec spec, std::shared_ptr<HttpAuth> auth,
                           SampleSink& sink, std::shared_ptr<TargetMemory> memory)
    : config_(std::move(config)),
      spec_(std::move(spec)),
      auth_(std::move(auth)),
      sink_(sink),
      memory_(std::move(memory)),
      headers_(constant_headers(*config_, spec_)) {}

Result<HttpTransferRequest> TargetScrape::request() const {
  HttpTransferRequest out;
  out.url = spec_.url;
  out.unix_socket = spec_.unix_socket;
  out.timeout = spec_.timeout;
  out.compressed = config_->enable_compression;
  out.body_bytes_max = config_->limits.body_bytes > 0 ? config_->limits.body_bytes : kBodyBytesMax;
  TRY(credentials, auth_->headers());
  out.headers = headers_;
  out.headers.insert(out.headers.end(), credentials.begin(), credentials.end());
  return out;
}

void TargetScrape::set_forced_error(std::string error) {
  const std::lock_guard lock(mutex_);
  forced_error_ = std::move(error);
}

std::string TargetScrape::forced_error() const {
  const std::lock_guard lock(mutex_);
  return forced_error_;
}

TargetReport TargetScrape::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

std::shared_ptr<const std::vector<ingest::ExpositionFamily>> TargetScrape::families() const {
  const std::lock_guard lock(mutex_);
  return families_;
}

Result<void> TargetScrape::check_labels(const LabelSet& labels) const {
  const std::string_view metric = labels.get("__name__");
  if (metric.empty()) return error(Code::kInvalid, "missing metric name (__name__ label)");
  const ScrapeLimits& limits = config_->limits;
  if (!config_->utf8_names) {
    for (const auto& [name, value] : labels) {
      const bool good = name == "__name__" ? legacy_name(value, true) : legacy_name(name, false);
      if (!good) return error(Code::kInvalid, "invalid metric name or label names: {}", labels.to_string());
    }
  }
  if (const std::size_t count = labels.size(); limits.labels > 0 && count > limits.labels) {
    return error(Code::kLimit, "label_limit exceeded (metric: {:.50}, number of labels: {}, limit: {})", metric, count,
                 limits.labels);
  }
  if (limits.label_name_bytes == 0 && limits.label_value_bytes == 0) return {};
  for (const auto& [name, value] : labels) {
    if (limits.label_name_bytes > 0 && name.size() > limits.label_name_bytes) {
      return error(Code::kLimit,
                   "label_name_length_limit exceeded (metric: {:.50}, label name: {:.50}, length: {}, limit: {})",
                   metric, name, name.size(), limits.label_name_bytes);
    }
    if (limits.label_value_bytes > 0 && value.size() > limits.label_value_bytes) {
      return error(Code::kLimit,
                   "label_value_length_limit exceeded (metric: {:.50}, label name: {:.50}, value: \"{:.50}\", length: "
                   "{}, limit: {})",
                   metric, name, value, value.size(), limits.label_value_bytes);
    }
  }
  return {};
}

// Makes the entry of a series that the cache does not know.
Result<std::uint32_t> TargetScrape::resolve(std::string_view key, const LabelsOf& labels_of, Counts& counts) {
  TRY(scraped, labels_of());
  const std::optional<Labels> labels = series_labels(*config_, spec_.labels, scraped, key);
  if (!labels) return memory_->cache.add(key, nullptr);
  LabelSet set = to_label_set(*labels);
  if (set.empty()) return memory_->cache.add(key, nullptr);
  TRY_VOID(check_labels(set));
  auto series = sink_.series(std::move(set));
  if (series.ok()) {
    ++counts.added;
    return memory_->cache.add(key, std::move(*series));
  }
  if (series.error().code != Code::kLimit && series.error().code != Code::kInvalid) return std::move(series).error();
  // A limit of the tenant: what it refuses is left out, and asked for again the next time.
  if (counts.refused_series++ == 0) counts.refused = std::move(series).error();
  return SeriesCache::kNone;
}

Result<void> TargetScrape::take(const ingest::ExpositionSample& sample, const LabelsOf& labels, TimeNs scrape_time,
                                Counts& counts, Batch& batch) {
  SeriesCache& cache = memory_->cache;
  ++counts.total;
  std::uint32_t entry = sample.expected ? cache.take_expected() : cache.find(sample.key);
  if (entry == SeriesCache::kNone) {
    TRY(made, resolve(sample.key, labels, counts));
    entry = made;
    if (entry == SeriesCache::kNone) return {};
  }
  const MetricSeriesRef& series = cache.series(entry);
  if (series == nullptr) {
    cache.mark(entry, false);
    return {};
  }
  const bool own_time = config_->honor_timestamps && sample.time.has_value();
  const TimeNs time = own_time ? *sample.time : scrape_time;
  const std::uint64_t limit = config_->limits.samples > 0 ? config_->limits.samples : kSamplesMax;
  if (++counts.kept > limit) return error(Code::kLimit, "sample limit exceeded");
  const bool repeated = cache.marked(entry);
  cache.mark(entry, !own_time || config_->track_timestamps_staleness);

  MetricPush* push = &batch.push;
  bool new_series = true;
  if (repeated) {
    const bool last = !push->series.empty() && push->series.back() == series;
    if (last && own_time) {
      new_series = false;
    } else {
      push = &batch.later.emplace_back();
    }
  }
  if (new_series) push->series.push_back(series);
  const auto of = static_cast<std::uint32_t>(push->series.size() - 1);
  if (sample.histogram != nullptr) {
    metrics::Histogram histogram = *sample.histogram;
    TRY_VOID(fit(histogram, config_->limits));
    push->add(of, time, std::move(histogram), sample.start.value_or(0));
  } else {
    push->add(of, time, sample.value, sample.start.value_or(0));
  }
  for (const ingest::ExpositionExemplar& exemplar : sample.exemplars) {
    push->exemplars.push_back({of, exemplar.time.value_or(time), exemplar.value, exemplar.labels});
  }
  return {};
}

Result<void> TargetScrape::take_classic(ClassicHistograms& classic, TimeNs scrape_time, Counts& counts, Batch& batch) {
  for (const ClassicHistograms::Made& made : classic.finish()) {
    std::string key = "\xff";  // no text begins so: the key of no other series
    key += made.labels.bytes();
    ingest::ExpositionSample sample;
    sample.key = key;
    sample.time = made.time;
    sample.value = made.histogram.sum;
    sample.histogram = &made.histogram;
    sample.exemplars = made.exemplars;
    TRY_VOID(take(
        sample, [&] { return Result<LabelSet>(made.labels); }, scrape_time, counts, batch));
  }
  return {};
}

Result<void> TargetScrape::read_body(const Answer& answer, Counts& counts, Batch& batch) {
  TRY_VOID(answer.outcome);
  if (answer.status != 200) {
    return error(Code::kUnavailable, "server returned HTTP status {}", answer.status_text);
  }
  TRY(format, choose_format(*config_, answer.content_type));
  ingest::ExpositionOptions options;
  options.native_histograms = spec_.native_histograms;
  options.classic_histograms = spec_.always_classic_histograms;
  options.start_times = sink_.keeps_start_times();
  const auto reader = ingest::read_exposition(answer.body, format, options);
  batch.push.series.reserve(report_.samples + 16);
  batch.push.times.reserve(report_.samples + 16);
  batch.push.values.reserve(report_.samples + 16);
  batch.push.series_of.reserve(report_.samples + 16);
  ClassicHistograms classic;
  const LabelsOf labels_of = [&] { return reader->labels(); };
  for (ingest::ExpositionSample sample;;) {
    reader->expect(memory_->cache.expected());
    TRY(more, reader->next(sample));
    if (!more) break;
    if (spec_.classic_histograms_to_custom && !reader->families().empty()) {
      TRY(labels, reader->labels());
      if (classic.take(reader->families().back(), labels, sample) && !spec_.always_classic_histograms) continue;
    }
    TRY_VOID(take(sample, labels_of, answer.time, counts, batch));
  }
  TRY_VOID(take_classic(classic, answer.time, counts, batch));
  const auto same = [](const ingest::ExpositionFamily& a, const ingest::ExpositionFamily& b) {
    return a.name == b.name && a.type == b.type && a.help == b.help && a.unit == b.unit;
  };
  const auto& families = reader->families();
  if (!std::equal(families.begin(), families.end(), told_.begin(), told_.end(), same)) {
    told_ = families;
    for (const ingest::ExpositionFamily& family : families) {
      batch.push.metadata.push_back({family.name, family.type, family.help, family.unit});
    }
    const std::lock_guard lock(mutex_);
    families_ = std::make_shared<const std::vector<ingest::ExpositionFamily>>(families);
  }
  return {};
}

void TargetScrape::add_stale(std::vector<MetricSeriesRef> gone, TimeNs time, Batch& batch) {
  for (MetricSeriesRef& series : gone) {
    batch.push.add(static_cast<std::uint32_t>(batch.push.series.size()), time, ingest::stale_marker());
    batch.push.series.push_back(std::move(series));
  }
}

void TargetScrape::add_report(const Answer& answer, const Counts& counts, bool up, Batch& batch) {
  const double body = answer.body_too_large ? -1 : up ? static_cast<double>(answer.body.size()) : 0;
  const std::pair<const char*, double> samples[] = {
      {"up", up ? 1 : 0},
      {"scrape_duration_seconds", std::chrono::duration<double>(answer.duration).count()},
      {"scrape_samples_scraped", static_cast<double>(counts.total)},
      {"scrape_samples_post_metric_relabeling", static_cast<double>(counts.kept)},
      {"scrape_series_added", static_cast<double>(counts.added)},
      {"scrape_timeout_seconds", std::chrono::duration<double>(spec_.timeout).count()},
      {"scrape_sample_limit", static_cast<double>(config_->limits.samples)},
      {"scrape_body_size_bytes", body},
  };
  const std::size_t wanted = config_->extra_metrics ? std::size(samples) : 5;
  auto& known = memory_->report_series;
  for (std::size_t i = 0; i < wanted; ++i) {
    if (known.size() <= i) {
      Labels labels = spec_.labels;
      labels.set("__name__", samples[i].first);
      auto series = sink_.series(to_label_set(labels));
      if (!series.ok()) return kLog.warn("{}: {}", spec_.url, series.error().message);
      known.push_back(std::move(*series));
    }
    batch.push.add(static_cast<std::uint32_t>(batch.push.series.size()), answer.time, samples[i].second);
    batch.push.series.push_back(known[i]);
  }
}

Result<void> TargetScrape::write(Batch& batch) {
  std::uint64_t refused = 0;
  const auto count = [&](const ingest::MetricOutcome& outcome) {
    refused += outcome.out_of_order + outcome.duplicates + outcome.out_of_bounds + outcome.too_old;
  };
  TRY(outcome, sink_.write(std::move(batch.push)));
  count(outcome);
  for (MetricPush& push : batch.later) {
    TRY(further, sink_.write(std::move(push)));
    count(further);
  }
  const std::lock_guard lock(mutex_);
  report_.refused += refused;
  return {};
}

void TargetScrape::note_failure(TimeNs time, const Error& error) const {
  if (config_->failure_log_file.empty()) return;
  const auto noted = append_failure(config_->failure_log_file, {time, config_->job_name, spec_.url, shown(error)});
  if (!noted.ok()) kLog.warn("{}", noted.error().message);
}

void TargetScrape::scraped(const Answer& answer) {
  const std::lock_guard one_at_a_time(memory_->mutex);
  TargetMemory& memory = *memory_;
  if (memory.made_by != config_->identity) {
    memory.cache.forget_keys();
    memory.made_by = config_->identity;
  }
  trace::Span span = kScrapeSpan.start({.time_ns = answer.time});
  if (span.recording()) span.set(trace::kv("job", config_->job_name), trace::kv("url.full", spec_.url));
  Counts counts;
  Batch batch;
  memory.cache.begin();
  Result<void> outcome = read_body(answer, counts, batch);
  if (outcome.ok()) {
    add_stale(memory.cache.take_gone(), answer.time, batch);
  } else {
    batch = Batch();
    if (outcome.error().code != Code::kLimit) counts.kept = 0;
    counts.added = 0;
    add_stale(memory.cache.fail(), answer.time, batch);
  }
  add_report(answer, counts, outcome.ok(), batch);
  const bool up = outcome.ok();
  if (auto written = write(batch); !written.ok()) {
    // What the store did not take is not there: the next scrape must not think it was.
    static_cast<void>(memory.cache.fail());
    told_.clear();
    outcome = std::move(written).error().within("cannot store the scrape");
  }
  memory.last_time = answer.time;
  if (!outcome.ok()) {
    span.status(trace::Status::kError, outcome.error().message);
    note_failure(answer.time, outcome.error());
  }
  const std::lock_guard lock(mutex_);
  report_.health = up && outcome.ok() ? TargetHealth::kUp : TargetHealth::kDown;
  report_.last_error = outcome.ok() ? std::string() : shown(outcome.error());
  if (outcome.ok() && counts.refused_series > 0) {
    report_.last_error =
        fmt::format("{} series were left out: {}", counts.refused_series, shown(counts.refused.error()));
  }
  report_.last_scrape = answer.time;
  report_.last_duration = answer.duration;
  report_.samples = counts.total;
  report_.body_bytes = answer.body.size();
  report_.series = memory.cache.size();
}

void TargetScrape::end_of_run() {
  const std::lock_guard one_at_a_time(memory_->mutex);
  Batch batch;
  const TimeNs time = memory_->last_time + spec_.interval.count();
  if (memory_->last_time == 0) return;
  add_stale(memory_->cache.take_all(), time, batch);
  add_stale(std::move(memory_->report_series), time, batch);
  memory_->report_series.clear();
  if (auto written = write(batch); !written.ok()) {
    kLog.warn("{}: cannot store stale markers: {}", spec_.url, written.error().message);
  }
}

}  // namespace trilobite::scrape
