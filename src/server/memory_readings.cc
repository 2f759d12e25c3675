#include "server/memory_readings.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "scrape/limits.h"
#include "server/memory_budget.h"

// jemalloc's, in programs that have it.
extern "C" int mallctl(const char* name, void* old, std::size_t* old_length, void* given, std::size_t given_length)
    __attribute__((weak));

namespace trilobite::server {
namespace {

using api::LimitStatus;
using api::MemorySubsystem;

std::optional<std::uint64_t> allocator_figure(const char* name) {
  if (mallctl == nullptr) return std::nullopt;
  std::size_t value = 0, length = sizeof value;
  if (mallctl(name, &value, &length, nullptr, 0) != 0) return std::nullopt;
  return value;
}

// Figures are those of the moment of this call.
void refresh_allocator_figures() {
  std::uint64_t epoch = 1;
  if (mallctl != nullptr) static_cast<void>(mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch));
}

std::uint64_t resident_bytes() {
  std::uint64_t pages_virtual = 0, pages_resident = 0;
  std::ifstream("/proc/self/statm") >> pages_virtual >> pages_resident;
  return pages_resident * static_cast<std::uint64_t>(std::max(sysconf(_SC_PAGESIZE), 0l));
}

class Subsystems {
 public:
  MemorySubsystem& add(std::string_view name, std::uint64_t bytes, std::string_view help) {
    return all_.emplace_back(MemorySubsystem{std::string(name), std::string(help), bytes, {}, {}, false});
  }
  void add_bounded(std::string_view name, std::uint64_t bytes, std::uint64_t limit, std::string_view help) {
    add(name, bytes, help).limit = limit;
  }
  std::uint64_t in_memory() const {
    std::uint64_t sum = 0;
    for (const MemorySubsystem& each : all_) sum += each.on_disk ? 0 : each.bytes;
    return sum;
  }
  std::vector<MemorySubsystem> take() { return std::move(all_); }

