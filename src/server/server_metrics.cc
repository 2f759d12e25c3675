#include "server/server_metrics.h"

#include <trilobite/log_setup.h>
#include <trilobite/trace_export.h>

#include <set>
#include <utility>

#include "api/status.h"
#include "server/mirrored_metrics.h"
#include "server/process_readings.h"

namespace trilobite::server {
namespace {

using instruments::Registry;

struct ScrapeReadings {
  scrape::ScrapeClientStats client;
  std::uint64_t by_health[3] = {};  // of targets, by scrape::TargetHealth
};

ScrapeReadings read_scraping(const scrape::Scraper& scraper) {
  ScrapeReadings out{scraper.stats()};
  for (const scrape::ActiveTarget& target : scraper.targets().active) {
    ++out.by_health[static_cast<std::size_t>(target.scrape->report().health)];
  }
  return out;
}

struct TelemetryReadings {
  log::Statistics log;
  trace::ExportStatistics spans;
};

void add_build_info(const Registry& registry) {
  const api::BuildInfo build = api::build_info();
  registry
      .create_gauge("trilobite_build_info", "Always 1; the labels tell.",
                    {{"revision", build.revision}, {"version", build.version}})
      .or_log()
      .set(1);
}

MirroredMetrics<HttpServerStats> http_metrics(const Registry& registry) {
  using S = HttpServerStats;
  MirroredMetrics<S> out(registry);
  out.gauge("trilobite_http_connections", "Open connections.", &S::connections);
  out.gauge("trilobite_http_websockets", "Open WebSockets.", &S::websockets);
  out.gauge("trilobite_http_requests_running", "Requests whose handler runs.", &S::requests_running);
  out.gauge("trilobite_http_requests_waiting", "Requests that wait for a thread.", &S::requests_waiting);
  out.counter("trilobite_http_requests_refused_total", "Requests and connections refused by a bound.",
              &S::requests_refused);
  return out;
}

MirroredMetrics<ingest::WriterStats> ingest_metrics(const Registry& registry) {
  using S = ingest::WriterStats;
  MirroredMetrics<S> out(registry);
  out.counter("trilobite_ingest_rows_total", "Log lines taken in.", &S::rows);
  out.counter("trilobite_ingest_bytes_total", "Bytes of log lines and metadata taken in.", &S::bytes);
  out.counter("trilobite_ingest_requests_total", "Writes, whatever their outcome.", &S::requests);
  out.gauge("trilobite_ingest_streams", "Streams with a line in the last hour.", &S::streams);
  return out;
}

MirroredMetrics<ingest::MetricStats> sample_metrics(const Registry& registry) {
  using S = ingest::MetricStats;
  MirroredMetrics<S> out(registry);
  constexpr std::string_view kSamples = "trilobite_metrics_samples_total", kTaken = "Samples taken in, by type.";
  out.counter(kSamples, kTaken, &S::floats, {{"type", "float"}});
  out.counter(kSamples, kTaken, &S::histograms, {{"type", "histogram"}});
  out.counter("trilobite_metrics_exemplars_total", "Exemplars taken in.", &S::exemplars);
  out.counter("trilobite_metrics_requests_total", "Writes of samples, whatever their outcome.", &S::requests);
  constexpr std::string_view kRefused = "trilobite_metrics_samples_refused_total";
  const std::pair<const char*, std::uint64_t S::*> reasons[] = {{"out_of_order", &S::out_of_order},
                                                                {"too_old", &S::too_old},
                                                                {"duplicate", &S::duplicates},
                                                                {"out_of_bounds", &S::out_of_bounds}};
  for (const auto& [reason, count] : reasons) {
    out.counter(kRefused, "Samples refused, by reason.", count, {{"reason", reason}});
  }
  out.gauge("trilobite_metrics_series", "Series with a sample in the last hour.", &S::series);
  out.counter("trilobite_metrics_series_added_total", "Series that were new, since start.", &S::series_added);
  return out;
}

MirroredMetrics<ScrapeReadings> scrape_metrics(const Registry& registry) {
  using S = ScrapeReadings;
  MirroredMetrics<S> out(registry);
  static constexpr const char* kNames[3] = {"unknown", "up", "down"};
  for (std::size_t i = 0; i < 3; ++i) {
    out.gauge("trilobite_scrape_targets", "Targets, by health.", [i](const S& s) { return s.by_health[i]; },
              {{"health", kNames[i]}});
  }
  out.counter("trilobite_scrapes_total", "Scrapes that ended.", [](const S& s) { return s.client.scrapes; });
  out.counter("trilobite_scrapes_failed_total", "Scrapes without a usable answer.",
              [](const S& s) { return s.client.failed; });
  out.counter("trilobite_scrapes_skipped_total", "Scrapes left out because the one before had not ended.",
              [](const S& s) { return s.client.skipped; });
  out.gauge("trilobite_scrape_bodies_bytes", "Bodies of scrapes under way, in memory.",
            [](const S& s) { return s.client.body_bytes_in_memory; });
  return out;
}

MirroredMetrics<StoreStatistics> storage_metrics(const Registry& registry) {
  using S = StoreStatistics;
  MirroredMetrics<S> out(registry);
  out.gauge("trilobite_storage_disk_bytes", "Parts on disk.", &S::bytes_disk);
  out.gauge("trilobite_storage_wal_bytes", "Write-ahead log on disk.", &S::bytes_wal);
  out.gauge("trilobite_storage_head_bytes", "Rows in memory.", &S::bytes_head);
  out.gauge("trilobite_storage_rows", "Rows in parts and in memory.", &S::rows_stored);
  out.gauge("trilobite_storage_parts", "Part files.", &S::parts);
  out.gauge("trilobite_storage_head_series", "Label sets in memory.", &S::series_head);
  out.gauge("trilobite_storage_writable", "0 after a failed sync or with a full disk.", &S::writable);
  out.gauge("trilobite_storage_parts_damaged", "Parts that were put aside because they are damaged.",
            &S::parts_damaged);
  out.counter("trilobite_storage_rows_appended_total", "Rows appended since start.", &S::rows_appended);
  out.counter("trilobite_storage_bytes_appended_total", "Raw bytes appended since start.", &S::bytes_appended);
  out.counter("trilobite_storage_flushes_total", "Flushes of memory to parts.", &S::flushes);
  out.counter("trilobite_storage_merges_total", "Merges of parts.", &S::merges);
  out.counter("trilobite_storage_parts_dropped_total", "Parts dropped by retention.", &S::parts_dropped);
  return out;
}

MirroredMetrics<agent::AgentStatus> agent_metrics(const Registry& registry) {
  using S = agent::AgentStatus;
  MirroredMetrics<S> out(registry);
  out.gauge("trilobite_agent_targets", "Files and journals followed.", [](const S& s) { return s.targets.size(); });
  out.counter("trilobite_agent_lines_total", "Lines read.", &S::lines_read);
  out.counter("trilobite_agent_bytes_total", "Bytes read.", &S::bytes_read);
  out.counter("trilobite_agent_lines_dropped_total", "Lines dropped by the pipeline.", &S::lines_dropped);
  out.gauge("trilobite_agent_queue_bytes", "Lines read that wait for delivery.", &S::queue_bytes);
  return out;
}

MirroredMetrics<ProcessReadings> process_metrics(const Registry& registry) {
  using S = ProcessReadings;
  MirroredMetrics<S> out(registry);
  out.counter("process_cpu_seconds_total", "User and system time.", &S::cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Memory in use.", &S::resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Address space.", &S::virtual_bytes);
  out.gauge("process_threads", "Threads.", &S::threads);
  out.gauge("process_open_fds", "Open file descriptors.", &S::open_files);
  out.gauge("process_start_time_seconds", "Start, in Unix time.", &S::start_time);
  return out;
}

MirroredMetrics<TelemetryReadings> telemetry_metrics(const Registry& registry) {
  using S = TelemetryReadings;
  MirroredMetrics<S> out(registry);
  out.counter("trilobite_log_lines_dropped_total", "Lines of our own log that a full queue refused.",
              [](const S& s) { return s.log.dropped; });
  constexpr std::string_view kSpans = "trilobite_trace_spans_total", kHelp = "Spans of our own, by what became of them.";
  const std::pair<const char*, std::uint64_t trace::ExportStatistics::*> outcomes[] = {
      {"exported", &trace::ExportStatistics::exported},
      {"dropped", &trace::ExportStatistics::dropped},
      {"rejected", &trace::ExportStatistics::rejected},
      {"failed", &trace::ExportStatistics::failed}};
  for (const auto& [outcome, count] : outcomes) {
    out.counter(kSpans, kHelp, [count = count](const S& s) { return s.spans.*count; }, {{"outcome", outcome}});
  }
  return out;
}

// Loki's names: dashboards and alerts know them.
class DiscardedMetrics {
 public:
  explicit DiscardedMetrics(const Registry& registry)
      : rows_(registry
                  .create_intcountervec("loki_discarded_samples_total", "Log lines refused, by reason.", {"reason"})
                  .or_log()),
        bytes_(registry
                   .create_intcountervec("loki_discarded_bytes_total", "Bytes of log lines refused, by reason.",
                                         {"reason"})
                   .or_log()) {}

