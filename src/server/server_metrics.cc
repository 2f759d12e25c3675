#include "server/server_metrics.h"

#include "api/status.h"

namespace trilobite::server {
namespace {

double as_double(std::uint64_t value) { return static_cast<double>(value); }

void write_http(MetricsText& out, const HttpServer& http) {
  const HttpServerStats stats = http.stats();
  out.gauge("trilobite_http_connections", "Open connections.", as_double(stats.connections));
  out.gauge("trilobite_http_websockets", "Open WebSockets.", as_double(stats.websockets));
  out.gauge("trilobite_http_requests_running", "Requests whose handler runs.", as_double(stats.requests_running));
  out.gauge("trilobite_http_requests_waiting", "Requests that wait for a thread.", as_double(stats.requests_waiting));
  out.counter("trilobite_http_requests_refused_total", "Requests and connections refused by a bound.",
              as_double(stats.requests_refused));
}

void write_ingest(MetricsText& out, const ingest::LogWriter& writer) {
  const ingest::WriterStats stats = writer.stats();
  out.counter("trilobite_ingest_rows_total", "Log lines taken in.", as_double(stats.rows));
  out.counter("trilobite_ingest_bytes_total", "Bytes of log lines and metadata taken in.", as_double(stats.bytes));
  out.counter("trilobite_ingest_requests_total", "Writes, whatever their outcome.", as_double(stats.requests));
  out.gauge("trilobite_ingest_streams", "Streams with a line in the last hour.", as_double(stats.streams));
  // Loki's names: dashboards and alerts know them.
  out.family("loki_discarded_samples_total", "counter", "Log lines refused, by reason.");
  for (const auto& entry : stats.discarded) {
    out.sample("loki_discarded_samples_total", {{"reason", entry.reason}}, as_double(entry.rows));
  }
  out.family("loki_discarded_bytes_total", "counter", "Bytes of log lines refused, by reason.");
  for (const auto& entry : stats.discarded) {
    out.sample("loki_discarded_bytes_total", {{"reason", entry.reason}}, as_double(entry.bytes));
  }
}

void write_samples(MetricsText& out, const ingest::MetricWriter& writer) {
  const ingest::MetricStats stats = writer.stats();
  out.family("trilobite_metrics_samples_total", "counter", "Samples taken in, by type.");
  out.sample("trilobite_metrics_samples_total", {{"type", "float"}}, as_double(stats.floats));
  out.sample("trilobite_metrics_samples_total", {{"type", "histogram"}}, as_double(stats.histograms));
  out.counter("trilobite_metrics_exemplars_total", "Exemplars taken in.", as_double(stats.exemplars));
  out.counter("trilobite_metrics_requests_total", "Writes of samples, whatever their outcome.",
              as_double(stats.requests));
  out.family("trilobite_metrics_samples_refused_total", "counter", "Samples refused, by reason.");
  const std::pair<const char*, std::uint64_t> reasons[] = {{"out_of_order", stats.out_of_order},
                                                           {"too_old", stats.too_old},
                                                           {"duplicate", stats.duplicates},
                                                           {"out_of_bounds", stats.out_of_bounds}};
  for (const auto& [reason, count] : reasons) {
    out.sample("trilobite_metrics_samples_refused_total", {{"reason", reason}}, as_double(count));
  }
  out.gauge("trilobite_metrics_series", "Series with a sample in the last hour.", as_double(stats.series));
  out.counter("trilobite_metrics_series_added_total", "Series that were new, since start.",
              as_double(stats.series_added));
}

void write_scraping(MetricsText& out, const scrape::Scraper& scraper) {
  const scrape::ScrapeClientStats stats = scraper.stats();
  std::uint64_t by_health[3] = {};
  for (const scrape::ActiveTarget& target : scraper.targets().active) {
    ++by_health[static_cast<std::size_t>(target.scrape->report().health)];
  }
  out.family("trilobite_scrape_targets", "gauge", "Targets, by health.");
  static constexpr const char* kNames[3] = {"unknown", "up", "down"};
  for (std::size_t i = 0; i < 3; ++i) out.sample("trilobite_scrape_targets", {{"health", kNames[i]}}, as_double(by_health[i]));
  out.counter("trilobite_scrapes_total", "Scrapes that ended.", as_double(stats.scrapes));
  out.counter("trilobite_scrapes_failed_total", "Scrapes without a usable answer.", as_double(stats.failed));
  out.counter("trilobite_scrapes_skipped_total", "Scrapes left out because the one before had not ended.",
              as_double(stats.skipped));
  out.gauge("trilobite_scrape_bodies_bytes", "Bodies of scrapes under way, in memory.",
            as_double(stats.body_bytes_in_memory));
}

void write_storage(MetricsText& out, const Store& store) {
  const StoreStatistics stats = store.statistics();
  out.gauge("trilobite_storage_disk_bytes", "Parts on disk.", as_double(stats.bytes_disk));
  out.gauge("trilobite_storage_wal_bytes", "Write-ahead log on disk.", as_double(stats.bytes_wal));
  out.gauge("trilobite_storage_head_bytes", "Rows in memory.", as_double(stats.bytes_head));
  out.gauge("trilobite_storage_rows", "Rows in parts and in memory.", as_double(stats.rows_stored));
  out.gauge("trilobite_storage_parts", "Part files.", as_double(stats.parts));
  out.gauge("trilobite_storage_head_series", "Label sets in memory.", as_double(stats.series_head));
  out.gauge("trilobite_storage_writable", "0 after a failed sync or with a full disk.", stats.writable ? 1 : 0);
  out.gauge("trilobite_storage_parts_damaged", "Parts that were put aside because they are damaged.",
            as_double(stats.parts_damaged));
  out.counter("trilobite_storage_rows_appended_total", "Rows appended since start.", as_double(stats.rows_appended));
  out.counter("trilobite_storage_bytes_appended_total", "Raw bytes appended since start.",
              as_double(stats.bytes_appended));
  out.counter("trilobite_storage_flushes_total", "Flushes of memory to parts.", as_double(stats.flushes));
  out.counter("trilobite_storage_merges_total", "Merges of parts.", as_double(stats.merges));
  out.counter("trilobite_storage_parts_dropped_total", "Parts dropped by retention.", as_double(stats.parts_dropped));
}

void write_agent(MetricsText& out, const agent::Agent* agent) {
  out.gauge("trilobite_agent_running", "1 when the built-in agent collects.", agent != nullptr ? 1 : 0);
  if (agent == nullptr) return;
  const agent::AgentStatus status = agent->status();
  out.gauge("trilobite_agent_targets", "Files and journals followed.", as_double(status.targets.size()));
  out.counter("trilobite_agent_lines_total", "Lines read.", as_double(status.lines_read));
  out.counter("trilobite_agent_bytes_total", "Bytes read.", as_double(status.bytes_read));
  out.counter("trilobite_agent_lines_dropped_total", "Lines dropped by the pipeline.", as_double(status.lines_dropped));
  out.gauge("trilobite_agent_queue_bytes", "Lines read that wait for delivery.", as_double(status.queue_bytes));
}

void write_limits(MetricsText& out, const std::vector<api::LimitStatus>& limits) {
  out.family("trilobite_limit_ratio", "gauge", "What is used of a limit; at 1 it is reached.");
  for (const api::LimitStatus& limit : limits) {
    out.sample("trilobite_limit_ratio", {{"limit", limit.name}, {"subject", limit.subject}}, limit.ratio());
  }
}

}  // namespace

std::string metrics_page(const MetricsSources& sources) {
  MetricsText out;
  const api::BuildInfo build = api::build_info();
  out.family("trilobite_build_info", "gauge", "Always 1; the labels tell.");
  out.sample("trilobite_build_info", {{"version", build.version}, {"revision", build.revision}}, 1);
  if (sources.http != nullptr) write_http(out, *sources.http);
  sources.requests.write(out);
  write_ingest(out, sources.writer);
  write_samples(out, sources.metric_writer);
  write_storage(out, sources.store);
  if (sources.scraper != nullptr) write_scraping(out, *sources.scraper);
  write_agent(out, sources.agent);
  write_limits(out, sources.limits);
  write_process_metrics(out);
  std::string page = out.take();
  if (sources.agent != nullptr) page += sources.agent->metrics();
  return page;
}

}  // namespace trilobite::server