 private:
  std::vector<MemorySubsystem> all_;
};

void add_store(Subsystems& out, const StoreMemory& memory) {
  const auto head = [&](std::string_view name, const StoreMemory::Head& head, std::string_view help) {
    MemorySubsystem& added = out.add(name, head.bytes, help);
    added.series = head.series;
  };
  head("head_samples", memory.samples, "Samples that are not in parts yet.");
  head("head_lines", memory.logs, "Log lines that are not in parts yet.");
  head("head_exemplars", memory.exemplars, "Exemplars that are not in parts yet.");
  out.add("head_index",
          memory.samples.bytes_of_series + memory.logs.bytes_of_series + memory.exemplars.bytes_of_series,
          "Label sets of those, and their index.")
      .series = memory.samples.series + memory.logs.series + memory.exemplars.series;
  out.add_bounded("writes_in_flight", memory.bytes_in_flight, memory.bytes_in_flight_max,
                  "Writes that wait for the disk.");
  out.add_bounded("part_labels", memory.bytes_part_labels, memory.bytes_part_labels_max,
                  "Labels and index of the parts used last.");
  out.add("part_list", memory.bytes_part_list, "What is known of every part.");
  out.add_bounded("block_cache", memory.bytes_blocks, memory.bytes_blocks_max,
                  "Decoded blocks of parts, kept for the next query.");
  out.add("wal", memory.bytes_wal, "The write-ahead log.").on_disk = true;
  MemorySubsystem& disk = out.add("parts", memory.bytes_disk - memory.bytes_wal, "Parts.");
  disk.on_disk = true;
  if (memory.bytes_disk_max > 0) disk.limit = memory.bytes_disk_max;
}

// A limit of the whole server.
LimitReading reading(std::string name, std::uint64_t used, std::uint64_t limit, bool bytes, std::string key,
                     std::string effect) {
  LimitReading out;
  out.status = {std::move(name), "", used, limit, bytes, false, std::move(key), std::move(effect)};
  return out;
}

LimitReading of_tenant(LimitReading made, const std::string& tenant) {
  made.status.subject = tenant;
  made.status.of_tenant = true;
  return made;
}

LimitReading of_job(LimitReading made, const std::string& job) {
  made.status.subject = job;
  return made;
}

using Readings = std::vector<LimitReading>;

void read_store(Readings& out, const StoreMemory& memory, const StorageOptions& options) {
  out.push_back(reading("head_bytes", memory.bytes_head, memory.bytes_head_max, true, "storage.head_bytes_max",
                        "Writes wait, and after some seconds get 429."));
  out.push_back(reading("writes_in_flight", memory.bytes_in_flight, memory.bytes_in_flight_max, true,
                        "storage.bytes_in_flight_max", "Writes get 429."));
  LimitReading disk = reading("disk_data", memory.bytes_disk, memory.bytes_disk_max, true,
                              options.retention_bytes_max > 0 ? "storage.retention_bytes_max"
                                                              : "storage.retention_disk_share_max",
                              "The oldest data is deleted.");
  disk.rolls = true;
  out.push_back(std::move(disk));
  out.push_back(reading("disk_space", memory.disk_bytes_used, memory.disk_bytes_used_max, true,
                        "storage.disk_free_bytes_min", "Writes get 507."));
}

void read_http(Readings& out, const HttpServer& http, const HttpServerOptions& options) {
  const HttpServerStats stats = http.stats();
  out.push_back(reading("request_bodies", stats.bodies_bytes, options.bodies_bytes_max, true,
                        "server.bodies_bytes_max", "Requests get 503."));
  out.push_back(reading("connections", stats.connections, options.connections_max, false, "server.connections_max",
                        "New connections get 503."));
  out.push_back(reading("websockets", stats.websockets, options.websockets_max, false, "server.websockets_max",
                        "New live tails get 503."));
  out.push_back(reading("requests_waiting", stats.requests_waiting, options.queue_max, false, "server.queue_max",
                        "Requests get 503."));
}

void read_tenants(Readings& out, const MemoryParts& parts) {
  static constexpr const char* kRefused = "Series with more are refused.";
  for (const std::string& tenant : parts.metrics.tenants()) {
    const auto limits = parts.metrics.limits_of(tenant);
    const auto extent = parts.metrics.table(tenant)->extent();
    const auto add = [&](std::string name, std::uint64_t used, std::uint64_t limit, bool bytes, std::string effect) {
      std::string key = "limits." + name;
      out.push_back(of_tenant(reading(std::move(name), used, limit, bytes, std::move(key), std::move(effect)), tenant));
    };
    add("metrics_max_series", parts.metrics.stats(tenant).series, limits->series_max, false, "New series are refused.");
    add("metrics_max_label_names", extent.label_names, limits->label_names_max, false, kRefused);
    add("metrics_max_label_name_length", extent.label_name_bytes, limits->label_name_bytes_max, true, kRefused);
    add("metrics_max_label_value_length", extent.label_value_bytes, limits->label_value_bytes_max, true, kRefused);
    add("metrics_max_metadata", parts.metrics.metadata().size(tenant), limits->metadata_max, false,
        "Type, help and unit of further metrics are not kept.");
  }
  for (const auto& [tenant, streams] : parts.logs.streams_by_tenant()) {
    out.push_back(of_tenant(reading("max_streams_per_user", streams, parts.logs.limits_of(tenant)->max_streams_per_user,
                                    false, "limits.max_streams_per_user", "New streams are refused."),
                            tenant));
  }
}

// Of each job, what its greatest target has.
void read_jobs(Readings& out, const scrape::Scraper& scraper) {
  struct Job {
    std::uint64_t samples = 0, body_bytes = 0, targets = 0;
    scrape::ScrapeLimits limits;
  };
  std::map<std::string, Job> jobs;
  for (const scrape::ActiveTarget& target : scraper.targets().active) {
    const scrape::TargetReport report = target.scrape->report();
    Job& job = jobs[target.job];
    job.limits = target.scrape->config().limits;
    job.samples = std::max(job.samples, report.samples);
    job.body_bytes = std::max(job.body_bytes, report.body_bytes);
    ++job.targets;
  }
  for (const auto& [name, job] : jobs) {
    const std::uint64_t samples = job.limits.samples > 0 ? job.limits.samples : scrape::kSamplesMax;
    const std::uint64_t body = job.limits.body_bytes > 0 ? job.limits.body_bytes : scrape::kBodyBytesMax;
    out.push_back(of_job(reading("scrape_samples", job.samples, samples, false, "sample_limit of the job",
                                 "Scrapes of a target with more fail."), name));
    out.push_back(of_job(reading("scrape_body", job.body_bytes, body, true, "body_size_limit of the job",
                                 "Scrapes of a target with more fail."), name));
    out.push_back(of_job(reading("scrape_targets", job.targets, job.limits.targets, false, "target_limit of the job",
                                 "All scrapes of the job fail."), name));
  }
}

}  // namespace

