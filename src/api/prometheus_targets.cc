#include "api/prometheus_targets.h"

#include <algorithm>
#include <ctime>
#include <set>

#include "agent/duration.h"
#include "api/prometheus_parameters.h"
#include "base/json_writer.h"
#include "metrics/parser.h"
#include "scrape/json_value.h"

namespace trilobite::api {
namespace {

using scrape::ActiveTarget;
using scrape::Labels;

void write_labels(JsonWriter& json, const Labels& labels) {
  json.begin_object();
  for (const auto& [name, value] : labels) json.key(name).string(value);
  json.end_object();
}

// RFC 3339 with the digits that are there, as Go prints times; the year 1 stands for never.
std::string rfc3339(TimeNs time) {
  if (time == 0) return "0001-01-01T00:00:00Z";
  const std::time_t seconds = time / kNsPerSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string out(text, length);
  if (const auto rest = time % kNsPerSecond; rest != 0) {
    out += fmt::format(".{:09}", rest);
    while (out.back() == '0') out.pop_back();
  }
  return out + "Z";
}

std::string_view health_name(scrape::TargetHealth health) {
  switch (health) {
    case scrape::TargetHealth::kUp:
      return "up";
    case scrape::TargetHealth::kDown:
      return "down";
    case scrape::TargetHealth::kUnknown:
      break;
  }
  return "unknown";
}

void write_target(JsonWriter& json, const ActiveTarget& target) {
  const scrape::TargetSpec& spec = target.scrape->spec();
  const scrape::TargetReport report = target.scrape->report();
  json.begin_object();
  json.key("discoveredLabels");
  write_labels(json, spec.discovered);
  json.key("labels");
  write_labels(json, spec.labels);
  json.key("scrapePool").string(target.job);
  json.key("scrapeUrl").string(spec.url).key("globalUrl").string(spec.url);
  json.key("lastError").string(report.last_error);
  json.key("lastScrape").string(rfc3339(report.last_scrape));
  json.key("lastScrapeDuration").number(std::chrono::duration<double>(report.last_duration).count());
  json.key("health").string(health_name(report.health));
  json.key("scrapeInterval").string(scrape::format_duration(spec.interval));
  json.key("scrapeTimeout").string(scrape::format_duration(spec.timeout));
  // Beyond Prometheus.
  json.key("lastSamples").number(report.samples).key("lastBodyBytes").number(report.body_bytes);
  json.key("samplesRefused").number(report.refused);
  json.end_object();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c ^ 0x20);
  }
  return out;
}

void write_rule(JsonWriter& json, const agent::RelabelRule& rule) {
  json.begin_object();
  if (!rule.source_labels.empty()) {
    json.key("sourceLabels").begin_array();
    for (const std::string& name : rule.source_labels) json.string(name);
    json.end_array();
  }
  if (!rule.separator.empty()) json.key("separator").string(rule.separator);
  json.key("regex").string(agent::regex_text(rule));
  if (rule.modulus > 0) json.key("modulus").number(rule.modulus);
  if (!rule.target_label.empty()) json.key("targetLabel").string(rule.target_label);
  if (!rule.replacement.empty()) json.key("replacement").string(rule.replacement);
  json.key("action").string(agent::name_of(rule.action));
  json.end_object();
}

Result<std::shared_ptr<const scrape::Config>> config_of(const scrape::Scraper& scraper) {
  auto config = scraper.config();
  if (config == nullptr) return error(Code::kUnavailable, "scraping has not started");
  return config;
}

Result<std::string> pool_name(const http::Request& request) {
  const auto name = request.parameter("scrapePool");
  if (!name || name->empty()) return error(Code::kInvalid, "no scrapePool parameter provided");
  return std::string(*name);
}

http::Response changed(const Result<void>& done) {
  if (!done.ok()) return change_error(done.error());
  return http::Response::json(200, R"({"status":"success"})");
}

std::string jobs_json(const scrape::ScrapeService& service) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const scrape::ScrapeJob& job : service.jobs()) {
    json.begin_object().key("jobName").string(job.name);
    json.key("source").string(job.over_api ? "api" : "file").key("yaml").string(job.yaml).end_object();
  }
  json.end_array();
  return out;
}

}  // namespace

Result<std::string> targets_data(const scrape::Scraper& scraper, const http::Request& request) {
  const std::string state = lower(request.parameter("state").value_or("any"));
  const std::string_view pool = request.parameter("scrapePool").value_or("");
  const bool active = state == "active" || state == "any" || state.empty();
  const bool dropped = state == "dropped" || state == "any" || state.empty();
  const scrape::TargetList list = scraper.targets();
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("activeTargets").begin_array();
  for (const ActiveTarget& target : list.active) {
    if (active && (pool.empty() || pool == target.job)) write_target(json, target);
  }
  json.end_array().key("droppedTargets").begin_array();
  for (const scrape::DroppedTarget& target : list.dropped) {
    if (!dropped || !(pool.empty() || pool == target.job)) continue;
    json.begin_object().key("discoveredLabels");
    write_labels(json, target.discovered);
    json.key("scrapePool").string(target.job).end_object();
  }
  json.end_array().key("droppedTargetCounts").begin_object();
  if (dropped) {
    for (const auto& [job, count] : list.dropped_counts) {
      if (pool.empty() || pool == job) json.key(job).number(count);
    }
  }
  json.end_object().end_object();
  return out;
}

