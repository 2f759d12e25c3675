#include "server/prometheus_wiring.h"

#include <unistd.h>

#include <filesystem>
#include <random>
#include <thread>

#include "ingest/timestamp.h"
#include "server/config_keys.h"

namespace trilobite::server {
namespace {

std::string flag_text(bool value) { return value ? "true" : "false"; }

std::string retention_text(const StorageOptions& storage) {
  std::string out;
  if (storage.retention_age_max.count() > 0) out = format_duration(storage.retention_age_max);
  if (storage.retention_bytes_max > 0) {
    if (!out.empty()) out += " or ";
    out += format_bytes(storage.retention_bytes_max);
  }
  return out.empty() ? fmt::format("{:.0f}% of the disk", storage.retention_disk_share_max * 100) : out;
}

// 20260115T000000Z-0123456789abcdef
std::string snapshot_name(TimeNs now) {
  std::string stamp;
  for (const char c : ingest::format_rfc3339(now / kNsPerSecond * kNsPerSecond)) {
    if (c != '-' && c != ':') stamp += c;
  }
  std::random_device random;
  return fmt::format("{}-{:08x}{:08x}", stamp, random(), random());
}

// Threads of this process: entries of a folder that Linux keeps.
std::size_t thread_count() {
  std::error_code failed;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/task", failed), end; !failed && at != end;
       at.increment(failed)) {
    ++count;
  }
  return count;
}

}  // namespace

api::MetricQueryOptions metric_query_options(const MetricQuerySettings& settings) {
  api::MetricQueryOptions out;
  out.lookback = settings.lookback.count();
  out.subquery_step = settings.evaluation_interval.count();
  out.samples_max = settings.samples_max;
  out.timeout = settings.timeout.count();
  out.points_max = settings.points_max;
  out.language = {settings.experimental_functions, settings.duration_expressions, settings.extended_range_selectors,
                  settings.fill_modifiers};
  out.admin = settings.admin_api;
  out.search = settings.search_api;
  return out;
}

http::Parameters prometheus_flags(const Config& config) {
  const MetricQuerySettings& metrics = config.metric_queries;
  return {{"query.lookback-delta", format_duration(metrics.lookback)},
          {"query.max-concurrency", std::to_string(config.http.read_threads)},
          {"query.max-samples", std::to_string(metrics.samples_max)},
          {"query.timeout", format_duration(metrics.timeout)},
          {"storage.tsdb.path", config.data},
          {"storage.tsdb.retention.size", format_bytes(config.storage.retention_bytes_max)},
          {"storage.tsdb.retention.time", format_duration(config.storage.retention_age_max)},
          {"web.enable-admin-api", flag_text(metrics.admin_api)},
          {"web.enable-lifecycle", "false"},
          {"web.enable-otlp-receiver", "true"},
          {"web.enable-remote-write-receiver", "true"},
          {"web.listen-address", config.http.listen},
          {"web.route-prefix", "/"}};
}

api::RuntimeFacts runtime_facts(const Config& config) {
  std::error_code failed;
  char host[256] = "";
  static_cast<void>(gethostname(host, sizeof(host) - 1));
  return {std::filesystem::current_path(failed).string(), host, thread_count(), std::thread::hardware_concurrency(),
          retention_text(config.storage)};
}

api::AdminSource prometheus_admin(EmbeddedStore& store, World world, std::string snapshots) {
  api::AdminSource out;
  out.remove = [&store](std::string_view tenant, const std::vector<Matcher>& matchers, TimeRange range) {
    return store.delete_samples(std::string(tenant), matchers, range);
  };
  // What is deleted leaves the disk at once.
  out.clean = [] { return Result<void>(); };
  out.snapshot = [&store, world, snapshots = std::move(snapshots)](bool skip_head) -> Result<std::string> {
    TRY_VOID(world.files.make_directories(snapshots));
    const std::string name = snapshot_name(world.clock.now());
    TRY_VOID(store.snapshot(snapshots + "/" + name, skip_head ? EmbeddedStore::SnapshotHead::kSkip
                                                              : EmbeddedStore::SnapshotHead::kFlush));
    return name;
  };
  return out;
}

}  // namespace trilobite::server