api::ProcessMemory process_memory(const Config& config) {
  refresh_allocator_figures();
  return {resident_bytes(), config.memory_budget, memory_of_machine(), allocator_figure("stats.allocated")};
}

std::vector<MemorySubsystem> memory_subsystems(const MemoryParts& parts) {
  Subsystems out;
  add_store(out, parts.store.memory());
  std::uint64_t series = 0, series_bytes = 0;
  for (const std::string& tenant : parts.metrics.tenants()) {
    series += parts.metrics.stats(tenant).series;
    series_bytes += parts.metrics.table(tenant)->extent().bytes;
  }
  out.add("ingest_series", series_bytes, "What the write path of samples knows of series of the last hour.").series =
      series;
  const query::RunningQueries::Sum queries = parts.queries.sum();
  out.add("queries", queries.bytes, "Working memory of the queries that run.");
  if (parts.results != nullptr) {
    out.add_bounded("result_cache", parts.results->bytes(), parts.config.result_cache_bytes,
                    "Results of range queries, kept in slices of time.");
  }
  if (parts.scraper != nullptr) {
    out.add_bounded("scrape_buffers", parts.scraper->stats().body_bytes_in_memory, scrape::kBodiesBytesMax,
                    "Bodies of scrapes under way.");
  }
  if (parts.http != nullptr) {
    out.add_bounded("request_bodies", parts.http->stats().bodies_bytes, parts.config.http.bodies_bytes_max,
                    "Bodies of requests under way.");
  }
  refresh_allocator_figures();
  const auto allocated = allocator_figure("stats.allocated"), held = allocator_figure("stats.resident");
  if (allocated && held && *held > *allocated) {
    out.add("allocator", *held - *allocated, "Freed memory that the allocator keeps for the next request.");
  }
  const std::uint64_t known = out.in_memory(), resident = resident_bytes();
  out.add("other", resident > known ? resident - known : 0, "The program itself, stacks, and what nobody counts.");
  return out.take();
}

std::vector<LimitReading> limit_readings(const MemoryParts& parts) {
  Readings out;
  out.push_back(reading("memory", resident_bytes(), parts.config.memory_budget, true, "server.memory_budget",
                        "The process takes more memory than planned; other programs may run short."));
  read_store(out, parts.store.memory(), parts.config.storage);
  if (parts.http != nullptr) read_http(out, *parts.http, parts.config.http);
  out.push_back(reading("query_memory", parts.queries.sum().bytes_largest,
                        std::min<std::uint64_t>(parts.config.limits.read.memory_max, query_memory_max(parts.config)),
                        true, "limits.max_query_memory", "The query is refused."));
  if (parts.scraper != nullptr) {
    out.push_back(reading("scrape_buffers", parts.scraper->stats().body_bytes_in_memory, scrape::kBodiesBytesMax, true,
                          "", "Scrapes fail."));
    read_jobs(out, *parts.scraper);
  }
  read_tenants(out, parts);
  return out;
}

}  // namespace trilobite::server