Result<std::string> targets_metadata_data(const scrape::Scraper& scraper, const http::Request& request) {
  std::int64_t limit = -1;
  if (const auto text = request.parameter("limit")) {
    auto parsed = agent::parse_integer(*text);
    if (!parsed.ok()) return error(Code::kInvalid, "limit must be a number");
    limit = *parsed;
  }
  std::vector<Matcher> matchers;
  if (const auto text = request.parameter("match_target"); text && !text->empty()) {
    auto parsed = metrics::parse_selector(*text);
    if (!parsed.ok()) {
      return error(Code::kInvalid, "invalid parameter \"match_target\": {}", parsed.error().message);
    }
    matchers = std::move(*parsed);
  }
  const std::string_view metric = request.parameter("metric").value_or("");
  std::string out;
  JsonWriter json(out);
  std::int64_t count = 0;
  json.begin_array();
  for (const ActiveTarget& target : scraper.targets().active) {
    const auto families = target.scrape->families();
    const Labels& labels = target.scrape->spec().labels;
    const auto value_of = [&](std::string_view name) { return labels.get(name); };
    if (families == nullptr || !matches_labels(matchers, value_of)) continue;
    for (const ingest::ExpositionFamily& family : *families) {
      if (limit >= 0 && count >= limit) break;
      if (!metric.empty() && metric != family.name) continue;
      ++count;
      json.begin_object().key("target");
      write_labels(json, target.scrape->spec().labels);
      if (metric.empty()) json.key("metric").string(family.name);
      json.key("type").string(family.type).key("help").string(family.help).key("unit").string(family.unit);
      json.end_object();
    }
  }
  json.end_array();
  return out;
}

Result<std::string> relabel_steps_data(const scrape::Scraper& scraper, const http::Request& request) {
  TRY(pool, pool_name(request));
  const auto text = request.parameter("labels");
  if (!text || text->empty()) return error(Code::kInvalid, "no labels parameter provided");
  scrape::json::Document document;
  const scrape::json::Value root = document.parse(*text);
  if (!root.is_object()) return error(Code::kInvalid, "error parsing labels: not a JSON object");
  Labels labels;
  root.each_field([&](std::string_view name, const scrape::json::Value& value) { labels.set(name, value.text()); });
  TRY(config, config_of(scraper));
  const scrape::ScrapeConfig* job = config->find(pool);
  if (job == nullptr) return error(Code::kNotFound, "scrape pool \"{}\" not found", pool);
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("steps").begin_array();
  for (const scrape::RelabelStep& step : scrape::relabel_steps(job->relabel, labels)) {
    json.begin_object().key("rule");
    write_rule(json, *step.rule);
    json.key("output");
    write_labels(json, step.output);
    json.key("keep").boolean(step.keep).end_object();
  }
  json.end_array().end_object();
  return out;
}

Result<std::string> scrape_pools_data(const scrape::Scraper& scraper, const http::Request&) {
  std::set<std::string> names;
  if (const auto config = scraper.config()) {
    for (const auto& job : config->scrape) names.insert(job->job_name);
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("scrapePools").begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array().end_object();
  return out;
}

Result<std::string> scrape_pool_config_data(const scrape::Scraper& scraper, const http::Request& request) {
  TRY(pool, pool_name(request));
  TRY(config, config_of(scraper));
  const scrape::ScrapeConfig* job = config->find(pool);
  if (job == nullptr) return error(Code::kNotFound, "scrape pool \"{}\" not found", pool);
  std::string out;
  JsonWriter(out).begin_object().key("yaml").string(job->yaml).end_object();
  return out;
}

ScrapeSource scrape_source(const scrape::Scraper& scraper) {
  using Data = Result<std::string> (*)(const scrape::Scraper&, const http::Request&);
  const auto bound = [&scraper](Data data) {
    return [&scraper, data](const http::Request& request) { return data(scraper, request); };
  };
  ScrapeSource out;
  out.targets = bound(targets_data);
  out.targets_metadata = bound(targets_metadata_data);
  out.relabel_steps = bound(relabel_steps_data);
  out.scrape_pools = bound(scrape_pools_data);
  out.scrape_pool_config = bound(scrape_pool_config_data);
  return out;
}

void add_scrape_config_routes(http::Router& router, const ScrapeConfigApi& api) {
  scrape::ScrapeService& service = api.service;
  router.add({"GET"}, "/api/v1/scrape_configs", [&service](const http::Request&) {
    return http::Response::json(200, fmt::format(R"({{"status":"success","data":{}}})", jobs_json(service)));
  });
  const auto add = [&](std::string method, std::function<Result<void>(const std::string& job, std::string_view)> act) {
    router.add({std::move(method)}, "/api/v1/scrape_configs/{job}",
               [change = api.change, act = std::move(act)](const http::Request& request) {
                 if (!change) return forbidden("jobs cannot be changed over the API: scrape.jobs_over_http is false");
                 return changed(act(std::string(request.path_parameter("job")), request.body));
               });
  };
  add("PUT", [&service](const std::string& job, std::string_view text) { return service.put_job(job, text); });
  add("DELETE", [&service](const std::string& job, std::string_view) { return service.remove_job(job); });
}

}  // namespace trilobite::api
