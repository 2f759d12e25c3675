#include "server/config_keys.h"

#include <algorithm>

#include "server/config_fields.h"
#include "server/limit_keys.h"
#include "server/metric_keys.h"

namespace trilobite::server {
namespace {

ConfigKey key(std::string_view section, Field<Config> field) {
  return {fmt::format("{}.{}", section, field.name),
          field.type,
          field.help,
          field.list,
          field.tree,
          false,
          field.set,
          field.get};
}

ConfigKey limit_key(const Field<TenantLimits>& field) {
  ConfigKey out{"limits." + field.name, field.type, field.help, field.list, field.tree, false, {}, {}};
  out.set = [set = field.set](Config& config, const auto& values) { return set(config.limits, values); };
  out.get = [get = field.get](const Config& config) { return get(config.limits); };
  return out;
}

template <class T>
auto http(T HttpServerOptions::*value) {
  return member(&Config::http, value);
}
template <class T>
auto storage(T StorageOptions::*value) {
  return member(&Config::storage, value);
}
void add_server_keys(std::vector<ConfigKey>& all) {
  using C = Config;
  using H = HttpServerOptions;
  const auto add = [&](Field<C> field) { all.push_back(key("server", std::move(field))); };
  add(text_field<C>("data", "Folder of everything that is kept. Also `--data` and `TRILOBITE_DATA`.",
                    member(&C::data)));
  add(text_field<C>("listen", "Address and port of the UI and every API; port 0 takes a free one. Also `--listen`.",
                    http(&H::listen)));
  add(bytes_field<C>("memory_budget",
                     "What this process may take of the memory, about; 0 for a quarter of the machine, at most 4GiB. "
                     "Limits of memory whose default is 0 follow from it.",
                     member(&C::memory_budget)));
  add(text_field<C>("otlp_http_listen",
                    "A second address for OTLP over HTTP alone, such as 127.0.0.1:4318. Also `--otlp-http-listen`.",
                    member(&C::otlp_http_listen)));
  add(flag_field<C>("multi_tenant", "Every request must name its tenant in `X-Scope-OrgID`.",
                    member(&C::multi_tenant)));
  add(flag_field<C>("multi_tenant_queries", "A query may name several tenants: `X-Scope-OrgID: a|b`.",
                    member(&C::multi_tenant_queries)));
  add(text_field<C>("cors_origin",
                    "Pages of which origins may read the metrics API: an expression (RE2) that the whole origin must "
                    "match; `.*`, as in Prometheus, lets every page read, an empty text none.",
                    member(&C::cors_origin)));
  add(count_field<C>("io_threads", "Threads that move bytes from and to sockets.", http(&H::io_threads)));
  add(count_field<C>("read_threads", "Queries answered at once.", http(&H::read_threads)));
  add(count_field<C>("write_threads", "Pushes taken at once.", http(&H::write_threads)));
  add(count_field<C>("queue_max", "Requests that wait for a thread; more get 503.", http(&H::queue_max)));
  add(count_field<C>("connections_max", "Open connections; more get 503.", http(&H::connections_max)));
  add(count_field<C>("websockets_max", "Open WebSockets (live tails of all tenants).", http(&H::websockets_max)));
  add(bytes_field<C>("header_bytes_max", "Size of a request's header.", http(&H::header_bytes_max)));
  add(bytes_field<C>("body_bytes_max", "Size of a request's body as it comes.", http(&H::body_bytes_max)));
  add(bytes_field<C>("bodies_bytes_max",
                     "Size of all request bodies in memory at once; more get 503. 0: by the budget, at most 512MiB.",
                     http(&H::bodies_bytes_max)));
  add(bytes_field<C>("push_bytes_decoded_max", "Size of a push when unpacked; more gets 413.",
                     member(&C::push_bytes_decoded_max)));
  add(duration_field<C>("idle_timeout", "A connection without a request is closed after this.",
                        http(&H::idle_timeout)));
  add(duration_field<C>("body_timeout", "A request's body must come within this.", http(&H::body_timeout)));
  add(duration_field<C>("write_timeout", "A client must take each piece of an answer within this.",
                        http(&H::write_timeout)));
  add(duration_field<C>("stop_grace", "How long requests under way may take when the server stops.",
                        http(&H::stop_grace)));
  add(share_field<C>("limit_warning_share",
                     "What of a limit may be used before `/api/v1/status/memory` and our log warn.",
                     member(&C::warnings, &WarningSettings::warning_share)));
  add(share_field<C>("limit_critical_share", "And from where on that is critical; not less than the share before.",
                     member(&C::warnings, &WarningSettings::critical_share)));
  add(bytes_field<C>("gzip_bytes_min", "Answers from this size on are compressed for clients that accept it.",
                     http(&H::gzip_bytes_min)));
}

void add_storage_keys(std::vector<ConfigKey>& all) {
  using C = Config;
  using S = StorageOptions;
  const auto add = [&](Field<C> field) { all.push_back(key("storage", std::move(field))); };
  add(bytes_field<C>("head_bytes_max",
                     "Rows in memory are written to a part when they hold this much; 0: by the budget, at most 80MiB.",
                     storage(&S::head_bytes_max)));
  add(duration_field<C>("head_age_max", "Or when the oldest of them waited this long.", storage(&S::head_age_max)));
  add(duration_field<C>("head_idle_max", "Or when none came for this long.", storage(&S::head_idle_max)));
  add(bytes_field<C>("cache_bytes_max",
                     "Memory for blocks of parts that are kept decoded for the next query; 0: by the budget, at most "
                     "192MiB.",
                     storage(&S::cache_bytes_max)));
  add(bytes_field<C>("bytes_in_flight_max",
                     "Writes waiting for the disk; more get 429. 0: by the budget, at most 256MiB.",
                     storage(&S::bytes_in_flight_max)));
  add(duration_field<C>("retention_age_max", "Rows older than this are deleted; 0 keeps them.",
                        storage(&S::retention_age_max)));
  add(bytes_field<C>("retention_bytes_max", "Oldest rows go when the data is larger than this; 0: see the next key.",
                     storage(&S::retention_bytes_max)));
  add(share_field<C>("retention_disk_share_max", "Oldest rows go when the data takes more than this share of the disk.",
                     storage(&S::retention_disk_share_max)));
  add(bytes_field<C>("disk_free_bytes_min", "Writes are refused with 507 while less than this is free.",
                     storage(&S::disk_free_bytes_min)));
  add(bytes_field<C>("reserve_bytes", "A file that is given up when a full disk leaves no room to drop old rows.",
                     storage(&S::reserve_bytes)));
  add(count_field<C>("merge_threads", "Threads that merge parts.", storage(&S::merge_threads)));
}

void add_delete_keys(std::vector<ConfigKey>& all) {
  using C = Config;
  using D = DeleteSettings;
  const auto add = [&](Field<C> field) { all.push_back(key("delete", std::move(field))); };
  add(text_field<C>("mode",
                    "What `/loki/api/v1/delete` does: `filter-and-delete`, `filter-only` (lines are hidden and stay on "
                    "the disk) or `disabled`.",
                    member(&C::deletes, &D::mode)));
  add(duration_field<C>("cancel_period", "A delete request is carried out after this; until then it can be cancelled.",
                        member(&C::deletes, &D::cancel_period)));
  add(duration_field<C>("max_interval", "The largest `max_interval` of a delete request; 0 for no limit.",
                        member(&C::deletes, &D::interval_max)));
}

void add_metric_keys(std::vector<ConfigKey>& all) {
  using C = Config;
  using M = MetricSettings;
  const auto add = [&](Field<C> field) { all.push_back(key("metrics", std::move(field))); };
  add(bytes_field<C>("write_bytes_max",
                     "Size of a remote write, OTLP or remote read request: packed (more gets 413) and unpacked (400).",
                     member(&C::metrics, &M::write_bytes_max)));
  add(count_field<C>("remote_read_samples_max", "Samples of one remote read; 0 for no limit.",
                     member(&C::metrics, &M::remote_read_samples_max)));
  add(count_field<C>("federate_series_max", "Series of one answer of /federate.",
                     member(&C::metrics, &M::federate_series_max)));
}

Field<Config> translation_field() {
  return make_field<Config>(
      "otlp_translation_strategy", "strategy",
      "Names of OTLP metrics: UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, "
      "NoUTF8EscapingWithSuffixes, NoTranslation.",
      [](Config& config, const std::string& value) -> Result<void> {
        const auto parsed = ingest::parse_otlp_translation(value);
        if (!parsed) return error(Code::kInvalid, "\"{}\" is no translation strategy", value);
        config.metrics.otlp.translation = *parsed;
        return {};
      },
      [](const Config& config) { return std::string(ingest::otlp_translation_name(config.metrics.otlp.translation)); });
}

Field<Config> delta_field() {
  using D = ingest::OtlpDelta;
  return make_field<Config>(
      "otlp_delta", "convert, store or refuse",
      "OTLP metrics of delta temporality: `convert` them to running totals, `store` them as they are, or `refuse` the "
      "request as Prometheus does.",
      [](Config& config, const std::string& value) -> Result<void> {
        if (value != "convert" && value != "store" && value != "refuse") {
          return error(Code::kInvalid, "\"{}\" is none of convert, store, refuse", value);
        }
        config.metrics.otlp.delta = value == "convert" ? D::kConvert : value == "store" ? D::kStore : D::kRefuse;
        return {};
      },
      [](const Config& config) {
        const D delta = config.metrics.otlp.delta;
        return std::string(delta == D::kConvert ? "convert" : delta == D::kStore ? "store" : "refuse");
      });
}

void add_otlp_metric_keys(std::vector<ConfigKey>& all) {
  using C = Config;
  using O = ingest::OtlpMetricOptions;
  const auto add = [&](Field<C> field) { all.push_back(key("metrics", std::move(field))); };
  const auto at = [](auto value) {
    return [value](C& config) -> auto& { return config.metrics.otlp.*value; };
  };
  add(translation_field());
  add(texts_field<C>("otlp_promote_resource_attributes", "Attributes of OTLP resources that become labels.",
                     at(&O::promote_resource_attributes)));
  add(flag_field<C>("otlp_promote_all_resource_attributes", "All of them do.",
                    at(&O::promote_all_resource_attributes)));
  add(texts_field<C>("otlp_ignore_resource_attributes", "All but these.", at(&O::ignore_resource_attributes)));
  add(flag_field<C>("otlp_keep_identifying_resource_attributes",
                    "`target_info` has service.name, service.namespace and service.instance.id too.",
                    at(&O::keep_identifying_resource_attributes)));
  add(flag_field<C>("otlp_promote_scope_metadata", "Name, version and attributes of the scope become labels.",
                    at(&O::promote_scope_metadata)));
  add(flag_field<C>("otlp_convert_histograms_to_nhcb", "Histograms become native ones with custom buckets.",
                    at(&O::convert_histograms_to_nhcb)));
  add(flag_field<C>("otlp_label_name_underscore_sanitization", "A label `_a` becomes `key_a`.",
                    [](C& config) -> bool& { return config.metrics.otlp.label_names.underscore_prefix; }));
  add(flag_field<C>("otlp_label_name_preserve_multiple_underscores", "A label `a__b` stays so.",
                    [](C& config) -> bool& { return config.metrics.otlp.label_names.several_underscores; }));
  add(delta_field());
  add(count_field<C>("otlp_delta_series_max", "Series of a tenant whose running totals are kept.",
                     [](C& config) -> std::size_t& { return config.metrics.otlp.delta_limits.series_max; }));
  add(duration_field<C>("otlp_delta_idle_max", "A running total without news for this long begins anew.",
                        [](C& config) -> std::chrono::nanoseconds& {
                          return config.metrics.otlp.delta_limits.idle_max;
                        }));
}

void add_scrape_keys(std::vector<ConfigKey>& all) {
  using C = Config;
  using S = ScrapeSettings;
  const auto add = [&](Field<C> field) { all.push_back(key("scrape", std::move(field))); };
  add(text_field<C>("config_file",
                    "Prometheus' configuration file, as it is. Read again on SIGHUP and POST /-/reload. Also "
                    "`--prometheus-config`.",
                    member(&C::scrape, &S::config_file)));
  add(flag_field<C>("self", "Scrape our own `/metrics` as job `trilobite`, unless the file has a job of this name. `./manage.sh "
                    "start` turns it on.",
                    member(&C::scrape, &S::self)));
  add(count_field<C>("threads", "Threads that read what targets answer and write their samples.",
                     member(&C::scrape, &S::threads)));
  add(text_field<C>("tenant", "Whose data the samples are; `fake` is the one of a server without tenants.",
                    member(&C::scrape, &S::tenant)));
  add(flag_field<C>("reload_over_http", "Whether POST /-/reload reads the file again.",
                    member(&C::scrape, &S::reload_over_http)));
  add(flag_field<C>("jobs_over_http", "Whether PUT and DELETE /api/v1/scrape_configs/{job} change what is scraped.",
                    member(&C::scrape, &S::jobs_over_http)));
}

std::vector<ConfigKey> make_keys() {
  using C = Config;
  std::vector<ConfigKey> all;
  add_server_keys(all);
  add_storage_keys(all);
  all.push_back(key("query", count_field<C>("threads", "Threads that scan data for all queries; 0 for one per core.",
                                            member(&C::query_threads))));
  all.push_back(key("query", bytes_field<C>("result_cache_bytes",
                                            "Memory for results of range queries, kept in slices of time while the "
                                            "lines under them stay the same; 0 turns it off.",
                                            member(&C::result_cache_bytes))));
  all.push_back(key("query", flag_field<C>("answer_despite_damage",
                                           "A query that meets a damaged part is answered without it and with a "
                                           "warning; false: it fails, and the next one is answered so.",
                                           member(&C::answer_despite_damage))));
  add_delete_keys(all);
  all.push_back(key("logs", flag_field<C>("extensions", "LogQL beyond Loki's, also for requests that do not ask for it.",
                                          member(&C::logs_extensions))));
  add_metric_keys(all);
  add_otlp_metric_keys(all);
  for (Field<C>& field : metric_fields()) all.push_back(key("metrics", std::move(field)));
  add_scrape_keys(all);
  all.push_back(key("rules", flag_field<C>("over_http",
                                           "Whether POST, PUT and DELETE /api/v1/rules/{namespace} change rules.",
                                           member(&C::rules, &RuleSettings::over_http))));
  all.push_back(key("agent", flag_field<C>("enabled", "Collect this machine's logs. Also `--no-agent`.",
                                           member(&C::agent, &AgentSettings::enabled))));
  all.push_back(key("agent", text_field<C>("config_file", "Promtail configuration instead of this machine's own logs.",
                                           member(&C::agent, &AgentSettings::config_file))));
  all.push_back(key(
      "log",
      text_field<C>("level", "Our own log: error, warn, info, debug, trace, or directives as in `DYN_LOG`, which wins.",
                    member(&C::log, &LogSettings::level))));
  all.push_back(key("tracing",
                    text_field<C>("otlp_endpoint",
                                  "Where our own spans go over OTLP/HTTP, such as http://localhost:4318 (`/v1/traces` is "
                                  "added where there is no path); empty: nowhere. OpenTelemetry's variables win.",
                                  member(&C::tracing, &TracingSettings::otlp_endpoint))));
  all.push_back(key("tracing", share_field<C>("sample_ratio", "Which share of the traces that begin here is exported.",
                                              member(&C::tracing, &TracingSettings::sample_ratio))));
  for (const auto& field : limit_fields()) all.push_back(limit_key(field));
  return all;
}

}  // namespace

std::string ConfigKey::environment_name() const {
  std::string out = "TRILOBITE_" + name;
  for (char& c : out) {
    if (c == '.') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = make_keys();
  return keys;
}

const ConfigKey* find_config_key(std::string_view name) {
  const auto& keys = config_keys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& entry) { return entry.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace trilobite::server
