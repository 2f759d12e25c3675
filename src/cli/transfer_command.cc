// trilobite import FILE...: samples of a file into a server. trilobite export SELECTOR: samples of a server as text.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/query_command.h"
#include "cli/sample_export.h"
#include "logs/text.h"

namespace trilobite::cli {
namespace {

constexpr std::size_t kPieceBytes = 4 << 20;
constexpr std::size_t kReadBytes = 1 << 20;

enum class ImportFormat : std::uint8_t { kText, kOpenMetrics, kJsonLines, kInflux, kGraphite };

// Where a format goes, and as what.
struct Way {
  const char* path;
  const char* content_type;
};
Way way_of(ImportFormat format) {
  switch (format) {
    case ImportFormat::kText:
      return {"/api/v1/import/prometheus", "text/plain; version=0.0.4"};
    case ImportFormat::kOpenMetrics:
      return {"/api/v1/import/prometheus", "application/openmetrics-text; version=1.0.0"};
    case ImportFormat::kJsonLines:
      return {"/api/v1/import", "application/x-ndjson"};
    case ImportFormat::kInflux:
      return {"/write", "text/plain"};
    case ImportFormat::kGraphite:
      return {"/api/v1/import/graphite", "text/plain"};
  }
  return {"", ""};
}

// JSON lines begin with a brace and a quote; OpenMetrics ends with # EOF. Standard input is read once, so there only
// the beginning tells: a # UNIT line is OpenMetrics'.
ImportFormat format_of(const std::string& choice, std::istream& in, bool seekable) {
  if (choice == "text") return ImportFormat::kText;
  if (choice == "openmetrics") return ImportFormat::kOpenMetrics;
  if (choice == "influx") return ImportFormat::kInflux;
  if (choice == "graphite") return ImportFormat::kGraphite;
  if (choice == "jsonl" || in.peek() == '{') return ImportFormat::kJsonLines;
  if (!seekable) return ImportFormat::kText;
  char tail[16] = {};
  in.seekg(0, std::ios::end);
  const std::streamoff size = in.tellg();
  const std::streamoff length = std::min<std::streamoff>(size, sizeof tail);
  in.seekg(size - length);
  in.read(tail, length);
  in.clear();
  in.seekg(0);
  const std::string_view end(tail, static_cast<std::size_t>(length));
  return end.find("# EOF") != std::string_view::npos ? ImportFormat::kOpenMetrics : ImportFormat::kText;
}

struct ImportFlags {
  std::vector<std::string> files;
  std::string format = "auto";
};

Result<void> import_one(LokiClient& client, const std::string& file, const ImportFlags& flags, bool quiet) {
  std::ifstream opened;
  const bool standard = file == "-";
  if (!standard) {
    opened.open(file, std::ios::binary);
    if (!opened) return error(Code::kIo, "cannot read {}", file);
  }
  std::istream& in = standard ? std::cin : opened;
  const ImportFormat format = format_of(flags.format, in, !standard);
  const Way way = way_of(format);
  SamplePieces pieces(format == ImportFormat::kOpenMetrics, kPieceBytes);
  const auto send = [&](std::string_view piece) -> Result<void> {
    TRY_VOID(client.post(way.path, {}, way.content_type, piece));
    return {};
  };
  std::string buffer(kReadBytes, 0);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    auto added = pieces.add(std::string_view(buffer).substr(0, static_cast<std::size_t>(in.gcount())), send);
    if (!added.ok()) return std::move(added).error().within("{}, after {} lines", file, pieces.lines());
  }
  auto done = pieces.finish(send);
  if (!done.ok()) return std::move(done).error().within("{}", file);
  if (!quiet) fmt::print(stderr, "{}: {} lines sent\n", file, with_commas(pieces.lines()));
  return {};
}

struct ExportFlags {
  std::string selector, output, format = "openmetrics", window = "2h";
  QueryWindow range;
};

Result<void> export_all(LokiClient& client, const ExportFlags& flags, bool quiet) {
  TRY(bounds, bounds_of(flags.range, SystemClock().now()));
  auto window = logql::parse_prometheus_duration(flags.window);
  if (!window.ok()) return std::move(window).error().within("--window");
  if (*window < 1'000'000'000) return error(Code::kInvalid, "--window: it must be a second or more");
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(nullptr, &std::fclose);
  if (!flags.output.empty()) {
    file.reset(std::fopen(flags.output.c_str(), "wb"));
    if (file == nullptr) return error(Code::kIo, "cannot write {}", flags.output);
  }
  std::FILE* out = file ? file.get() : stdout;
  Progress progress(quiet ? Progress::Show::kNever : Progress::Show::kOnTerminal);
  bool written = true;
  const auto write = [&](std::string_view text) {
    progress.make_room();
    written &= std::fwrite(text.data(), 1, text.size(), out) == text.size();
  };
  const SampleFormat format = flags.format == "jsonl" ? SampleFormat::kJsonLines : SampleFormat::kOpenMetrics;
  TRY(counts, export_samples(client, {flags.selector, bounds.start, bounds.end, *window}, format, write));
  progress.finish();
  if (std::fflush(out) != 0 || !written) {
    return error(Code::kIo, "cannot write {}", flags.output.empty() ? "to standard output" : flags.output);
  }
  if (quiet) return {};
  fmt::print(stderr, "{} samples of {} series of {} metrics\n", with_commas(counts.samples), with_commas(counts.series),
             with_commas(counts.metrics));
  if (counts.histograms_left_out > 0) {
    fmt::print(stderr, "{} samples of native histograms left out: {}\n", with_commas(counts.histograms_left_out),
               format == SampleFormat::kJsonLines ? "the server or their buckets do not allow it"
                                                  : "OpenMetrics has no place for them; use --format jsonl");
  }
  return {};
}

}  // namespace

void add_import_command(CLI::App& app, int& status) {
  auto connection = std::make_shared<QueryConnection>(connection_of_environment());
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* command = app.add_subcommand("import", "Send samples of a file to a server");
  command->add_option("FILE", flags->files, "Text, OpenMetrics or JSON lines, with timestamps; -: standard input")
      ->required();
  command
      ->add_option("--format", flags->format, "auto (of the first three), text, openmetrics, jsonl, influx or graphite")
      ->check(CLI::IsMember({"auto", "text", "openmetrics", "jsonl", "influx", "graphite"}));
  add_connection_flags(*command, *connection);
  command->callback([connection, flags, &status] {
    status = run_query(*connection, [&](LokiClient& client) -> Result<void> {
      for (const std::string& file : flags->files) TRY_VOID(import_one(client, file, *flags, connection->quiet));
      return {};
    });
  });
}

void add_export_command(CLI::App& app, int& status) {
  auto connection = std::make_shared<QueryConnection>(connection_of_environment());
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command = app.add_subcommand("export", "Print samples of a server, as import takes them");
  command->add_option("SELECTOR", flags->selector, "Such as 'up{job=\"api\"}' or '{job=\"api\"}'")->required();
  command->add_option("-f,--format", flags->format, "openmetrics or jsonl")
      ->check(CLI::IsMember({"openmetrics", "jsonl"}));
  command->add_option("-o,--output", flags->output, "A file to write instead of standard output");
  command->add_option("--window", flags->window, "Time range of one request (default 2h)");
  add_window_flags(*command, flags->range);
  add_connection_flags(*command, *connection);
  command->callback([connection, flags, &status] {
    status = run_query(*connection, [&](LokiClient& client) { return export_all(client, *flags, connection->quiet); });
  });
}

}  // namespace trilobite::cli
