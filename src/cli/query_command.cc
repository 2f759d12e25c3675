// trilobite query: asks a server, or a data directory, from the command line.
#include "cli/query_command.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "logs/text.h"

namespace trilobite::cli {
namespace {

std::string from_environment(const char* name, std::string otherwise = "") {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : std::move(otherwise);
}

bool flag_from_environment(const char* name) {
  const std::string value = from_environment(name);
  return value == "1" || value == "true";
}

}  // namespace

QueryConnection connection_of_environment() {
  QueryConnection connection;
  ServerOptions& server = connection.server;
  server.address = from_environment("TRILOBITE_ADDR", from_environment("LOKI_ADDR", server.address));
  server.org_id = from_environment("LOKI_ORG_ID");
  server.bearer_token = from_environment("LOKI_BEARER_TOKEN");
  connection.token_file = from_environment("LOKI_BEARER_TOKEN_FILE");
  server.http.basic_user = from_environment("LOKI_USERNAME");
  server.http.basic_password = from_environment("LOKI_PASSWORD");
  server.http.proxy_url = from_environment("LOKI_HTTP_PROXY_URL");
  server.http.tls.ca_file = from_environment("LOKI_CA_CERT_PATH");
  server.http.tls.cert_file = from_environment("LOKI_CLIENT_CERT_PATH");
  server.http.tls.key_file = from_environment("LOKI_CLIENT_KEY_PATH");
  server.http.tls.insecure_skip_verify = flag_from_environment("LOKI_TLS_SKIP_VERIFY");
  server.http.accept_compressed = true;
  return connection;
}

namespace {

Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return error(Code::kIo, "cannot read {}", path);
  std::ostringstream text;
  text << file.rdbuf();
  std::string token = std::move(text).str();
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  return token;
}

// A check of a flag's text: the message of the error, if there is one.
template <class Parse>
CLI::Validator check_of(Parse parse) {
  return {[parse](std::string& text) {
            const auto value = parse(text);
            return value.ok() ? std::string() : value.error().message;
          },
          ""};
}

CLI::Validator time_check() {
  return check_of([](const std::string& text) { return parse_time(text, SystemClock().now()); });
}

int status_of(const Error& error, bool directory) {
  if (!directory) return kFailed;
  return error.code == Code::kExists || error.code == Code::kCorrupt || error.code == Code::kUnsupported ? kDataUnusable
                                                                                                         : kFailed;
}

int fail(int status, const Error& error) {
  std::string text = error.message;
  while (text.ends_with('\n')) text.pop_back();
  fmt::print(stderr, "trilobite: {}\n", text);
  return status;
}

}  // namespace

void add_connection_flags(CLI::App& command, QueryConnection& connection) {
  ServerOptions& server = connection.server;
  const std::string group = "Where to ask";
  const auto add = [&](const char* name, std::string& value, const char* help) {
    return command.add_option(name, value, help)->group(group);
  };
  CLI::Option* address =
      add("--addr", server.address, "URL of a server (TRILOBITE_ADDR, LOKI_ADDR; or localhost:3100)");
  add("--data", connection.data, "A data folder to read instead, while no server runs")->excludes(address);
  add("--org-id", server.org_id, "Tenant, sent as X-Scope-OrgID (LOKI_ORG_ID)");
  add("--username", server.http.basic_user, "For basic authentication (LOKI_USERNAME)");
  add("--password", server.http.basic_password, "For basic authentication (LOKI_PASSWORD)");
  add("--bearer-token", server.bearer_token, "Sent as Authorization (LOKI_BEARER_TOKEN)");
  add("--bearer-token-file", connection.token_file, "A file with that token (LOKI_BEARER_TOKEN_FILE)");
  add("--ca-cert", server.http.tls.ca_file, "Certificate authorities, PEM (LOKI_CA_CERT_PATH)");
  add("--cert", server.http.tls.cert_file, "Our certificate, PEM (LOKI_CLIENT_CERT_PATH)");
  add("--key", server.http.tls.key_file, "Its key, PEM (LOKI_CLIENT_KEY_PATH)");
  add("--proxy-url", server.http.proxy_url, "Proxy for HTTP and HTTPS (LOKI_HTTP_PROXY_URL)");
  command.add_flag("--tls-skip-verify", server.http.tls.insecure_skip_verify, "Trust any certificate")->group(group);
  command.add_flag("-q,--quiet", connection.quiet, "Print results and errors, no remarks and no progress");
}

