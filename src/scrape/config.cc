#include "scrape/config.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>

#include "agent/duration.h"
#include "agent/file_finder.h"
#include "scrape/yaml_entries.h"
#include "scrape/yaml_text.h"

namespace trilobite::scrape {
namespace {

using agent::Fields;
using agent::yaml::Kind;
using agent::yaml::Node;

struct ProtocolName {
  std::string_view name;
  ScrapeProtocol protocol;
};
constexpr std::array kProtocols{ProtocolName{"PrometheusProto", ScrapeProtocol::kPrometheusProto},
                                ProtocolName{"OpenMetricsText1.0.0", ScrapeProtocol::kOpenMetricsText1_0_0},
                                ProtocolName{"OpenMetricsText0.0.1", ScrapeProtocol::kOpenMetricsText0_0_1},
                                ProtocolName{"PrometheusText1.0.0", ScrapeProtocol::kPrometheusText1_0_0},
                                ProtocolName{"PrometheusText0.0.4", ScrapeProtocol::kPrometheusText0_0_4}};

// What `global` and each scrape configuration both have. A scrape configuration starts from the global one's.
struct Shared {
  std::vector<ScrapeProtocol> protocols;  // empty: the default
  std::optional<ScrapeProtocol> fallback;
  bool native_histograms = false, classic_to_custom = false, always_classic = false, extra_metrics = false;
  std::string validation = "utf8", escaping;
  ScrapeLimits limits;
};

std::optional<ScrapeProtocol> find_protocol(std::string_view name) {
  for (const ProtocolName& known : kProtocols) {
    if (known.name == name) return known.protocol;
  }
  return std::nullopt;
}

void read_protocols(Fields& fields, std::vector<ScrapeProtocol>& out) {
  std::vector<std::string> names;
  fields.texts("scrape_protocols", names);
  if (names.empty()) return;
  out.clear();
  for (const std::string& name : names) {
    const auto protocol = find_protocol(name);
    if (!protocol) {
      fields.mistake("scrape_protocols",
                     fmt::format("unknown scrape protocol {}, supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 "
                                 "PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0]",
                                 name));
    } else if (std::find(out.begin(), out.end(), *protocol) != out.end()) {
      fields.mistake("scrape_protocols", fmt::format("duplicated protocol in scrape_protocols: {}", name));
    } else {
      out.push_back(*protocol);
    }
  }
}

void read_count(Fields& fields, std::string_view name, std::uint64_t& out) {
  std::int64_t value = static_cast<std::int64_t>(out);
  fields.integer(name, value, 0, INT64_MAX);
  out = static_cast<std::uint64_t>(value);
}

void read_shared(Fields& fields, Shared& out) {
  read_protocols(fields, out.protocols);
  fields.boolean("scrape_native_histograms", out.native_histograms);
  fields.boolean("convert_classic_histograms_to_nhcb", out.classic_to_custom);
  fields.boolean("always_scrape_classic_histograms", out.always_classic);
  fields.boolean("extra_scrape_metrics", out.extra_metrics);
  fields.text("metric_name_validation_scheme", out.validation);
  if (out.validation.empty()) out.validation = "utf8";
  if (out.validation != "utf8" && out.validation != "legacy") {
    fields.mistake(
        "metric_name_validation_scheme",
        fmt::format("unknown metric name validation method specified, must be either '', 'legacy' or 'utf8', "
                    "got {}",
                    out.validation));
  }
  fields.text("metric_name_escaping_scheme", out.escaping);
  if (!out.escaping.empty() && out.escaping != "allow-utf-8" && out.escaping != "underscores" &&
      out.escaping != "dots" && out.escaping != "values") {
    fields.mistake("metric_name_escaping_scheme", fmt::format("unknown escaping method \"{}\"", out.escaping));
  }
  fields.byte_size("body_size_limit", out.limits.body_bytes);
  read_count(fields, "sample_limit", out.limits.samples);
  read_count(fields, "label_limit", out.limits.labels);
  read_count(fields, "label_name_length_limit", out.limits.label_name_bytes);
  read_count(fields, "label_value_length_limit", out.limits.label_value_bytes);
  read_count(fields, "target_limit", out.limits.targets);
  read_count(fields, "keep_dropped_targets", out.limits.dropped_targets_kept);
}

void read_relabel(Fields& fields, std::string_view name, bool utf8, std::vector<agent::RelabelRule>& out) {
  for (const auto& item : fields.items(name)) {
    auto rule =
        agent::parse_relabel_rule(*item.node, item.where, utf8 ? agent::LabelNames::kUtf8 : agent::LabelNames::kLegacy);
    if (!rule.ok()) {
      fields.mistake(rule.error());
      continue;
    }
    out.push_back(std::move(*rule));
  }
}

void read_params(Fields& fields, ScrapeConfig& out) {
  const Node* node = fields.node("params");
  if (node == nullptr) return;
  if (node->kind != Kind::kMap) return fields.mistake("params", "must be a mapping");
  for (const auto& [name, value] : node->map) {
    std::vector<std::string> values;
    if (value.kind != Kind::kList && value.kind != Kind::kNull) {
      fields.mistake("params", fmt::format("\"{}\" must be a list", name));
    }
    for (const Node& item : value.list) values.push_back(item.text);
    out.params.emplace_back(name, std::move(values));
  }
}

// Puts `value` where nothing is given.
void fill(Node& map, std::string_view name, std::string value) {
  map.kind = Kind::kMap;
  Node node;
  node.kind = Kind::kScalar;
  node.text = std::move(value);
  for (auto& [key, old] : map.map) {
    if (key != name) continue;
    if (old.kind == Kind::kNull) old = std::move(node);
    return;
  }
  map.map.emplace_back(name, std::move(node));
}

void fill_protocols(Node& map, const std::vector<ScrapeProtocol>& protocols) {
  const Node* given = map.find("scrape_protocols");
  if (given != nullptr && given->kind != Kind::kNull) return;
  std::erase_if(map.map, [](const auto& entry) { return entry.first == "scrape_protocols"; });
  Node list;
  list.kind = Kind::kList;
  for (const ScrapeProtocol protocol : protocols) {
    Node item;
    item.kind = Kind::kScalar;
    item.text = name_of(protocol);
    list.list.push_back(std::move(item));
  }
  map.map.emplace_back("scrape_protocols", std::move(list));
}

std::string_view flag(bool value) { return value ? "true" : "false"; }

std::vector<ScrapeProtocol> default_protocols(bool native) {
  std::vector<ScrapeProtocol> out{ScrapeProtocol::kOpenMetricsText1_0_0, ScrapeProtocol::kOpenMetricsText0_0_1,
                                  ScrapeProtocol::kPrometheusText1_0_0, ScrapeProtocol::kPrometheusText0_0_4};
  if (native) out.insert(out.begin(), ScrapeProtocol::kPrometheusProto);
  return out;
}

// The node with what follows from defaults, for pages that show the configuration.
Node filled(const Node& given, const ScrapeConfig& config) {
  Node out = given;
  fill(out, "honor_timestamps", std::string(flag(config.honor_timestamps)));
  fill(out, "track_timestamps_staleness", std::string(flag(config.track_timestamps_staleness)));
  fill(out, "scrape_interval", format_duration(config.interval));
  fill(out, "scrape_timeout", format_duration(config.timeout));
  fill_protocols(out, config.protocols);
  fill(out, "scrape_native_histograms", std::string(flag(config.native_histograms)));
  fill(out, "always_scrape_classic_histograms", std::string(flag(config.always_classic_histograms)));
  fill(out, "convert_classic_histograms_to_nhcb", std::string(flag(config.classic_histograms_to_custom)));
  fill(out, "metrics_path", config.metrics_path);
  fill(out, "scheme", config.scheme);
  fill(out, "enable_compression", std::string(flag(config.enable_compression)));
  fill(out, "metric_name_validation_scheme", config.utf8_names ? "utf8" : "legacy");
  fill(out, "metric_name_escaping_scheme", config.escaping);
  if (!config.failure_log_file.empty()) fill(out, "scrape_failure_log_file", config.failure_log_file);
  fill(out, "follow_redirects", std::string(flag(config.http.follow_redirects)));
  fill(out, "enable_http2", std::string(flag(config.http.http2)));
  return out;
}

std::string text_of(std::uint64_t number) { return std::to_string(number); }

// Limits that `global` sets for a configuration that does not are part of what it is.
void fill_limits(Node& out, const ScrapeLimits& limits) {
  const auto put = [&](std::string_view name, std::uint64_t value) {
    if (value > 0) fill(out, name, text_of(value));
  };
  put("body_size_limit", limits.body_bytes);
  put("sample_limit", limits.samples);
  put("label_limit", limits.labels);
  put("label_name_length_limit", limits.label_name_bytes);
  put("label_value_length_limit", limits.label_value_bytes);
  put("target_limit", limits.targets);
  put("keep_dropped_targets", limits.dropped_targets_kept);
}

// JSON is what programs write; it is easier read as YAML.
std::optional<std::string> written_text(std::string_view text, const Node& node) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] == '{') return std::nullopt;
  return hide_secrets(text, node);
}

