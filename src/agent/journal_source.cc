#include "agent/journal_source.h"

#include <systemd/sd-journal.h>

#include <cstring>

#include "agent/log_target.h"
#include "base/json_writer.h"

namespace trilobite::agent {
namespace {

constexpr std::size_t kEntriesPerTurn = 500;
constexpr std::size_t kFieldBytesMax = 1024 * 1024;  // core dumps are fields, too
constexpr SourceId kJournalSource = ~SourceId{0};    // no file has this number

constexpr std::array<std::string_view, 8> kPriorities{"emerg",   "alert",  "crit", "error",
                                                      "warning", "notice", "info", "debug"};

Error journal_error(std::string_view doing, int code) {
  return error(Code::kIo, "cannot {} the systemd journal: {}", doing, std::strerror(-code));
}

std::string key_of(const std::string& job) { return "journal/" + job; }

class SystemdJournal final : public JournalSource {
 public:
  SystemdJournal(sd_journal* journal, const ScrapeConfig& config, SourceJob& job, Metrics& metrics, const Clock& clock)
      : journal_(journal, sd_journal_close),
        options_(*config.journal),
        relabel_(config.relabel),
        job_(job),
        metrics_(metrics),
        clock_(clock) {}

  Result<void> seek(const Positions& positions) {
    sd_journal_set_data_threshold(journal_.get(), kFieldBytesMax);
    TRY_VOID(add_matches());
    if (const auto at = positions.find(key_of(job_.name)); at != positions.end()) {
      cursor_ = at->second;
      if (sd_journal_seek_cursor(journal_.get(), cursor_.c_str()) >= 0 && sd_journal_next(journal_.get()) > 0) {
        // Where the entry is gone, this is the one after it, and not yet read.
        on_entry_ = sd_journal_test_cursor(journal_.get(), cursor_.c_str()) <= 0;
      }
      return {};
    }
    const auto from = static_cast<std::uint64_t>((clock_.now() - options_.max_age.count()) / 1000);
    if (const int code = sd_journal_seek_realtime_usec(journal_.get(), from); code < 0)
      return journal_error("seek in", code);
    return {};
  }

  int descriptor() const override { return sd_journal_get_fd(journal_.get()); }

  bool read(Entries& out) override {
    sd_journal_process(journal_.get());
    Entries entries;
    while (entries.size() < kEntriesPerTurn) {
      if (!on_entry_) {
        const int moved = sd_journal_next(journal_.get());
        if (moved < 0) error_ = journal_error("read", moved).message;
        if (moved <= 0) break;
        error_.clear();
      }
      on_entry_ = false;
      take(entries);
    }
    const bool more = entries.size() == kEntriesPerTurn;
    job_.pipeline.start(entries);
    job_.pipeline.run(entries, kJournalSource);
    std::move(entries.begin(), entries.end(), std::back_inserter(out));
    job_.pipeline.release(out, kJournalSource, clock_.steady(), false);
    return more;
  }

  bool has_changes() const override { return !cursors_.empty() && cursors_.front().first < safe(); }

  void take_changes(std::vector<PositionChange>& out) override {
    bool moved = false;
    while (!cursors_.empty() && cursors_.front().first < safe()) {
      cursor_ = std::move(cursors_.front().second);
      cursors_.pop_front();
      moved = true;
    }
    if (moved) out.push_back({key_of(job_.name), cursor_});
  }

  JournalStatus status() const override { return {job_.name, count_, error_}; }

 private:
  // Entries before this number have left the pipeline.
  std::uint64_t safe() const { return job_.pipeline.held_from(kJournalSource).value_or(count_); }

  Result<void> add_matches() {
    std::string_view rest = options_.matches;
    while (!rest.empty()) {
      const std::size_t blank = std::min(rest.find(' '), rest.size());
      const std::string_view match = rest.substr(0, blank);
      rest.remove_prefix(std::min(blank + 1, rest.size()));
      if (match.empty()) continue;
      const int code = match == "+" ? sd_journal_add_disjunction(journal_.get())
                                    : sd_journal_add_match(journal_.get(), match.data(), match.size());
      if (code < 0) return error(Code::kInvalid, "journal match \"{}\" is not FIELD=value", match);
    }
    return {};
  }

