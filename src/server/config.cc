#include "server/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "api/cors.h"
#include "server/config_keys.h"
#include "server/limit_keys.h"
#include "server/tracing.h"
#include "storage/joined_tenants.h"

extern char** environ;  // POSIX; not in every header

namespace trilobite::server {
namespace {

constexpr std::string_view kOverrides = "overrides";

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// "; did you mean server.listen?" when a known name is close.
std::string suggestion(std::string_view name) {
  const ConfigKey* best = nullptr;
  std::size_t best_distance = 4;
  for (const ConfigKey& key : config_keys()) {
    const std::size_t distance = edit_distance(name, key.name);
    if (distance < best_distance) {
      best = &key;
      best_distance = distance;
    }
  }
  return best == nullptr ? std::string() : fmt::format("; did you mean {}?", best->name);
}

class YamlReader {
 public:
  YamlReader(Config& config, std::string_view file) : config_(config), file_(file) {}

  Result<void> read(const YAML::Node& root) {
    if (!root || root.IsNull()) return {};
    if (!root.IsMap()) return fail(root, "the configuration must be a mapping of sections");
    for (const auto& section : root) {
      const auto name = section.first.as<std::string>();
      if (name == kOverrides) {
        TRY_VOID(overrides(section.second));
      } else {
        TRY_VOID(this->section(name, section.first, section.second));
      }
    }
    return {};
  }

 private:
  template <class... Args>
  Error fail(const YAML::Node& node, fmt::format_string<Args...> format, Args&&... args) const {
    return error(Code::kInvalid, "{}:{}: {}", file_, node.Mark().line + 1,
                 fmt::format(format, std::forward<Args>(args)...));
  }

  static bool known_section(std::string_view name) {
    const auto& keys = config_keys();
    return std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& key) {
      return key.name.size() > name.size() && key.name.starts_with(name) && key.name[name.size()] == '.';
    });
  }

  Result<void> section(const std::string& name, const YAML::Node& place, const YAML::Node& content) {
    if (!known_section(name)) return fail(place, "unknown section {}{}", name, suggestion(name));
    if (content.IsNull()) return {};
    if (!content.IsMap()) return fail(place, "section {} must be a mapping", name);
    for (const auto& entry : content) {
      const std::string full = name + "." + entry.first.as<std::string>();
      const ConfigKey* key = find_config_key(full);
      if (key == nullptr) return fail(entry.first, "unknown key {}{}", full, suggestion(full));
      TRY(values, values_of(entry.second, full, *key));
      if (auto bad = key->set(config_, values); !bad.ok())
        return fail(entry.first, "{}: {}", full, bad.error().message);
    }
    return {};
  }

  Result<void> overrides(const YAML::Node& tenants) {
    if (tenants.IsNull()) return {};
    if (!tenants.IsMap()) return fail(tenants, "overrides must be a mapping of tenants");
    for (const auto& tenant : tenants) {
      const auto name = tenant.first.as<std::string>();
      if (!tenant.second.IsMap()) return fail(tenant.first, "overrides.{} must be a mapping of limits", name);
      // Sections come in any order, so what is given here is applied over the defaults at the end.
      for (const auto& entry : tenant.second) {
        const auto key = entry.first.as<std::string>();
        const auto* limit = find_limit(key);
        if (limit == nullptr) return fail(entry.first, "unknown limit overrides.{}.{}", name, key);
        TRY(values, values_of(entry.second, key, *limit));
        TenantLimits probe;
        if (auto bad = limit->set(probe, values); !bad.ok()) {
          return fail(entry.first, "overrides.{}.{}: {}", name, key, bad.error().message);
        }
        later_.push_back({name, key, values});
      }
    }
    return {};
  }

  // `kind`: the key or limit, which says what form it takes.
  template <class Kind>
  Result<std::vector<std::string>> values_of(const YAML::Node& node, std::string_view key, const Kind& kind) const {
    const bool list = kind.list;
    if (kind.tree) return std::vector<std::string>{node.IsNull() ? std::string() : YAML::Dump(node)};
    if (node.IsNull()) return list ? std::vector<std::string>{} : std::vector<std::string>{""};
    if (node.IsScalar()) return std::vector<std::string>{node.Scalar()};
    if (!node.IsSequence() || !list) return fail(node, "{} wants {}", key, list ? "a list" : "one value");
    std::vector<std::string> values;
    for (const auto& item : node) {
      if (!item.IsScalar()) return fail(item, "{} wants a list of texts", key);
      values.push_back(item.Scalar());
    }
    return values;
  }