// The texts of scrape_configs, of which there may be none.
std::vector<std::string> job_texts(std::string_view document, const Node& root) {
  const Node* list = root.find("scrape_configs");
  return list == nullptr ? std::vector<std::string>() : entry_texts(document, *list);
}

Result<std::shared_ptr<const ScrapeConfig>> read_scrape(const Node& node, const std::string& where,
                                                        const GlobalConfig& global, const Shared& defaults,
                                                        const std::string& folder, std::string_view text) {
  auto config = std::make_shared<ScrapeConfig>();
  Fields fields(&node, where);
  Shared shared = defaults;
  fields.text("job_name", config->job_name);
  config->interval = config->timeout = Nanoseconds(0);
  read_duration(fields, "scrape_interval", config->interval);
  read_duration(fields, "scrape_timeout", config->timeout);
  read_shared(fields, shared);
  std::string fallback;
  fields.text("fallback_scrape_protocol", fallback);
  if (!fallback.empty()) {
    config->fallback_protocol = find_protocol(fallback);
    if (!config->fallback_protocol) {
      fields.mistake("fallback_scrape_protocol", fmt::format("unknown scrape protocol {}", fallback));
    }
  }
  fields.text("metrics_path", config->metrics_path);
  fields.text("scheme", config->scheme);
  if (config->scheme.empty()) config->scheme = "http";
  fields.boolean("honor_labels", config->honor_labels);
  fields.boolean("honor_timestamps", config->honor_timestamps);
  fields.boolean("track_timestamps_staleness", config->track_timestamps_staleness);
  fields.boolean("enable_compression", config->enable_compression);
  read_count(fields, "native_histogram_bucket_limit", shared.limits.histogram_buckets);
  fields.number("native_histogram_min_bucket_factor", shared.limits.histogram_bucket_factor_min);
  read_params(fields, *config);
  config->utf8_names = shared.validation == "utf8";
  read_relabel(fields, "relabel_configs", config->utf8_names, config->relabel);
  read_relabel(fields, "metric_relabel_configs", config->utf8_names, config->metric_relabel);
  read_http_config(fields, folder, config->http);
  read_target_sources(fields, folder, config->sources);
  config->failure_log_file = global.scrape_failure_log_file;
  std::string own_log;
  fields.text("scrape_failure_log_file", own_log);
  if (!own_log.empty()) config->failure_log_file = join_path(folder, own_log);
  if (config->job_name.empty()) fields.mistake("job_name", "job_name is empty");

  if (config->interval.count() == 0) config->interval = global.scrape_interval;
  if (config->timeout > config->interval) {
    fields.mistake("scrape_timeout",
                   fmt::format("scrape timeout greater than scrape interval for scrape config with job name \"{}\"",
                               config->job_name));
  }
  if (config->timeout.count() == 0) config->timeout = std::min(global.scrape_timeout, config->interval);
  config->native_histograms = shared.native_histograms;
  config->classic_histograms_to_custom = shared.classic_to_custom;
  config->always_classic_histograms = shared.always_classic;
  config->extra_metrics = shared.extra_metrics;
  config->limits = shared.limits;
  config->protocols = shared.protocols.empty() ? default_protocols(shared.native_histograms) : shared.protocols;
  config->escaping = !shared.escaping.empty() ? shared.escaping : config->utf8_names ? "allow-utf-8" : "underscores";
  if (!config->utf8_names && config->escaping == "allow-utf-8") {
    fields.mistake("metric_name_escaping_scheme",
                   "utf8 metric names requested but validation scheme is not set to UTF8");
  }
  TRY_VOID(fields.finish());
  Node shown = filled(node, *config);
  fill_limits(shown, config->limits);
  config->yaml = to_yaml(shown, Secrets::kHidden);
  config->identity = to_yaml(shown, Secrets::kShown);
  config->written = written_text(text, node).value_or(config->yaml);
  return std::shared_ptr<const ScrapeConfig>(std::move(config));
}