  void take(Entries& entries) {
    Labels fields;
    std::vector<std::pair<std::string, std::string>> raw;
    std::string message;
    const void* data = nullptr;
    std::size_t length = 0;
    sd_journal_restart_data(journal_.get());
    while (sd_journal_enumerate_available_data(journal_.get(), &data, &length) > 0) {
      const std::string_view field(static_cast<const char*>(data), length);
      const std::size_t equals = field.find('=');
      if (equals == std::string_view::npos) continue;
      const std::string_view name = field.substr(0, equals), value = field.substr(equals + 1);
      if (name == "MESSAGE") message = value;
      if (options_.json) raw.emplace_back(name, value);
      if (name != "MESSAGE") add_journal_field(name, value, fields);
    }
    const std::uint64_t number = count_++;
    remember_cursor(number);
    metrics_.lines_read.add();
    metrics_.bytes_read.add(message.size());

    Entry entry;
    entry.read_time = clock_.now();
    std::uint64_t microseconds = 0;
    const bool timed = sd_journal_get_realtime_usec(journal_.get(), &microseconds) >= 0;
    entry.time = timed ? static_cast<TimeNs>(microseconds) * 1000 : entry.read_time;
    for (const auto& [name, value] : options_.labels) fields.set(name, value);
    if (!relabel(relabel_, fields)) return;
    fields.erase_if([](const Labels::Pair& pair) { return pair.first.starts_with("__"); });
    if (fields.empty()) fields.set("job", job_.name);
    entry.labels = std::move(fields);
    entry.line = options_.json ? json_of(raw) : std::move(message);
    entry.begin = number;
    entry.end = number + 1;
    entries.push_back(std::move(entry));
  }

  void remember_cursor(std::uint64_t number) {
    char* cursor = nullptr;
    if (sd_journal_get_cursor(journal_.get(), &cursor) < 0) return;
    cursors_.emplace_back(number, cursor);
    std::free(cursor);
  }

  static std::string json_of(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    for (const auto& [name, value] : fields) json.key(name).string(value);
    json.end_object();
    return out;
  }

  const std::unique_ptr<sd_journal, void (*)(sd_journal*)> journal_;
  const JournalConfig options_;
  const std::vector<RelabelRule> relabel_;
  SourceJob& job_;
  Metrics& metrics_;
  const Clock& clock_;
  bool on_entry_ = false;                                      // the journal stands on an entry that is not yet read
  std::uint64_t count_ = 0;                                    // entries read
  std::string cursor_;                                         // committed
  std::deque<std::pair<std::uint64_t, std::string>> cursors_;  // of entries not yet committed
  std::string error_;
};

}  // namespace

void add_journal_field(std::string_view name, std::string_view value, Labels& out) {
  std::string label = "__journal_";
  for (const char c : name) label.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  if (!valid_label_name(label)) return;
  out.set(label, value);
  if (name == "PRIORITY" && value.size() == 1 && value[0] >= '0' && value[0] <= '7') {
    out.set("__journal_priority_keyword", kPriorities[static_cast<std::size_t>(value[0] - '0')]);
  }
}

Result<std::unique_ptr<JournalSource>> JournalSource::open(const ScrapeConfig& config, SourceJob& job,
                                                           const Positions& positions, Metrics& metrics,
                                                           const Clock& clock) {
  sd_journal* journal = nullptr;
  const std::string& path = config.journal->path;
  const int code = path.empty() ? sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY)
                                : sd_journal_open_directory(&journal, path.c_str(), 0);
  if (code < 0) return journal_error("open", code);
  auto out = std::make_unique<SystemdJournal>(journal, config, job, metrics, clock);
  if (sd_journal_has_persistent_files(journal) <= 0 && sd_journal_has_runtime_files(journal) <= 0) {
    kLog.info("there is no systemd journal on this machine; job {} waits for one", job.name);
  }
  TRY_VOID(out->seek(positions));
  return std::unique_ptr<JournalSource>(std::move(out));
}

}  // namespace trilobite::agent
