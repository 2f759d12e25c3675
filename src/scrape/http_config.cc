#include "scrape/http_config.h"

#include <algorithm>
#include <array>

namespace trilobite::scrape {
namespace {

using agent::Fields;

// Headers that are written by the protocol or by other settings of the block.
constexpr auto kReservedHeaders = std::to_array<std::string_view>(
    {"authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection",
     "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
     "x-prometheus-remote-write-version", "x-prometheus-remote-read-version", "x-prometheus-scrape-timeout-seconds",
     "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"});

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c ^ 0x20);
  }
  return out;
}

void read_file_name(Fields& fields, std::string_view name, const std::string& folder, std::string& out) {
  fields.text(name, out);
  out = join_path(folder, out);
}

void read_secret(Fields& fields, std::string_view name, const std::string& folder, Secret& out) {
  const std::string file_name = fmt::format("{}_file", name);
  fields.text(name, out.text);
  read_file_name(fields, file_name, folder, out.file);
  if (!out.text.empty() && !out.file.empty()) {
    fields.mistake(name, fmt::format("at most one of {} & {} must be configured", name, file_name));
  }
}

void keep(Fields& outer, Fields& inner) {
  if (auto done = inner.finish(); !done.ok()) outer.mistake(done.error());
}

void read_basic_auth(Fields& outer, const std::string& folder, HttpConfig& out) {
  const auto* node = outer.node("basic_auth");
  if (node == nullptr) return;
  Fields fields(node, outer.where("basic_auth"));
  out.basic_auth = true;
  read_secret(fields, "username", folder, out.basic_username);
  read_secret(fields, "password", folder, out.basic_password);
  keep(outer, fields);
}