 public:
  void apply_overrides() {
    for (const auto& [tenant, key, values] : later_) {
      auto found = config_.overrides.find(tenant);
      if (found == config_.overrides.end()) found = config_.overrides.emplace(tenant, config_.limits).first;
      find_limit(key)->set(found->second, values).value();  // checked when read
    }
  }

 private:
  struct Override {
    std::string tenant, key;
    std::vector<std::string> values;
  };
  Config& config_;
  std::string_view file_;
  std::vector<Override> later_;
};

std::string quoted(const std::string& value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '-';
  });
  if (plain && value != "-" && value.front() != '-') return value;
  YAML::Emitter out;
  out << YAML::DoubleQuoted << value;
  return out.c_str();
}

template <class Kind>
std::string printed(const std::vector<std::string>& values, const Kind& kind) {
  if (kind.tree) return values.front();
  if (!kind.list) return quoted(values.front());
  std::string out = "[";
  for (const std::string& value : values) out += (out.size() > 1 ? ", " : "") + quoted(value);
  return out + "]";
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    out.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

}  // namespace

Environment process_environment() {
  Environment out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

Result<void> apply_yaml(Config& config, std::string_view yaml, std::string_view file_name) {
  YamlReader reader(config, file_name);
  try {
    TRY_VOID(reader.read(YAML::Load(std::string(yaml))));
  } catch (const YAML::Exception& failed) {
    return error(Code::kInvalid, "{}:{}: {}", file_name, failed.mark.line + 1, failed.msg);
  }
  reader.apply_overrides();
  return {};
}

Result<void> apply_environment(Config& config, const Environment& environment) {
  for (const ConfigKey& key : config_keys()) {
    const auto found = environment.find(key.environment_name());
    if (found == environment.end()) continue;
    const auto values = key.list ? split_list(found->second) : std::vector<std::string>{found->second};
    if (auto bad = key.set(config, values); !bad.ok()) return std::move(bad).error().within("{}", found->first);
  }
  if (const auto data = environment.find("TRILOBITE_DATA"); data != environment.end()) config.data = data->second;
  return {};
}

Result<void> check_config(const Config& config) {
  if (const std::string& endpoint = config.tracing.otlp_endpoint; !endpoint.empty()) {
    const std::string wrong = wrong_tracing_endpoint(endpoint);
    if (!wrong.empty()) return error(Code::kInvalid, "tracing.otlp_endpoint is \"{}\": {}", endpoint, wrong);
  }
  if (config.data.empty()) return error(Code::kInvalid, "server.data must name a folder");
  TRY_VOID(parse_listen(config.http.listen));
  if (!config.otlp_http_listen.empty()) TRY_VOID(parse_listen(config.otlp_http_listen));
  if (!config.graphite.listen.empty()) TRY_VOID(parse_listen(config.graphite.listen));
  if (config.multi_tenant_queries && !config.multi_tenant) {
    return error(Code::kInvalid, "server.multi_tenant_queries needs server.multi_tenant");
  }
  for (const auto& [value, name] : {std::pair{config.http.io_threads, "server.io_threads"},
                                    std::pair{config.http.read_threads, "server.read_threads"},
                                    std::pair{config.http.write_threads, "server.write_threads"},
                                    std::pair{config.storage.merge_threads, "storage.merge_threads"}}) {
    if (value < 1 || value > 1024) return error(Code::kInvalid, "{} must be from 1 to 1024, not {}", name, value);
  }
  if (const std::string& mode = config.deletes.mode;
      mode != "filter-and-delete" && mode != "filter-only" && mode != "disabled") {
    return error(Code::kInvalid, "delete.mode is filter-and-delete, filter-only or disabled, not \"{}\"", mode);
  }
  if (const auto cors = api::make_cors_policy(config.cors_origin); !cors.ok()) {
    return Error(cors.error()).within("server.cors_origin");
  }
  if (config.warnings.warning_share > config.warnings.critical_share) {
    return error(Code::kInvalid, "server.limit_warning_share ({}) must not be above server.limit_critical_share ({})",
                 config.warnings.warning_share, config.warnings.critical_share);
  }
  if (config.http.header_bytes_max < 4096)
    return error(Code::kInvalid, "server.header_bytes_max must be at least 4KiB");
  return {};
}

namespace {

std::string overrides_to_yaml(const Config& config) {
  if (config.overrides.empty()) return {};
  std::string out = "overrides:\n";
  for (const auto& [tenant, limits] : config.overrides) {
    out += fmt::format("  {}:\n", quoted(tenant));
    for (const auto& field : limit_fields()) {
      if (field.get(limits) == field.get(config.limits)) continue;
      out += fmt::format("    {}: {}\n", field.name, printed(field.get(limits), field));
    }
  }
  return out;
}

template <class Wanted>
std::string keys_to_yaml(const Config& config, const Wanted& wanted) {
  std::string out, section;
  for (const ConfigKey& key : config_keys()) {
    if (!wanted(key)) continue;
    const std::string name = key.name.substr(0, key.name.find('.'));
    if (name != section) out += name + ":\n";
    section = name;
    const std::string value = key.secret ? "<secret>" : printed(key.get(config), key);
    out += fmt::format("  {}: {}\n", key.name.substr(name.size() + 1), value);
  }
  return out + overrides_to_yaml(config);
}

}  // namespace

const TenantLimits& Config::limits_of(std::string_view tenant) const {
  const auto found = overrides.find(tenant);
  return found == overrides.end() ? limits : found->second;
}

query::QueryLimits Config::read_limits(std::string_view tenants) const {
  std::optional<query::QueryLimits> out;
  for (const std::string& tenant : tenant_names(tenants)) {
    const query::QueryLimits& own = limits_of(tenant).read;
    out = out ? query::strictest(*out, own) : own;
  }
  return *out;
}

ingest::LimitsByTenant Config::write_limits() const {
  ingest::LimitsByTenant out{limits.write, {}};
  for (const auto& [tenant, own] : overrides) out.overrides.emplace(tenant, own.write);
  return out;
}

ingest::MetricLimitsByTenant Config::metric_limits() const {
  ingest::MetricLimitsByTenant out{limits.metrics, {}};
  for (const auto& [tenant, own] : overrides) out.overrides.emplace(tenant, own.metrics);
  return out;
}

std::string to_yaml(const Config& config) {
  return keys_to_yaml(config, [](const ConfigKey&) { return true; });
}

std::string to_yaml_of_changes(const Config& config) {
  const Config defaults;
  return keys_to_yaml(config, [&](const ConfigKey& key) { return key.get(config) != key.get(defaults); });
}

std::string limits_to_yaml(const TenantLimits& limits) {
  std::string out;
  for (const auto& field : limit_fields()) {
    out += fmt::format("{}: {}\n", field.name, printed(field.get(limits), field));
  }
  return out;
}

std::string configuration_page() {
  std::string out =
      "# Configuration\n\n"
      "`trilobite server --config FILE` reads YAML. Every key has a default, so that no file is needed. A later source "
      "wins:\n"
      "defaults, the file, the environment, flags. A key that is not in this list is refused with its line. `GET "
      "/config`\n"
      "shows what is in force. This page is made by `trilobite help configuration`; a test keeps it so.\n\n"
      "Sizes are written `512`, `64KiB`, `1.5GiB`, `4MB`; durations `500ms`, `30s`, `1h30m`, `7d`. In the environment "
      "a list\n"
      "is separated by commas.\n";
  const Config defaults;
  std::string section;
  for (const ConfigKey& key : config_keys()) {
    const std::string name = key.name.substr(0, key.name.find('.'));
    if (name != section) {
      out += fmt::format(
          "\n## {}\n\n| key | kind | default | what it does | environment |\n| --- | --- | --- | --- | --- |\n", name);
    }
    section = name;
    out += fmt::format("| `{}` | {} | `{}` | {} | `{}` |\n", key.name, key.type, printed(key.get(defaults), key),
                       key.help, key.environment_name());
  }
  out +=
      "\n## overrides\n\n"
      "Limits of single tenants; every key of `limits` may stand there. `limits` and `overrides` are read again when "
      "the\nprocess gets SIGHUP (`kill -HUP`), all other keys at start.\n\n"
      "```yaml\n"
      "limits:\n"
      "  max_line_size: 256KiB\n"
      "overrides:\n"
      "  team-a:\n"
      "    max_line_size: 1MiB\n"
      "```\n";
  return out;
}

}  // namespace trilobite::server