  void update(const ingest::WriterStats& stats) const {
    for (const auto& entry : stats.discarded) {
      raise(rows_.with({entry.reason}), entry.rows);
      raise(bytes_.with({entry.reason}), entry.bytes);
    }
  }

 private:
  static void raise(const instruments::IntCounter& counter, std::uint64_t total) {
    if (const std::uint64_t shown = counter.value(); total > shown) counter.add(total - shown);
  }

  instruments::IntCounterVec rows_, bytes_;
};

// Limits come and go with tenants and jobs.
class LimitMetrics {
 public:
  explicit LimitMetrics(const Registry& registry)
      : ratios_(registry
                    .create_gaugevec("trilobite_limit_ratio", "What is used of a limit; at 1 it is reached.",
                                     {"limit", "subject"})
                    .or_log()) {}

  void update(const std::vector<api::LimitStatus>& limits) {
    std::set<std::pair<std::string, std::string>> shown;
    for (const api::LimitStatus& limit : limits) {
      ratios_.with({limit.name, limit.subject}).set(limit.ratio());
      shown.emplace(limit.name, limit.subject);
    }
    for (const auto& [name, subject] : shown_) {
      if (!shown.contains({name, subject})) ratios_.remove({name, subject});
    }
    shown_ = std::move(shown);
  }

