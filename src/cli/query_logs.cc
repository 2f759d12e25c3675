// trilobite query logs QUERY: lines, or the numbers of a metric query over a time range. `--tail` follows.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <thread>

#include "cli/commands.h"
#include "cli/log_pages.h"
#include "cli/metric_table.h"
#include "cli/progress.h"
#include "cli/query_command.h"
#include "cli/terminal.h"

namespace trilobite::cli {
namespace {

constexpr int kReconnectsMax = 5;  // in a row without a message between
constexpr std::size_t kTailTimesKept = 1000;

struct Flags {
  std::string query;
  QueryWindow window;
  std::string output = "default", zone = "local", color = "auto", time_form = "rfc3339", step, interval, bytes_max;
  std::size_t limit = 30, batch = 5000;
  int delay = 0;
  bool tail = false, forward = false, statistics = false, no_labels = false, common_labels = false, plain = false;
  std::vector<std::string> include, exclude;
};

TimeForm time_form(const std::string& text) {
  return text == "unix" ? TimeForm::kUnixNs : text == "rfc3339nano" ? TimeForm::kNanoseconds : TimeForm::kSeconds;
}

// One run of the command.
class LogsQuery {
 public:
  LogsQuery(const Flags& flags, const QueryConnection& connection, LokiClient& client)
      : flags_(flags),
        quiet_(connection.quiet),
        client_(client),
        time_{time_form(flags.time_form), zone_of(flags.zone)},
        form_(output_form(flags.output)),
        printer_(printer_options()) {}

  Result<void> run() {
    const TimeNs now = SystemClock().now();
    TRY(bounds, bounds_of(flags_.window, now));
    return flags_.tail ? follow(bounds) : fetch(bounds);
  }

 private:
  LinePrinterOptions printer_options() const {
    LinePrinterOptions options;
    options.form = form_;
    options.time = time_;
    options.terminal = isatty(STDOUT_FILENO) == 1;
    options.colors = wants_colors(flags_.color);
    options.labels = !flags_.no_labels;
    options.common_labels = flags_.common_labels || flags_.tail;
    options.include = flags_.include;
    options.exclude = flags_.exclude;
    return options;
  }

  http::Parameters further() const {
    http::Parameters out;
    if (!flags_.step.empty()) out.emplace_back("step", flags_.step);
    if (!flags_.interval.empty()) out.emplace_back("interval", flags_.interval);
    if (flags_.plain) return out;
    if (!flags_.bytes_max.empty()) out.emplace_back("max_bytes", flags_.bytes_max);
    out.emplace_back("extensions", "true");
    if (flags_.limit == 0 || flags_.limit > flags_.batch) out.emplace_back("count", "false");
    return out;
  }

  Result<void> fetch(const TimeBounds& bounds) {
    Progress progress(quiet_ ? Progress::Show::kNever : Progress::Show::kOnTerminal);
    if (progress.shown()) progress.set_bytes_expected(estimate(bounds));
    LogPages pages(client_,
                   {flags_.query, bounds.start, bounds.end, flags_.limit, flags_.batch, flags_.forward, further()});
    std::uint64_t lines = 0, read_bytes = 0, read_lines = 0;
    double seconds = 0;
    QueryAnswer last;
    while (!pages.done()) {
      TRY(answer, pages.next());
      progress.make_room();
      if (answer.kind == QueryAnswer::Kind::kStreams) {
        print_lines(answer.entries, lines == 0);
      } else {
        const std::string text = metric_text(answer, {form_, time_, terminal_width()});
        std::fwrite(text.data(), 1, text.size(), stdout);
      }
      lines += answer.entries.size();
      progress.set_lines(lines);
      read_bytes += answer.bytes;
      read_lines += answer.lines;
      seconds += answer.seconds;
      answer.entries.clear();
      last = std::move(answer);
    }
    progress.finish();
    if (last.truncated && !quiet_) {
      fmt::print(stderr, "{} more lines match; --limit 0 prints all\n",
                 last.lines_more ? with_commas(*last.lines_more) : "some");
    }
    if (flags_.statistics) {
      fmt::print(stderr, "{} lines printed, {} lines and {} read, {:.3f} s\n", with_commas(lines),
                 with_commas(read_lines), readable_bytes(read_bytes), seconds);
    }
    return {};
  }

  // 0 where the server has no such answer.
  std::uint64_t estimate(const TimeBounds& bounds) {
    if (flags_.plain) return 0;
    const auto body = client_.get(
        "/loki/api/v1/estimate",
        {{"query", flags_.query}, {"start", std::to_string(bounds.start)}, {"end", std::to_string(bounds.end)}});
    if (!body.ok()) return 0;
    const auto bytes = parse_estimate_answer(*body);
    return bytes.ok() ? *bytes : 0;
  }