void read_global(const Node* node, const ConfigOptions& options, GlobalConfig& out, Shared& shared, Fields& outer) {
  Fields fields(node, "global");
  out.scrape_interval = out.scrape_timeout = Nanoseconds(0);
  read_duration(fields, "scrape_interval", out.scrape_interval);
  read_duration(fields, "scrape_timeout", out.scrape_timeout);
  read_duration(fields, "evaluation_interval", out.evaluation_interval);
  read_duration(fields, "rule_query_offset", out.rule_query_offset);
  read_shared(fields, shared);
  std::vector<std::pair<std::string, std::string>> labels;
  fields.text_map("external_labels", labels);
  for (const auto& [name, value] : labels) {
    if (name.empty() || name.starts_with("__")) {
      fields.mistake("external_labels", fmt::format("\"{}\" is not a valid label name", name));
    }
    out.external_labels.set(name, expand_variables(value, options.environment));
  }
  fields.text("query_log_file", out.query_log_file);
  fields.text("scrape_failure_log_file", out.scrape_failure_log_file);
  if (!out.scrape_failure_log_file.empty()) {
    out.scrape_failure_log_file = join_path(options.folder, out.scrape_failure_log_file);
  }
  if (out.scrape_interval.count() == 0) out.scrape_interval = std::chrono::minutes(1);
  if (out.scrape_timeout > out.scrape_interval) {
    fields.mistake("scrape_timeout", "global scrape timeout greater than scrape interval");
  }
  if (out.scrape_timeout.count() == 0) {
    out.scrape_timeout = std::min<Nanoseconds>(std::chrono::seconds(10), out.scrape_interval);
  }
  if (out.evaluation_interval.count() == 0) out.evaluation_interval = std::chrono::minutes(1);
  if (auto done = fields.finish(); !done.ok()) outer.mistake(done.error());
}

