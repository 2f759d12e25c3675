// docker and cri: the wrappings that container runtimes put around each line.
#include <simdjson.h>

#include <unordered_map>

#include "agent/limits.h"
#include "agent/stages.h"
#include "agent/time_format.h"

namespace trilobite::agent {
namespace {

void set_time(Entry& entry, std::string_view text, const TimeFormat& format) {
  if (const auto time = format.parse(text, entry.read_time)) entry.time = *time;
}

// {"log":"text\n","stream":"stdout","time":"2026-01-15T10:00:00.123456789Z"}
class DockerStage final : public Stage {
 public:
  explicit DockerStage(TimeFormat rfc3339) : rfc3339_(std::move(rfc3339)) {}

  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) unwrap(entry);
  }

 private:
  void unwrap(Entry& entry) {
    simdjson::dom::element root;
    if (parser_.parse(entry.line.data(), entry.line.size()).get(root) != simdjson::SUCCESS) return;
    std::string_view log, stream, time;
    if (root["stream"].get_string().get(stream) == simdjson::SUCCESS) {
      entry.extracted.set("stream", stream);
      entry.labels.set("stream", stream);
    }
    if (root["time"].get_string().get(time) == simdjson::SUCCESS) {
      entry.extracted.set("timestamp", time);
      set_time(entry, time, rfc3339_);
    }
    if (root["log"].get_string().get(log) == simdjson::SUCCESS) {
      if (log.ends_with('\n')) log.remove_suffix(1);
      entry.extracted.set("output", log);
      entry.line = log;
    }
  }

  const TimeFormat rfc3339_;
  simdjson::dom::parser parser_;
};

struct CriOptions {
  std::int64_t partial_lines_max = 100;
  std::uint64_t partial_bytes_max = 0;
  bool truncate = false;
};

// 2026-01-15T10:00:00.123456789Z stdout F text; with P instead of F the line goes on in the next one of its stream.
class CriStage final : public Stage {
 public:
  CriStage(CriOptions options, TimeFormat rfc3339) : options_(options), rfc3339_(std::move(rfc3339)) {}

  void run(Entries& entries, SourceId source) override {
    Entries out;
    out.reserve(entries.size());
    for (Entry& entry : entries) take(std::move(entry), source, out);
    entries = std::move(out);
  }
  void release(Entries& out, SourceId source, std::chrono::nanoseconds, bool all) override {
    const auto streams = partial_.find(source);
    if (!all || streams == partial_.end()) return;
    for (auto& [name, partial] : streams->second) out.push_back(std::move(partial.entry));
    partial_.erase(streams);
  }
  std::optional<std::uint64_t> held_from(SourceId source) const override {
    const auto streams = partial_.find(source);
    if (streams == partial_.end()) return std::nullopt;
    std::optional<std::uint64_t> out;
    for (const auto& [name, partial] : streams->second) {
      if (!out || partial.entry.begin < *out) out = partial.entry.begin;
    }
    return out;
  }
  void forget(SourceId source) override { partial_.erase(source); }

 private:
  struct Partial {
    Entry entry;
    std::int64_t lines = 0;
  };
  using ByStream = std::unordered_map<std::string, Partial>;

  void take(Entry entry, SourceId source, Entries& out) {
    const std::string_view line = entry.line;
    const std::size_t stream_at = line.find(' ') + 1;
    const std::size_t flags_at = stream_at == 0 ? 0 : line.find(' ', stream_at) + 1;
    if (flags_at == 0) return out.push_back(std::move(entry));
    const std::size_t flags_end = std::min(line.find(' ', flags_at), line.size());
    const std::string time(line.substr(0, stream_at - 1));
    const std::string stream(line.substr(stream_at, flags_at - 1 - stream_at));
    const std::string flags(line.substr(flags_at, flags_end - flags_at));
    if ((stream != "stdout" && stream != "stderr") || flags.empty()) return out.push_back(std::move(entry));
    entry.line.erase(0, std::min(flags_end + 1, line.size()));
    entry.extracted.set("stream", stream);
    entry.extracted.set("flags", flags);
    entry.extracted.set("timestamp", time);
    entry.labels.set("stream", stream);
    set_time(entry, time, rfc3339_);
    join(std::move(entry), stream, flags.starts_with('P'), source, out);
  }

  void join(Entry entry, const std::string& stream, bool partial, SourceId source, Entries& out) {
    ByStream& streams = partial_[source];
    const auto at = streams.find(stream);
    if (at != streams.end()) {
      // The time and labels are those of the last piece, as in Promtail; the bytes those of all.
      entry.line.insert(0, at->second.entry.line);
      entry.begin = at->second.entry.begin;
    }
    const std::int64_t lines = at == streams.end() ? 1 : at->second.lines + 1;
    if (options_.truncate && options_.partial_bytes_max > 0 && entry.line.size() > options_.partial_bytes_max) {
      entry.line.resize(options_.partial_bytes_max);
    }
    const bool full = lines >= options_.partial_lines_max || entry.line.size() >= kLineBytesCap;
    if (partial && !full) {
      streams.insert_or_assign(stream, Partial{std::move(entry), lines});
      return;
    }
    if (at != streams.end()) streams.erase(at);
    if (streams.empty()) partial_.erase(source);
    out.push_back(std::move(entry));
  }

  const CriOptions options_;
  const TimeFormat rfc3339_;
  std::unordered_map<SourceId, ByStream> partial_;
};

}  // namespace

Result<StagePtr> make_docker_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  TRY_VOID(Fields(&config, where).finish());
  TRY(rfc3339, TimeFormat::compile("RFC3339", ""));
  return StagePtr(std::make_unique<DockerStage>(std::move(rfc3339)));
}

Result<StagePtr> make_cri_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  CriOptions options;
  fields.integer("max_partial_lines", options.partial_lines_max, 1, 1'000'000);
  fields.byte_size("max_partial_line_size", options.partial_bytes_max);
  fields.boolean("max_partial_line_size_truncate", options.truncate);
  TRY_VOID(fields.finish());
  TRY(rfc3339, TimeFormat::compile("RFC3339", ""));
  return StagePtr(std::make_unique<CriStage>(options, std::move(rfc3339)));
}

}  // namespace trilobite::agent
