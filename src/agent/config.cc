#include "agent/config.h"

#include <algorithm>
#include <set>

#include "agent/config_fields.h"
#include "agent/glob.h"

namespace trilobite::agent {
namespace {

constexpr std::string_view kUnsupportedSources[] = {
    "file_sd_configs",
    "kubernetes_sd_configs",
    "docker_sd_configs",
    "consul_sd_configs",
    "consulagent_sd_configs",
    "syslog",
    "loki_push_api",
    "gelf",
    "kafka",
    "gcplog",
    "heroku_drain",
    "cloudflare",
    "azure_event_hubs",
    "windows_events",
};

Result<void> parse_backoff(const yaml::Node* node, const std::string& where, BackoffConfig& out) {
  Fields fields(node, where);
  fields.duration("min_period", out.min_period);
  fields.duration("max_period", out.max_period);
  fields.integer("max_retries", out.max_retries, 0, INT64_MAX);
  return fields.finish();
}

Result<void> parse_basic_auth(const yaml::Node* node, const std::string& where, ClientConfig& out) {
  Fields fields(node, where);
  fields.text("username", out.basic_user);
  fields.text("password", out.basic_password);
  fields.text("password_file", out.basic_password_file);
  return fields.finish();
}

Result<void> parse_tls(const yaml::Node* node, const std::string& where, TlsConfig& out) {
  Fields fields(node, where);
  fields.text("ca_file", out.ca_file);
  fields.text("cert_file", out.cert_file);
  fields.text("key_file", out.key_file);
  fields.unsupported("server_name");
  fields.boolean("insecure_skip_verify", out.insecure_skip_verify);
  fields.ignore("min_version");
  return fields.finish();
}

bool is_http_url(std::string_view url) { return url.starts_with("http://") || url.starts_with("https://"); }

Result<ClientConfig> parse_client(const yaml::Node& node, const std::string& where, BatchConfig& batch, bool first) {
  ClientConfig out;
  Fields fields(&node, where);
  BatchConfig own;
  fields.text("name", out.name);
  fields.text("url", out.url);
  fields.text("tenant_id", out.tenant_id);
  fields.duration("batchwait", own.wait);
  fields.byte_size("batchsize", own.bytes);
  fields.duration("timeout", out.timeout);
  fields.labels("external_labels", own.external_labels);
  fields.text_map("headers", out.headers);
  fields.text("bearer_token", out.bearer_token);
  fields.text("bearer_token_file", out.bearer_token_file);
  fields.text("proxy_url", out.proxy_url);
  fields.boolean("drop_rate_limited_batches", out.drop_rate_limited_batches);
  fields.ignore("stream_lag_labels");
  fields.ignore("follow_redirects");
  fields.ignore("enable_http2");
  fields.unsupported("oauth2");
  fields.unsupported("authorization");
  const yaml::Node* backoff = fields.node("backoff_config");
  const yaml::Node* basic = fields.node("basic_auth");
  const yaml::Node* tls = fields.node("tls_config");
  if (!is_http_url(out.url)) fields.mistake("url", "must be given and start with http:// or https://");
  if (own.bytes == 0) fields.mistake("batchsize", "must be positive");
  if (!first && own.external_labels != batch.external_labels) {
    fields.mistake("external_labels", "must be the same for all clients: they share the batches");
  }
  TRY_VOID(fields.finish());
  TRY_VOID(parse_backoff(backoff, where + ".backoff_config", out.backoff));
  TRY_VOID(parse_basic_auth(basic, where + ".basic_auth", out));
  TRY_VOID(parse_tls(tls, where + ".tls_config", out.tls));
  batch.wait = first ? own.wait : std::min(batch.wait, own.wait);
  batch.bytes = first ? own.bytes : std::min(batch.bytes, own.bytes);
  batch.external_labels = std::move(own.external_labels);
  if (out.name.empty()) out.name = out.url;
  return out;
}

Result<JournalConfig> parse_journal(const yaml::Node* node, const std::string& where) {
  JournalConfig out;
  Fields fields(node, where);
  fields.text("path", out.path);
  fields.boolean("json", out.json);
  fields.duration("max_age", out.max_age);
  fields.labels("labels", out.labels);
  fields.text("matches", out.matches);
  TRY_VOID(fields.finish());
  return out;
}

// One entry of static_configs is one target, whatever `targets` lists: Promtail reads only local files.
Result<void> parse_static(const yaml::Node& node, const std::string& where, const ConfigOptions& options,
                          ScrapeConfig& scrape) {
  std::vector<std::string> targets;
  Labels labels;
  Fields fields(&node, where);
  fields.texts("targets", targets);
  fields.labels("labels", labels);
  TRY_VOID(fields.finish());
  if (const std::string* host = labels.find("__host__"); host != nullptr && *host != options.host) return {};
  if (!relabel(scrape.relabel, labels)) return {};
  StaticTarget target{.path = std::string(labels.get("__path__")),
                      .path_exclude = std::string(labels.get("__path_exclude__"))};
  if (target.path.empty()) {
    return error(Code::kInvalid, "line {}: {}.labels: __path__ must say which files to read", node.line, where);
  }
  for (const std::string& pattern : {target.path, target.path_exclude}) {
    if (pattern.empty()) continue;
    auto glob = Glob::parse(pattern);
    if (!glob.ok()) return error(Code::kInvalid, "line {}: {}: {}", node.line, where, glob.error().message);
  }
  labels.erase_if([](const Labels::Pair& pair) { return pair.first.starts_with("__"); });
  target.labels = std::move(labels);
  scrape.targets.push_back(std::move(target));
  return {};
}

Result<void> parse_decompression(const yaml::Node* node, const std::string& where, ScrapeConfig& out) {
  Fields fields(node, where);
  std::string format = "gz";
  fields.ignore("enabled");  // what a file is, its first bytes say
  fields.duration("initial_delay", out.decompression_delay);
  fields.text("format", format);
  if (format != "gz") fields.mistake("format", fmt::format("{} is not supported yet, only gz", format));
  return fields.finish();
}

Result<ScrapeConfig> parse_scrape(const yaml::Node& node, const std::string& where, const ConfigOptions& options) {
  ScrapeConfig out;
  Fields fields(&node, where);
  fields.text("job_name", out.job_name);
  const std::vector<Fields::Item> statics = fields.items("static_configs");
  const std::vector<Fields::Item> rules = fields.items("relabel_configs");
  const yaml::Node* journal = fields.node("journal");
  const yaml::Node* decompression = fields.node("decompression");
  if (const yaml::Node* stages = fields.node("pipeline_stages")) {
    if (stages->kind == yaml::Kind::kList) {
      out.stages = *stages;
    } else {
      fields.mistake("pipeline_stages", "must be a list");
    }
  }
  std::string encoding;
  fields.text("encoding", encoding);
  if (!encoding.empty() && encoding != "utf-8" && encoding != "UTF-8") {
    fields.mistake("encoding", fmt::format("{} is not supported yet, only utf-8", encoding));
  }
  for (const std::string_view name : kUnsupportedSources) fields.unsupported(name);
  TRY_VOID(fields.finish());
  for (const Fields::Item& item : rules) {
    TRY(rule, parse_relabel_rule(*item.node, item.where));
    out.relabel.push_back(std::move(rule));
  }
  for (const Fields::Item& item : statics) TRY_VOID(parse_static(*item.node, item.where, options, out));
  if (journal != nullptr) {
    TRY(parsed, parse_journal(journal, where + ".journal"));
    out.journal = std::move(parsed);
  }
  TRY_VOID(parse_decompression(decompression, where + ".decompression", out));
  return out;
}

Result<void> parse_server(const yaml::Node* node, Config& out) {
  Fields fields(node, "server");
  fields.integer("http_listen_port", out.http_port, 0, 65535);
  fields.text("http_listen_address", out.http_address);
  fields.boolean("disable", out.http_disabled);
  for (const std::string_view name :
       {"grpc_listen_port", "grpc_listen_address", "log_level", "log_format", "profiling_enabled",
        "enable_runtime_reload", "graceful_shutdown_timeout", "http_server_read_timeout", "http_server_write_timeout",
        "http_server_idle_timeout", "register_instrumentation", "http_path_prefix", "health_check_target",
        "external_url", "reload", "grpc_server_max_recv_msg_size", "grpc_server_max_send_msg_size",
        "grpc_server_max_concurrent_streams"}) {
    fields.ignore(name);
  }
  return fields.finish();
}

Result<void> parse_limits(const yaml::Node* node, LimitsConfig& out) {
  Fields fields(node, "limits_config");
  fields.boolean("readline_rate_enabled", out.readline_rate_enabled);
  fields.number("readline_rate", out.readline_rate);
  fields.integer("readline_burst", out.readline_burst, 1, INT64_MAX);
  fields.boolean("readline_rate_drop", out.readline_rate_drop);
  fields.byte_size("max_line_size", out.max_line_size);
  fields.boolean("max_line_size_truncate", out.max_line_size_truncate);
  std::int64_t streams = 0;
  fields.integer("max_streams", streams, 0, INT64_MAX);
  if (streams > 0) fields.mistake("max_streams", "is not supported yet");
  if (out.readline_rate_enabled && out.readline_rate <= 0) fields.mistake("readline_rate", "must be positive");
  return fields.finish();
}

Result<void> parse_positions(const yaml::Node* node, PositionsConfig& out) {
  Fields fields(node, "positions");
  fields.text("filename", out.filename);
  fields.duration("sync_period", out.sync_period);
  fields.boolean("ignore_invalid_yaml", out.ignore_invalid_yaml);
  return fields.finish();
}

Result<void> parse_queue(const yaml::Node* node, QueueConfig& out) {
  Fields fields(node, "queue");
  fields.text("directory", out.directory);
  fields.byte_size("bytes_max", out.bytes_max);
  if (out.bytes_max < 1u << 20) fields.mistake("bytes_max", "must be at least 1MB");
  return fields.finish();
}

Result<void> parse_target_config(const yaml::Node* node, Config& out) {
  Fields fields(node, "target_config");
  fields.duration("sync_period", out.sync_period);
  fields.ignore("stdin");
  return fields.finish();
}

// Names must be unique: they say which mark in the queue, and which positions, belong to whom.
void make_names_unique(Config& config) {
  std::set<std::string> jobs, clients;
  for (ScrapeConfig& scrape : config.scrape) {
    if (scrape.job_name.empty()) scrape.job_name = "default";
    const std::string base = scrape.job_name;
    for (int n = 2; !jobs.insert(scrape.job_name).second; ++n) scrape.job_name = fmt::format("{}#{}", base, n);
  }
  for (ClientConfig& client : config.clients) {
    const std::string base = client.name;
    for (int n = 2; !clients.insert(client.name).second; ++n) client.name = fmt::format("{}#{}", base, n);
  }
}

}  // namespace

Result<Config> parse_config(std::string_view text, const ConfigOptions& options) {
  TRY(root, yaml::parse(text));
  Config out;
  Fields fields(&root, "");
  const yaml::Node* server = fields.node("server");
  const yaml::Node* client = fields.node("client");  // one, the old way
  const std::vector<Fields::Item> clients = fields.items("clients");
  const yaml::Node* positions = fields.node("positions");
  const yaml::Node* queue = fields.node("queue");
  const std::vector<Fields::Item> scrapes = fields.items("scrape_configs");
  const yaml::Node* limits = fields.node("limits_config");
  const yaml::Node* target = fields.node("target_config");
  for (const std::string_view name : {"global", "options", "tracing", "wal"}) fields.ignore(name);
  TRY_VOID(fields.finish());
  TRY_VOID(parse_server(server, out));
  if (client != nullptr) {
    TRY(parsed, parse_client(*client, "client", out.batch, true));
    out.clients.push_back(std::move(parsed));
  }
  for (const Fields::Item& item : clients) {
    TRY(parsed, parse_client(*item.node, item.where, out.batch, out.clients.empty()));
    out.clients.push_back(std::move(parsed));
  }
  TRY_VOID(parse_positions(positions, out.positions));
  TRY_VOID(parse_queue(queue, out.queue));
  TRY_VOID(parse_limits(limits, out.limits));
  TRY_VOID(parse_target_config(target, out));
  for (const Fields::Item& item : scrapes) {
    TRY(parsed, parse_scrape(*item.node, item.where, options));
    out.scrape.push_back(std::move(parsed));
  }
  make_names_unique(out);
  return out;
}

Result<std::string> expand_environment(std::string_view text, const std::map<std::string, std::string>& environment) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\\\\")) {
      out += '\\';
      ++i;
      continue;
    }
    if (!text.substr(i).starts_with("${")) {
      out += text[i];
      continue;
    }
    const std::size_t close = text.find('}', i);
    if (close == std::string_view::npos) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i), '\n');
      return error(Code::kInvalid, "line {}: ${{ without }}", line);
    }
    const std::string_view inside = text.substr(i + 2, close - i - 2);
    const std::size_t colon = inside.find(":-");
    const auto at = environment.find(std::string(inside.substr(0, colon)));
    if (at != environment.end() && !at->second.empty()) {
      out += at->second;
    } else if (colon != std::string_view::npos) {
      out += inside.substr(colon + 2);
    }
    i = close;
  }
  return out;
}

}  // namespace trilobite::agent