  void print_lines(const std::vector<LogEntry>& entries, bool first) {
    if (first) {
      printer_.look_at(entries);
      if (!printer_.common().empty() && !quiet_ && form_ == OutputForm::kDefault && !flags_.no_labels) {
        fmt::print(stderr, "Common labels: {}\n", to_string(printer_.common()));
      }
    }
    std::string text;
    for (const LogEntry& entry : entries) printer_.print(entry, text);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  // Connects again when the connection breaks, from the last line on; lines that come twice are printed once.
  Result<void> follow(const TimeBounds& bounds) {
    last_ = bounds.start;
    for (int failures = 0; failures <= kReconnectsMax;) {
      bool heard = false;
      http::Parameters parameters{{"query", flags_.query},
                                  {"start", std::to_string(last_)},
                                  {"limit", std::to_string(std::min<std::size_t>(flags_.limit, flags_.batch))},
                                  {"delay_for", std::to_string(flags_.delay)}};
      if (!flags_.plain) parameters.emplace_back("extensions", "true");
      const Error error = client_.tail(parameters, [&](std::string_view message) -> Result<void> {
        heard = true;
        TRY(frame, parse_tail_frame(message));
        print_frame(frame);
        return {};
      });
      if (error.code != Code::kUnavailable) return error;
      failures = heard ? 1 : failures + 1;
      if (!quiet_) fmt::print(stderr, "trilobite: {}; connecting again\n", error.message);
      std::this_thread::sleep_for(std::chrono::seconds(failures));
    }
    return error(Code::kUnavailable, "no connection after {} attempts", kReconnectsMax);
  }

  void print_frame(TailFrame& frame) {
    std::stable_sort(frame.entries.begin(), frame.entries.end(),
                     [](const LogEntry& a, const LogEntry& b) { return a.time < b.time; });
    std::erase_if(frame.entries, [this](const LogEntry& entry) {
      return !seen_.emplace(entry.time, *entry.labels, entry.line).second;
    });
    while (seen_.size() > kTailTimesKept) seen_.erase(seen_.begin());
    if (!frame.entries.empty()) last_ = std::max(last_, frame.entries.back().time);
    print_lines(frame.entries, false);
    if (frame.dropped > 0 && !quiet_) {
      fmt::print(stderr, "trilobite: {} lines were left out by the server: they came too fast\n", frame.dropped);
    }
  }

  const Flags& flags_;
  const bool quiet_;
  LokiClient& client_;
  const TimeStyle time_;
  const OutputForm form_;
  LinePrinter printer_;
  TimeNs last_ = 0;                                         // follow(): of the newest line
  std::set<std::tuple<TimeNs, Labels, std::string>> seen_;  // follow(): the newest lines
};

}  // namespace

void add_query_logs(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = query.add_subcommand("logs", "Lines of a log query, or a metric query over a time range");
  command->add_option("QUERY", flags->query, "LogQL, such as '{app=\"web\"} |= \"error\"'")->required();
  add_window_flags(*command, flags->window);
  command->add_option("--limit", flags->limit, "Lines to print; 0: all (default 30)");
  command->add_option("--batch", flags->batch, "Lines of one request (default 5000)")->check(CLI::Range(1, 1'000'000));
  command->add_flag("--forward", flags->forward, "Oldest first");
  command->add_flag("-t,--tail", flags->tail, "Print new lines as they come");
  command->add_option("--delay-for", flags->delay, "With --tail: seconds to wait for lines that come out of order");
  command->add_option("--step", flags->step, "Of a metric query: time between points, such as 1m");
  command->add_option("--interval", flags->interval, "Of a log query: only lines at least this far apart");
  add_output_flag(*command, flags->output);
  command->add_option("--color", flags->color, "auto (on a terminal), always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  add_zone_flag(*command, flags->zone);
  command->add_option("--output-timestamp-format", flags->time_form, "rfc3339, rfc3339nano or unix")
      ->check(CLI::IsMember({"rfc3339", "rfc3339nano", "unix"}));
  command->add_flag("--no-labels", flags->no_labels, "Print time and line only");
  command->add_flag("--include-common-labels", flags->common_labels, "Print also labels that all lines have alike");
  command->add_option("--include-label", flags->include, "Print this label only; may be repeated")->take_all();
  command->add_option("--exclude-label", flags->exclude, "Do not print this label; may be repeated")->take_all();
  command->add_option("--max-bytes", flags->bytes_max, "Refuse a query that would look at more, such as 10GB");
  command->add_flag("--stats", flags->statistics, "Print what the query read to stderr");
  command->add_flag("--no-extensions", flags->plain, "Loki's language only, see docs/logql-extensions.md");
  add_connection_flags(*command, *connection);
  command->callback([flags, connection, &status] {
    status = run_query(*connection, [&](LokiClient& client) { return LogsQuery(*flags, *connection, client).run(); });
  });
}

void add_query_instant(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status) {
  struct InstantFlags {
    std::string query, at = "now", output = "default", zone = "local";
  };
  auto flags = std::make_shared<InstantFlags>();
  CLI::App* command = query.add_subcommand("instant", "A metric query at one time");
  command->add_option("QUERY", flags->query, "LogQL, such as 'sum(rate({app=\"web\"}[5m]))'")->required();
  add_time_flag(*command, "--now,--at", flags->at, "The time (default: now)");
  add_output_flag(*command, flags->output);
  add_zone_flag(*command, flags->zone);
  add_connection_flags(*command, *connection);
  command->callback([flags, connection, &status] {
    status = run_query(*connection, [&](LokiClient& client) -> Result<void> {
      TRY(at, parse_time(flags->at, SystemClock().now()));
      const Progress progress(connection->quiet ? Progress::Show::kNever : Progress::Show::kOnTerminal);
      TRY(body, client.get("/loki/api/v1/query",
                           {{"query", flags->query}, {"time", std::to_string(at)}, {"extensions", "true"}}));
      TRY(answer, parse_query_answer(body));
      const TimeStyle style{TimeForm::kSeconds, zone_of(flags->zone)};
      fmt::print("{}", metric_text(answer, {output_form(flags->output), style, terminal_width()}));
      return {};
    });
  });
}

}  // namespace trilobite::cli