void add_window_flags(CLI::App& command, QueryWindow& window) {
  const auto add = [&](const char* name, std::string& value, const char* help) {
    return command.add_option(name, value, help)->group("Time range");
  };
  add("--from", window.from, "Start: 2026-01-15T08:00:00Z, 2026-01-15, now-2h, or Unix")->check(time_check());
  add("--to", window.to, "End, not included (default: now)")->check(time_check());
  add("--since", window.since, "Start this long before the end (default 1h)")
      ->check(check_of([](const std::string& text) { return logql::parse_prometheus_duration(text); }));
}

void add_time_flag(CLI::App& command, const std::string& names, std::string& time, const std::string& help) {
  command.add_option(names, time, help)->check(time_check());
}

void add_zone_flag(CLI::App& command, std::string& zone) {
  command.add_option("--timezone", zone, "Of printed times: Local or UTC")
      ->check(CLI::IsMember({"local", "utc"}, CLI::ignore_case));
}

void add_output_flag(CLI::App& command, std::string& output) {
  command.add_option("-o,--output", output, "default, raw or jsonl")->check(CLI::IsMember({"default", "raw", "jsonl"}));
}

OutputForm output_form(const std::string& text) {
  return text == "raw" ? OutputForm::kRaw : text == "jsonl" ? OutputForm::kJsonl : OutputForm::kDefault;
}

Zone zone_of(const std::string& text) { return logql::to_lower_ascii(text) == "utc" ? Zone::kUtc : Zone::kLocal; }

Result<std::unique_ptr<LokiClient>> connect(QueryConnection connection) {
  if (!connection.data.empty()) {
    return open_data_directory({connection.data, connection.server.org_id},
                               [](const std::string& message) { fmt::print(stderr, "trilobite: {}\n", message); });
  }
  if (!connection.token_file.empty()) {
    TRY(token, read_token(connection.token_file));
    connection.server.bearer_token = std::move(token);
  }
  return connect_to_server(std::move(connection.server));
}

std::string prometheus_time(TimeNs time) {
  const TimeNs ms = time / 1'000'000;
  return fmt::format("{}{}.{:03}", ms < 0 ? "-" : "", std::abs(ms) / 1000, std::abs(ms) % 1000);
}

Result<TimeBounds> bounds_of(const QueryWindow& window, TimeNs now) {
  TimeBounds bounds{0, now};
  if (!window.to.empty()) {
    auto end = parse_time(window.to, now);
    if (!end.ok()) return std::move(end).error().within("--to");
    bounds.end = *end;
  }
  if (!window.from.empty()) {
    auto start = parse_time(window.from, now);
    if (!start.ok()) return std::move(start).error().within("--from");
    bounds.start = *start;
  } else {
    auto since = logql::parse_prometheus_duration(window.since);
    if (!since.ok()) return std::move(since).error().within("--since");
    bounds.start = bounds.end - *since;
  }
  if (bounds.start > bounds.end) return error(Code::kInvalid, "--from is after --to");
  return bounds;
}

int run_query(const QueryConnection& connection, const std::function<Result<void>(LokiClient&)>& work) {
  const bool directory = !connection.data.empty();
  auto client = connect(connection);
  if (!client.ok()) return fail(status_of(client.error(), directory), client.error());
  const auto done = work(**client);
  std::fflush(stdout);
  return done.ok() ? kDone : fail(kFailed, done.error());
}

void add_query_command(CLI::App& app, int& status) {
  auto connection = std::make_shared<QueryConnection>(connection_of_environment());
  CLI::App* query =
      app.add_subcommand("query", "Ask a server, or a data folder: logs, metrics, labels, series, stats, volume");
  query->require_subcommand(1);
  add_query_logs(*query, connection, status);
  add_query_instant(*query, connection, status);
  add_query_metrics(*query, connection, status);
  add_query_labels(*query, connection, status);
  add_query_series(*query, connection, status);
  add_query_stats(*query, connection, status);
  add_query_volume(*query, connection, status);
}

}  // namespace trilobite::cli