 private:
  instruments::GaugeVec ratios_;
  std::set<std::pair<std::string, std::string>> shown_;
};

}  // namespace

struct ServerMetrics::Groups {
  explicit Groups(const Registry& registry)
      : http(http_metrics(registry)),
        ingest(ingest_metrics(registry)),
        discarded(registry),
        samples(sample_metrics(registry)),
        storage(storage_metrics(registry)),
        scraping(scrape_metrics(registry)),
        agent_running(registry.create_gauge("trilobite_agent_running", "1 when the built-in agent collects.").or_log()),
        agent(agent_metrics(registry)),
        limits(registry),
        process(process_metrics(registry)),
        telemetry(telemetry_metrics(registry)) {
    add_build_info(registry);
  }

  MirroredMetrics<HttpServerStats> http;
  MirroredMetrics<ingest::WriterStats> ingest;
  DiscardedMetrics discarded;
  MirroredMetrics<ingest::MetricStats> samples;
  MirroredMetrics<StoreStatistics> storage;
  MirroredMetrics<ScrapeReadings> scraping;
  instruments::Gauge agent_running;
  MirroredMetrics<agent::AgentStatus> agent;
  LimitMetrics limits;
  MirroredMetrics<ProcessReadings> process;
  MirroredMetrics<TelemetryReadings> telemetry;
};

ServerMetrics::ServerMetrics() : requests_(registry_), groups_(std::make_unique<Groups>(registry_)) {}

ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::update(const MetricsSources& sources) {
  Groups& groups = *groups_;
  if (sources.http != nullptr) groups.http.update(sources.http->stats());
  const ingest::WriterStats lines = sources.writer.stats();
  groups.ingest.update(lines);
  groups.discarded.update(lines);
  groups.samples.update(sources.metric_writer.stats());
  groups.storage.update(sources.store.statistics());
  if (sources.scraper != nullptr) groups.scraping.update(read_scraping(*sources.scraper));
  groups.agent_running.set(sources.agent != nullptr ? 1 : 0);
  if (sources.agent != nullptr) groups.agent.update(sources.agent->status());
  groups.limits.update(sources.limits);
  if (const auto process = read_process()) groups.process.update(*process);
  groups.telemetry.update({log::statistics(), trace::export_statistics()});
}

}  // namespace trilobite::server