Result<std::string> read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error(Code::kIo, "cannot read {}", path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// The scrape_configs of the files that scrape_config_files names.
Result<void> read_scrape_files(const std::vector<std::string>& patterns, const GlobalConfig& global,
                               const Shared& shared, const ConfigOptions& options, Config& out) {
  for (const std::string& pattern : patterns) {
    TRY(glob, agent::Glob::parse(join_path(options.folder, pattern)));
    agent::FoundFiles found;
    agent::find_files(glob, nullptr, found);
    for (const std::string& path : found.files) {
      TRY(text, read_whole(path));
      auto root = agent::yaml::parse(text);
      if (!root.ok()) return std::move(root).error().within("{}", path);
      Fields fields(&*root, "");
      const std::vector<std::string> texts = job_texts(text, *root);
      std::size_t index = 0;
      for (const auto& item : fields.items("scrape_configs")) {
        auto config =
            read_scrape(*item.node, item.where, global, shared, agent::parent_folder(path), texts[index++]);
        if (!config.ok()) return std::move(config).error().within("{}", path);
        out.scrape.push_back(std::move(*config));
      }
      if (auto done = fields.finish(); !done.ok()) return std::move(done).error().within("{}", path);
    }
  }
  return {};
}

Result<void> check_jobs(const Config& config) {
  std::set<std::string_view> jobs;
  for (const auto& scrape : config.scrape) {
    if (!jobs.insert(scrape->job_name).second) {
      return error(Code::kInvalid, "found multiple scrape configs with job name \"{}\"", scrape->job_name);
    }
  }
  return {};
}

void copy_node(Fields& fields, std::string_view name, Node& out) {
  if (const Node* node = fields.node(name)) out = *node;
}

std::string shown(const Node& root, const Config& config, const Shared& shared, std::size_t own) {
  Node out = root;
  out.kind = Kind::kMap;
  const auto named = [&](std::string_view name) -> Node* {
    for (auto& [key, value] : out.map) {
      if (key == name) return &value;
    }
    return nullptr;
  };
  Node* global = named("global");
  if (global == nullptr) {
    out.map.insert(out.map.begin(), {"global", Node()});
    global = &out.map.front().second;
  }
  fill(*global, "scrape_interval", format_duration(config.global.scrape_interval));
  fill(*global, "scrape_timeout", format_duration(config.global.scrape_timeout));
  fill_protocols(*global, shared.protocols.empty() ? default_protocols(shared.native_histograms) : shared.protocols);
  fill(*global, "evaluation_interval", format_duration(config.global.evaluation_interval));
  if (Node* labels = nullptr; global->find("external_labels") != nullptr) {
    for (auto& [key, value] : global->map) {
      if (key == "external_labels") labels = &value;
    }
    for (auto& [name, value] : labels->map) value.text = config.global.external_labels.get(name);
  }
  if (Node* list = named("scrape_configs")) {
    for (std::size_t i = 0; i < list->list.size() && i < own; ++i) {
      list->list[i] = filled(list->list[i], *config.scrape[i]);
    }
  }
  return to_yaml(out, Secrets::kHidden);
}

}  // namespace