void read_authorization(Fields& outer, const std::string& folder, HttpConfig& out) {
  if (const auto* node = outer.node("authorization")) {
    Fields fields(node, outer.where("authorization"));
    out.authorization_type = "Bearer";
    fields.text("type", out.authorization_type);
    if (out.authorization_type.empty()) out.authorization_type = "Bearer";
    read_secret(fields, "credentials", folder, out.authorization);
    if (lower(out.authorization_type) == "basic") {
      fields.mistake("type", "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
    }
    keep(outer, fields);
  }
  // The older way to say the same.
  Secret bearer;
  read_secret(outer, "bearer_token", folder, bearer);
  if (!bearer.given()) return;
  if (!out.authorization_type.empty()) {
    outer.mistake("bearer_token", "authorization is not compatible with bearer_token & bearer_token_file");
  }
  out.authorization_type = "Bearer";
  out.authorization = std::move(bearer);
}

void read_tls(Fields& outer, const std::string& folder, TlsConfig& out) {
  const auto* node = outer.node("tls_config");
  if (node == nullptr) return;
  Fields fields(node, outer.where("tls_config"));
  fields.text("ca", out.ca);
  fields.text("cert", out.cert);
  read_file_name(fields, "ca_file", folder, out.ca_file);
  read_file_name(fields, "cert_file", folder, out.cert_file);
  read_secret(fields, "key", folder, out.key);
  fields.text("server_name", out.server_name);
  fields.boolean("insecure_skip_verify", out.insecure_skip_verify);
  fields.text("min_version", out.min_version);
  fields.text("max_version", out.max_version);
  for (const auto& [name, version] : {std::pair{"min_version", &out.min_version}, {"max_version", &out.max_version}}) {
    if (!version->empty() && *version != "TLS10" && *version != "TLS11" && *version != "TLS12" && *version != "TLS13") {
      fields.mistake(name, fmt::format("unknown TLS version: {}", *version));
    }
  }
  if (!out.ca.empty() && !out.ca_file.empty()) fields.mistake("ca", "at most one of ca and ca_file must be configured");
  const bool cert = !out.cert.empty() || !out.cert_file.empty();
  if (!out.cert.empty() && !out.cert_file.empty()) {
    fields.mistake("cert", "at most one of cert and cert_file must be configured");
  }
  if (cert && !out.key.given()) fields.mistake("cert", "a client certificate needs key or key_file as well");
  if (!cert && out.key.given()) fields.mistake("key", "a client key needs cert or cert_file as well");
  keep(outer, fields);
}

// What stands in front of the first colon, if that comes before any slash, must be a scheme.
bool has_scheme(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || url.find('/') < colon) return true;
  const std::string_view scheme = url.substr(0, colon);
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !scheme.empty() && letter(scheme[0]) && std::all_of(scheme.begin(), scheme.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

void read_proxy(Fields& fields, ProxyConfig& out) {
  fields.text("proxy_url", out.url);
  if (!has_scheme(out.url)) fields.mistake("proxy_url", fmt::format("parse \"{}\": missing protocol scheme", out.url));
  fields.text("no_proxy", out.no_proxy);
  fields.boolean("proxy_from_environment", out.from_environment);
  if (const auto* node = fields.node("proxy_connect_header")) {
    if (node->kind != agent::yaml::Kind::kMap) return fields.mistake("proxy_connect_header", "must be a mapping");
    for (const auto& [name, value] : node->map) {
      if (value.kind == agent::yaml::Kind::kScalar) out.connect_headers.emplace_back(name, value.text);
      for (const auto& item : value.list) out.connect_headers.emplace_back(name, item.text);
    }
  }
  if (out.from_environment && !out.url.empty()) {
    fields.mistake("proxy_from_environment",
                   "if proxy_from_environment is configured, proxy_url must not be configured");
  }
  if (out.from_environment && !out.no_proxy.empty()) {
    fields.mistake("proxy_from_environment",
                   "if proxy_from_environment is configured, no_proxy must not be configured");
  }
  if (out.url.empty() && !out.no_proxy.empty()) {
    fields.mistake("no_proxy", "if no_proxy is configured, proxy_url must also be configured");
  }
  if (!out.connect_headers.empty() && out.url.empty() && !out.from_environment) {
    fields.mistake(
        "proxy_connect_header",
        "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured");
  }
}

void read_oauth2(Fields& outer, const std::string& folder, HttpConfig& out) {
  const auto* node = outer.node("oauth2");
  if (node == nullptr) return;
  Fields fields(node, outer.where("oauth2"));
  out.oauth2_given = true;
  OAuth2Config& oauth2 = out.oauth2;
  fields.text("client_id", oauth2.client_id);
  read_secret(fields, "client_secret", folder, oauth2.client_secret);
  fields.texts("scopes", oauth2.scopes);
  fields.text("token_url", oauth2.token_url);
  fields.text_map("endpoint_params", oauth2.endpoint_params);
  std::string grant_type = "client_credentials";
  fields.text("grant_type", grant_type);
  if (grant_type != "client_credentials" && !grant_type.empty()) {
    fields.mistake("grant_type", fmt::format("\"{}\" is not supported; client_credentials is", grant_type));
  }
  read_tls(fields, folder, oauth2.tls);
  read_proxy(fields, oauth2.proxy);
  if (oauth2.client_id.empty()) fields.mistake("client_id", "oauth2 client_id must be configured");
  if (oauth2.token_url.empty()) fields.mistake("token_url", "oauth2 token_url must be configured");
  if (!oauth2.client_secret.given()) {
    fields.mistake("client_secret", "either oauth2 client_secret or client_secret_file must be configured");
  }
  keep(outer, fields);
}

void read_headers(Fields& outer, const std::string& folder, HttpConfig& out) {
  const auto* node = outer.node("http_headers");
  if (node == nullptr) return;
  if (node->kind != agent::yaml::Kind::kMap) return outer.mistake("http_headers", "must be a mapping");
  for (const auto& [name, value] : node->map) {
    const std::string reserved = lower(name);
    if (std::find(kReservedHeaders.begin(), kReservedHeaders.end(), reserved) != kReservedHeaders.end()) {
      outer.mistake("http_headers", fmt::format("setting header \"{}\" is not allowed", name));
    }
    if (name.empty() || name.find_first_of(" \r\n\t:") != std::string::npos) {
      outer.mistake("http_headers", fmt::format("\"{}\" is not the name of a header", name));
    }
    Fields fields(&value, fmt::format("{}.{}", outer.where("http_headers"), name));
    HeaderConfig header{name, {}, {}, {}};
    fields.texts("values", header.values);
    fields.texts("secrets", header.secrets);
    fields.texts("files", header.files);
    for (std::string& file : header.files) file = join_path(folder, file);
    keep(outer, fields);
    out.headers.push_back(std::move(header));
  }
}

}  // namespace

std::string join_path(const std::string& folder, const std::string& path) {
  if (path.empty() || path.front() == '/' || folder.empty()) return path;
  return folder + "/" + path;
}

void read_http_config(Fields& fields, const std::string& folder, HttpConfig& out) {
  read_basic_auth(fields, folder, out);
  read_authorization(fields, folder, out);
  read_oauth2(fields, folder, out);
  fields.boolean("follow_redirects", out.follow_redirects);
  fields.boolean("enable_http2", out.http2);
  read_tls(fields, folder, out.tls);
  read_proxy(fields, out.proxy);
  read_headers(fields, folder, out);
  if (out.basic_auth + !out.authorization_type.empty() + out.oauth2_given > 1) {
    fields.mistake(out.basic_auth ? "basic_auth" : "authorization",
                   "at most one of basic_auth, oauth2, authorization & bearer_token must be configured");
  }
}

Result<Nanoseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
  };
  static constexpr std::array<Unit, 7> kUnits{{{"y", 365LL * 24 * 3600 * 1000},
                                               {"w", 7LL * 24 * 3600 * 1000},
                                               {"d", 24LL * 3600 * 1000},
                                               {"h", 3600 * 1000},
                                               {"m", 60 * 1000},
                                               {"s", 1000},
                                               {"ms", 1}}};
  if (text.empty()) return error(Code::kInvalid, "empty duration string");
  if (text == "0") return Nanoseconds(0);
  const auto wrong = [&] { return error(Code::kInvalid, "not a valid duration string: \"{}\"", text); };
  std::int64_t total = 0;
  std::size_t next_unit = 0, at = 0;
  while (at < text.size()) {
    std::int64_t number = 0;
    const std::size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      if (number > INT64_MAX / 20'000'000) return error(Code::kInvalid, "duration out of range");
      number = number * 10 + (text[at++] - '0');
    }
    if (at == begin) return wrong();
    const std::size_t unit_begin = at;
    while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') ++at;
    const std::string_view unit = text.substr(unit_begin, at - unit_begin);
    while (next_unit < kUnits.size() && kUnits[next_unit].name != unit) ++next_unit;
    if (next_unit == kUnits.size()) return wrong();
    const std::int64_t scale = kUnits[next_unit++].milliseconds;
    constexpr std::int64_t kMax = INT64_MAX / 1'000'000;
    if (number > (kMax - total) / scale) return error(Code::kInvalid, "duration out of range");
    total += number * scale;
  }
  return Nanoseconds(std::chrono::milliseconds(total));
}

std::string format_duration(Nanoseconds duration) {
  std::int64_t rest = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (rest == 0) return "0s";
  std::string out;
  const auto part = [&](std::string_view unit, std::int64_t scale, bool exact) {
    if (exact && rest % scale != 0) return;
    if (const std::int64_t number = rest / scale; number > 0) {
      out += fmt::format("{}{}", number, unit);
      rest -= number * scale;
    }
  };
  constexpr std::int64_t kDay = 24LL * 3600 * 1000;
  part("y", 365 * kDay, true);  // years and weeks only when nothing smaller is left
  part("w", 7 * kDay, true);
  part("d", kDay, false);
  part("h", 3'600'000, false);
  part("m", 60'000, false);
  part("s", 1000, false);
  part("ms", 1, false);
  return out;
}

void read_duration(Fields& fields, std::string_view name, Nanoseconds& out) {
  std::string text;
  fields.text(name, text);
  if (text.empty()) return;
  auto parsed = parse_duration(text);
  if (!parsed.ok()) return fields.mistake(name, parsed.error().message);
  out = *parsed;
}

}  // namespace trilobite::scrape
