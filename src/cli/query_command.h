// What the commands under `trilobite query` share: where to ask, which time range, and how to end.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "cli/line_printer.h"
#include "cli/loki_client.h"

namespace CLI {
class App;
}

namespace trilobite::cli {

struct QueryConnection {
  std::string data;  // a data directory; empty: the server
  ServerOptions server;
  std::string token_file;
  bool quiet = false;  // no remarks on stderr, errors only
};

struct QueryWindow {
  std::string from, to, since = "1h";
};
struct TimeBounds {
  TimeNs start = 0, end = 0;
};

// What TRILOBITE_ADDR and the others say.
QueryConnection connection_of_environment();

// Flags as of logcli. Defaults come from TRILOBITE_ADDR, LOKI_ADDR, LOKI_USERNAME and so on.
void add_connection_flags(CLI::App& command, QueryConnection& connection);
void add_window_flags(CLI::App& command, QueryWindow& window);
void add_time_flag(CLI::App& command, const std::string& names, std::string& time, const std::string& help);
void add_zone_flag(CLI::App& command, std::string& zone);
void add_output_flag(CLI::App& command, std::string& output);

Result<std::unique_ptr<LokiClient>> connect(QueryConnection connection);
std::string prometheus_time(TimeNs time);  // seconds with three decimals
Result<TimeBounds> bounds_of(const QueryWindow& window, TimeNs now);
OutputForm output_form(const std::string& text);  // as checked by the flag
Zone zone_of(const std::string& text);

// Connects, runs, prints the error if there is one. The exit status.
int run_query(const QueryConnection& connection, const std::function<Result<void>(LokiClient&)>& work);

// Each adds its command to `query`.
void add_query_logs(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status);
void add_query_instant(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status);
void add_query_metrics(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status);
void add_query_labels(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status);
void add_query_series(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status);
void add_query_stats(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status);
void add_query_volume(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status);

}  // namespace trilobite::cli
