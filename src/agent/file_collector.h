// Finds the files of all jobs, follows them and gives their entries. One thread, except where it says otherwise.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/limits.h"
#include "agent/line_limits.h"
#include "agent/queue_record.h"
#include "agent/source_job.h"
#include "agent/tail_file.h"
#include "agent/watcher.h"

namespace trilobite::agent {

struct FileStatus {
  std::string job, path;
  std::uint64_t offset = 0, bytes = 0, lines = 0;
  std::string error;     // why it is not read; empty when it is
  bool renamed = false;  // lost its name and is read to its end
};

using PathOffsets = std::map<std::string, std::uint64_t, std::less<>>;

class FileCollector {
 public:
  FileCollector(std::vector<SourceJob*> jobs, const LimitsConfig& limits, Metrics& metrics, const Clock& clock);
  ~FileCollector();

  // Takes up what `positions` say, also files that were renamed since. `imported` are offsets by path out of a file of
  // Promtail's, for files without a position of ours.
  void start(const Positions& positions, const PathOffsets& imported);

  // Looks at events and, when it is time, at folders.
  void look(Nanoseconds sync_period);
  // Reads a chunk of each file that has something, and puts what comes out of the pipelines into `out`.
  void read(Entries& out);
  bool ready() const { return !ready_.empty(); }
  // When look() has something to do besides events.
  Nanoseconds next_look() const {
    return search_wanted_ ? std::min(search_from_, polled_ + kPollInterval) : polled_ + kPollInterval;
  }

  // What has changed since the last call. Covers exactly the entries given so far.
  bool has_changes() const { return !changed_.empty() || !gone_.empty(); }
  void take_changes(std::vector<PositionChange>& out);

  int descriptor() const { return watcher_.descriptor(); }
  std::vector<FileStatus> status() const;  // not at the same time as any other call
  PathOffsets offsets_by_path() const;

 private:
  struct Tail {
    SourceId source = 0;
    SourceJob* job = nullptr;
    std::string path;  // the label filename
    std::string key;
    Labels labels;
    std::unique_ptr<TailFile> file;
    bool watched = false;     // inotify tells when it grows
    bool named = true;        // a pattern still finds it
    std::uint64_t found = 0;  // number of the search that found it last
    std::uint64_t lines = 0;
    Nanoseconds grown{0};  // when it grew last
    std::string error;
  };

  void search();
  void meet(SourceJob& job, const FileTarget& target, const std::string& path, bool watched);
  void open(SourceJob& job, const FileTarget& target, const std::string& path, FileId id, bool watched);
  std::uint64_t start_offset(const SourceJob& job, const std::string& path, TailFile& file, const std::string& key);
  bool adopt(const SourceJob& job, const std::string& path, TailFile& file, std::uint64_t& offset);
  void revisit();
  void revisit_position(const std::string& key, const FilePosition& position,
                        const std::map<FileId, std::string>& folder);
  void fail(const std::string& path, const std::string& why);

  std::uint64_t read_tail(Tail& tail, Entries& out);  // bytes
  void put(Tail& tail, Entries& entries, Entries& out);
  void close_unnamed(Entries& out);
  void close(Tail& tail, bool deleted, Entries& out);
  Tail& add(SourceJob& job, const std::string& path, const Labels& labels, std::unique_ptr<TailFile> file,
            bool watched);
  void mark_ready(SourceId source);
  void mark_path(const std::string& path);
  void poll(Nanoseconds now);
  TimeNs stamp();

  const std::vector<SourceJob*> jobs_;
  Metrics& metrics_;
  const Clock& clock_;
  LineLimits limits_;
  Watcher watcher_;

  std::map<SourceId, Tail> tails_;
  std::unordered_map<std::string, SourceId> by_key_;
  std::unordered_multimap<std::string, SourceId> by_path_;  // its path, and where links lead
  std::deque<SourceId> ready_;
  std::set<SourceId> ready_set_;
  std::map<std::string, std::string> failed_;  // path -> why; logged once

  std::map<std::string, FilePosition> known_;  // every position there is, by key
  PathOffsets imported_;
  std::set<SourceId> changed_;
  std::vector<PositionChange> gone_;

  SourceId next_source_ = 1;
  std::uint64_t searches_ = 0;
  bool search_wanted_ = true;
  Nanoseconds search_from_{0};  // not before
  Nanoseconds searched_{0}, polled_{0}, polled_all_{0}, revisited_{0};
  bool all_watched_ = false;
  TimeNs last_stamp_ = 0;
};

}  // namespace trilobite::agent
