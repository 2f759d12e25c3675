#include "agent/default_config.h"

#include "base/check.h"
#include "base/json_writer.h"

namespace trilobite::agent {
namespace {

// JSON strings are YAML strings, too: paths may hold any character.
std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// Text logs by their usual names. Rotated ones are left out (they are history, and twice as much again), and so are
// the binary ones; what else is binary is recognised by its content.
std::string text_logs(const DefaultSources& sources) {
  const std::string& folder = sources.log_folder;
  const std::string names =
      "{*.log,*.err,*.out,syslog,messages,secure,maillog,mail.*,cron,boot,dmesg,debug,user,daemon,kern}";
  return fmt::format(
      "- job_name: varlogs\n"
      "  static_configs:\n"
      "  - labels:\n"
      "      job: varlogs\n"
      "      __path__: {}\n"
      "      __path_exclude__: {}\n"
      "  pipeline_stages:\n"
      "  - auto_timestamp: {{}}\n",
      quoted(folder + "/**/" + names), quoted(folder + "/{journal,private}/**"));
}

constexpr std::string_view kJournal =
    "- job_name: systemd-journal\n"
    "  journal:\n"
    "    max_age: 12h\n"
    "{}"
    "    labels:\n"
    "      job: systemd-journal\n"
    "  relabel_configs:\n"
    "  - source_labels: [__journal__systemd_unit]\n"
    "    target_label: unit\n"
    "  - source_labels: [__journal_priority_keyword]\n"
    "    target_label: level\n"
    "  - source_labels: [__journal__hostname]\n"
    "    target_label: host\n"
    "  - source_labels: [unit, __journal_syslog_identifier]\n"
    "    separator: ''\n"
    "    regex: '(.+)'\n"
    "    target_label: service_name\n";

// The platform's lines are JSON, or begin with a time and a level.
constexpr std::string_view kOwnLog =
    "- job_name: trilobite\n"
    "  static_configs:\n"
    "  - labels:\n"
    "      job: trilobite\n"
    "      __path__: {}\n"
    "  pipeline_stages:\n"
    "  - auto_timestamp: {{}}\n"
    "  - json:\n"
    "      expressions: {{time: time, level: level, target: target}}\n"
    "  - timestamp: {{source: time, format: RFC3339Nano, action_on_failure: skip}}\n"
    "  - regex: {{expression: '^\\S+ +(?P<level>ERROR|WARN|INFO|DEBUG|TRACE) '}}\n"
    "  - labels: {{level: level}}\n";

}  // namespace

std::string default_config_text(const DefaultSources& sources) {
  std::string out = "clients: []\n";
  out += "limits_config: {max_line_size: 256KB, max_line_size_truncate: true}\n";
  out += "scrape_configs:\n";
  out += text_logs(sources);
  if (sources.journal) {
    const std::string& folder = sources.journal_folder;
    out += fmt::format(kJournal, folder.empty() ? "" : fmt::format("    path: {}\n", quoted(folder)));
  }
  if (!sources.own_log.empty()) out += fmt::format(kOwnLog, quoted(sources.own_log));
  return out;
}

Config default_config(const DefaultSources& sources) {
  auto out = parse_config(default_config_text(sources), {.host = sources.host});
  CHECK(out.ok());
  // A new line is in the browser at once; one small file sync per tick and only when there is something.
  out->batch.wait = std::chrono::milliseconds(200);
  return std::move(*out);
}

}  // namespace trilobite::agent
