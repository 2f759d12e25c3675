// The block of Prometheus' configuration that says how to talk HTTP: the same for scraping and for discovery.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/config_fields.h"

namespace trilobite::scrape {

using Nanoseconds = std::chrono::nanoseconds;

// A secret stands in the configuration or in a file, which is read again before each request.
struct Secret {
  std::string text, file;
  bool given() const { return !text.empty() || !file.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;
};

struct TlsConfig {
  std::string ca, ca_file, cert, cert_file;
  Secret key;
  std::string server_name;
  bool insecure_skip_verify = false;
  std::string min_version, max_version;  // TLS10 .. TLS13; "": the library's
  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

struct ProxyConfig {
  std::string url;       // "": none
  std::string no_proxy;  // comma separated
  bool from_environment = false;
  std::vector<std::pair<std::string, std::string>> connect_headers;
  friend bool operator==(const ProxyConfig&, const ProxyConfig&) = default;
};

struct OAuth2Config {
  std::string client_id;
  Secret client_secret;
  std::vector<std::string> scopes;
  std::string token_url;
  std::vector<std::pair<std::string, std::string>> endpoint_params;
  TlsConfig tls;
  ProxyConfig proxy;
  friend bool operator==(const OAuth2Config&, const OAuth2Config&) = default;
};

struct HeaderConfig {
  std::string name;
  std::vector<std::string> values, secrets, files;
  friend bool operator==(const HeaderConfig&, const HeaderConfig&) = default;
};

struct HttpConfig {
  bool basic_auth = false;
  Secret basic_username;  // not a secret, but may stand in a file as well
  Secret basic_password;
  std::string authorization_type;  // "": no authorization header
  Secret authorization;
  bool oauth2_given = false;
  OAuth2Config oauth2;
  bool follow_redirects = true;
  bool http2 = true;
  TlsConfig tls;
  ProxyConfig proxy;
  std::vector<HeaderConfig> headers;
  friend bool operator==(const HttpConfig&, const HttpConfig&) = default;
};

// Takes the fields of the block from `fields`, which may have others. Relative paths of files are taken from `folder`.
void read_http_config(agent::Fields& fields, const std::string& folder, HttpConfig& out);

// `path` as it is when absolute or empty, else below `folder`.
std::string join_path(const std::string& folder, const std::string& path);

// Prometheus' durations: whole numbers with ms, s, m, h, d, w, y, longest first, each once; "0".
Result<Nanoseconds> parse_duration(std::string_view text);
std::string format_duration(Nanoseconds duration);
void read_duration(agent::Fields& fields, std::string_view name, Nanoseconds& out);

}  // namespace trilobite::scrape