std::string_view name_of(ScrapeProtocol protocol) { return kProtocols[static_cast<std::size_t>(protocol)].name; }

const ScrapeConfig* Config::find(std::string_view job) const {
  for (const auto& config : scrape) {
    if (config->job_name == job) return config.get();
  }
  return nullptr;
}

std::string expand_variables(std::string_view text, const std::map<std::string, std::string>& environment) {
  std::string out;
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const bool braces = text[i + 1] == '{';
    const std::size_t begin = i + 1 + braces;
    std::size_t end = begin;
    while (end < text.size() && (braces ? text[end] != '}' : is_word(text[end]))) ++end;
    if ((braces && end == text.size()) || end == begin) {
      out += '$';
      continue;
    }
    if (const auto found = environment.find(std::string(text.substr(begin, end - begin))); found != environment.end()) {
      out += found->second;
    }
    i = end - 1 + braces;
  }
  return out;
}

Result<Config> parse_config(std::string_view text, const ConfigOptions& options) {
  TRY(root, agent::yaml::parse(text));
  Config out;
  Shared shared;
  Fields fields(&root, "");
  copy_node(fields, "global", out.global_tree);
  read_global(&out.global_tree, options, out.global, shared, fields);
  fields.texts("rule_files", out.rule_files);
  for (std::string& pattern : out.rule_files) pattern = join_path(options.folder, pattern);
  std::vector<std::string> files;
  fields.texts("scrape_config_files", files);
  const std::vector<std::string> texts = job_texts(text, root);
  std::size_t index = 0;
  for (const auto& item : fields.items("scrape_configs")) {
    auto config = read_scrape(*item.node, item.where, out.global, shared, options.folder, texts[index++]);
    if (config.ok()) {
      out.scrape.push_back(std::move(*config));
    } else {
      fields.mistake(config.error());
    }
  }
  const std::size_t own = out.scrape.size();
  fields.ignore("runtime");  // of Go's garbage collector
  copy_node(fields, "alerting", out.alerting);
  copy_node(fields, "remote_write", out.remote_write);
  copy_node(fields, "remote_read", out.remote_read);
  copy_node(fields, "otlp", out.otlp);
  copy_node(fields, "storage", out.storage);
  copy_node(fields, "tracing", out.tracing);
  TRY_VOID(fields.finish());
  TRY_VOID(read_scrape_files(files, out.global, shared, options, out));
  TRY_VOID(check_jobs(out));
  out.yaml = shown(root, out, shared, own);
  return out;
}

Result<std::shared_ptr<const ScrapeConfig>> parse_scrape_config(std::string_view text, const Config& config,
                                                                const ConfigOptions& options) {
  TRY(root, agent::yaml::parse(text));
  GlobalConfig global;
  Shared shared;
  Fields fields(nullptr, "");
  read_global(&config.global_tree, options, global, shared, fields);
  global.scrape_failure_log_file = config.global.scrape_failure_log_file;  // relative to another folder
  return read_scrape(root, "", global, shared, options.folder, text);
}

}  // namespace trilobite::scrape
