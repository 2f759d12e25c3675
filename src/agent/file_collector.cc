#include "agent/file_collector.h"

#include <algorithm>
#include <cstdlib>

#include "agent/file_finder.h"
#include "agent/limits.h"
#include "agent/log_target.h"

namespace trilobite::agent {
namespace {

// What is read before batches are looked at again: a batch overshoots its size by this at most.
constexpr std::uint64_t kTurnBytes = 512 * 1024;
constexpr auto kRevisitInterval = std::chrono::minutes(1);

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real == nullptr ? path : std::string(real.get());
}

}  // namespace

FileCollector::FileCollector(std::vector<SourceJob*> jobs, const LimitsConfig& limits, Metrics& metrics,
                             const Clock& clock)
    : jobs_(std::move(jobs)), metrics_(metrics), clock_(clock), limits_(limits, metrics) {}

FileCollector::~FileCollector() = default;

void FileCollector::start(const Positions& positions, const PathOffsets& imported) {
  imported_ = imported;
  for (auto at = positions.lower_bound(kFileKeyPrefix); at != positions.end(); ++at) {
    if (!at->first.starts_with(kFileKeyPrefix)) break;
    auto position = decode_file_position(at->second);
    if (position.ok()) {
      known_.emplace(at->first, std::move(*position));
    } else {
      kLog.error("a position is damaged; its file is read from the beginning: {}", position.error().message);
    }
  }
  search();
  revisit();
  imported_.clear();
}

// Lines read in one go keep their order: no two of this agent get the same time.
TimeNs FileCollector::stamp() {
  last_stamp_ = std::max(clock_.now(), last_stamp_ + 1);
  return last_stamp_;
}

void FileCollector::mark_ready(SourceId source) {
  if (ready_set_.insert(source).second) ready_.push_back(source);
}

void FileCollector::mark_path(const std::string& path) {
  const auto [begin, end] = by_path_.equal_range(path);
  for (auto at = begin; at != end; ++at) mark_ready(at->second);
}

void FileCollector::look(Nanoseconds sync_period) {
  const auto now = clock_.steady();
  const Watcher::Events events = watcher_.take();
  for (const std::string& path : events.files) mark_path(path);
  if (events.lost) polled_all_ = Nanoseconds(0);
  if (events.folders_changed && !search_wanted_) {
    search_wanted_ = true;
    search_from_ = now + kRescanDelay;
  }
  const Nanoseconds period = all_watched_ ? sync_period : std::min<Nanoseconds>(sync_period, std::chrono::seconds(1));
  if ((search_wanted_ && now >= search_from_) || now - searched_ >= period) search();
  if (now - revisited_ >= kRevisitInterval) revisit();
  poll(now);
}

void FileCollector::poll(Nanoseconds now) {
  if (now - polled_ < kPollInterval) return;
  polled_ = now;
  const bool all = now - polled_all_ >= kSafetyPollInterval;
  if (all) polled_all_ = now;
  for (const auto& [source, tail] : tails_) {
    if (all || !tail.watched || !tail.named || tail.job->pipeline.held_from(source)) mark_ready(source);
  }
}

void FileCollector::search() {
  searched_ = clock_.steady();
  search_wanted_ = false;
  ++searches_;
  all_watched_ = true;
  for (SourceJob* job : jobs_) {
    for (const FileTarget& target : job->targets) {
      FoundFiles found;
      find_files(target.path, target.exclude ? &*target.exclude : nullptr, found);
      if (found.limited) {
        fail(target.path.pattern(), fmt::format("it finds more than {} files or {} folders", kFilesMax, kFoldersMax));
      }
      for (const std::string& folder : found.ancestors) {
        if (!watcher_.watch(folder, WatchFor::kNames)) all_watched_ = false;
      }
      std::set<std::string> watched;
      for (const std::string& folder : found.folders) {
        if (watcher_.watch(folder, WatchFor::kFiles)) {
          watched.insert(folder);
        } else {
          all_watched_ = false;
        }
      }
      for (const std::string& path : found.files) meet(*job, target, path, watched.contains(parent_folder(path)));
    }
  }
  for (auto& [source, tail] : tails_) {
    if (tail.named && tail.found != searches_) {
      tail.named = false;
      tail.grown = clock_.steady();
      mark_ready(source);
    } else if (!tail.named && tail.found == searches_) {
      tail.named = true;
    }
  }
  metrics_.files_active.set_clamped(tails_.size());
  metrics_.files_failed.set_clamped(failed_.size());
}

void FileCollector::fail(const std::string& path, const std::string& why) {
  const auto [at, added] = failed_.try_emplace(path, why);
  if (!added && at->second == why) return;
  at->second = why;
  kLog.warn("{}: {}", path, why);
}

void FileCollector::meet(SourceJob& job, const FileTarget& target, const std::string& path, bool watched) {
  auto info = file_info(path);
  if (!info.ok()) return;  // gone again
  if (const auto at = by_key_.find(key_of(job.name, info->id)); at != by_key_.end()) {
    tails_.at(at->second).found = searches_;
    return;
  }
  open(job, target, path, info->id, watched);
}

void FileCollector::open(SourceJob& job, const FileTarget& target, const std::string& path, FileId id, bool watched) {
  auto file = TailFile::open(path, kLineBytesCap);
  if (!file.ok()) {
    if (file.error().code != Code::kNotFound) fail(path, file.error().message);
    return;
  }
  if ((*file)->id() != id) {
    search_wanted_ = true;  // replaced in between
    return;
  }
  if ((*file)->compressed() && job.decompression_delay.count() > 0) {
    auto info = (*file)->info();
    if (info.ok() && clock_.now() - info->modified < job.decompression_delay.count()) return;  // the next search
  }
  auto binary = (*file)->binary();
  if (!binary.ok()) return fail(path, binary.error().message);
  if (*binary) return fail(path, "skipped, it is a binary file");
  failed_.erase(path);
  const std::string key = key_of(job.name, id);
  (*file)->seek(start_offset(job, path, **file, key));
  Tail& tail = add(job, path, target.labels, std::move(*file), watched);
  tail.found = searches_;
}

FileCollector::Tail& FileCollector::add(SourceJob& job, const std::string& path, const Labels& labels,
                                        std::unique_ptr<TailFile> file, bool watched) {
  const SourceId source = next_source_++;
  Tail& tail = tails_[source];
  tail.source = source;
  tail.job = &job;
  tail.path = path;
  tail.key = key_of(job.name, file->id());
  tail.labels = labels;
  tail.labels.set("filename", path);
  tail.file = std::move(file);
  tail.grown = clock_.steady();
  by_key_[tail.key] = source;
  by_path_.emplace(path, source);
  const std::string real = real_path(path);
  if (real != path) {
    by_path_.emplace(real, source);
    watched = watcher_.watch(parent_folder(real), WatchFor::kFiles);
  }
  tail.watched = watched;
  mark_ready(source);
  kLog.debug("following {} from {}", path, tail.file->consumed());
  return tail;
}

// Where to begin: where this file was left, else where Promtail left it, else at its beginning.
std::uint64_t FileCollector::start_offset(const SourceJob& job, const std::string& path, TailFile& file,
                                          const std::string& key) {
  if (const auto at = known_.find(key); at != known_.end()) {
    auto same = file.matches(at->second);
    if (same.ok() && *same) return at->second.offset;
    kLog.info("{} is not the file that was read up to {}; it is read from its beginning", path, at->second.offset);
    return 0;
  }
  std::uint64_t offset = 0;
  if (searches_ == 1 && adopt(job, path, file, offset)) return offset;
  if (const auto at = imported_.find(path); at != imported_.end() && !file.compressed()) {
    auto info = file.info();
    if (info.ok() && at->second <= info->bytes) return at->second;
  }
  return 0;
}

// At start: the same content under another identity. The device changes when a file system is mounted anew, the inode
// when a file is copied, and the job when the configuration is edited.
bool FileCollector::adopt(const SourceJob& job, const std::string& path, TailFile& file, std::uint64_t& offset) {
  for (auto at = known_.begin(); at != known_.end(); ++at) {
    const FilePosition& position = at->second;
    const bool same_place = position.job == job.name && position.path == path;
    const bool job_gone =
        std::none_of(jobs_.begin(), jobs_.end(), [&](const SourceJob* each) { return each->name == position.job; });
    if (!same_place && !(job_gone && position.id == file.id())) continue;
    if (position.tail_bytes == 0) continue;  // nothing to know it by
    auto same = file.matches(position);
    if (!same.ok() || !*same) continue;
    // The old file may still be there under another name; then this is a new one that only begins alike.
    if (same_place && by_key_.contains(at->first)) continue;
    offset = position.offset;
    gone_.push_back({at->first, std::nullopt});
    known_.erase(at);
    return true;
  }
  return false;
}

// Looks for the files of positions that nobody follows: renamed while we were away (then the rest is read), written to
// after we closed them, or deleted (then the position goes).
void FileCollector::revisit() {
  revisited_ = clock_.steady();
  std::map<std::string, std::map<FileId, std::string>> folders;
  std::vector<std::pair<std::string, FilePosition>> lonely;
  for (const auto& [key, position] : known_) {
    if (!by_key_.contains(key)) lonely.emplace_back(key, position);
  }
  for (const auto& [key, position] : lonely) {
    const std::string folder = parent_folder(position.path);
    auto [files, added] = folders.try_emplace(folder);
    if (added) {
      for (const std::string& path : list_files(folder)) {
        if (auto info = file_info(path); info.ok()) files->second.emplace(info->id, path);
      }
    }
    revisit_position(key, position, files->second);
  }
}

void FileCollector::revisit_position(const std::string& key, const FilePosition& position,
                                     const std::map<FileId, std::string>& folder) {
  const auto job =
      std::find_if(jobs_.begin(), jobs_.end(), [&](SourceJob* each) { return each->name == position.job; });
  const auto forget = [&] {
    gone_.push_back({key, std::nullopt});
    known_.erase(key);
  };
  const auto file_at = folder.find(position.id);
  if (file_at == folder.end()) return forget();
  if (job == jobs_.end()) return;
  auto file = TailFile::open(file_at->second, kLineBytesCap);
  if (!file.ok() || (*file)->id() != position.id) return;
  auto same = (*file)->matches(position);
  if (!same.ok()) return;
  if (!*same) return forget();  // the inode was used again
  auto info = (*file)->info();
  if (!info.ok() || (*file)->compressed() || info->bytes <= position.offset) return;
  for (const FileTarget& target : (*job)->targets) {
    if (!target.wants(position.path)) continue;
    (*file)->seek(position.offset);
    add(**job, position.path, target.labels, std::move(*file), false).named = false;
    return;
  }
}

void FileCollector::read(Entries& out) {
  if (limits_.pause(clock_.steady())) return;
  std::uint64_t bytes = 0;
  for (std::size_t turn = ready_.size(); turn > 0 && bytes < kTurnBytes; --turn) {
    const SourceId source = ready_.front();
    ready_.pop_front();
    ready_set_.erase(source);
    const auto at = tails_.find(source);
    if (at != tails_.end()) bytes += read_tail(at->second, out);
  }
  close_unnamed(out);
}

std::uint64_t FileCollector::read_tail(Tail& tail, Entries& out) {
  Entries entries;
  const auto now = clock_.steady();
  auto outcome = tail.file->read([&](const RawLine& line) {
    ++tail.lines;
    metrics_.lines_read.add();
    if (line.cut) metrics_.lines_truncated.add();
    Entry entry;
    entry.line = line.text;
    if (!limits_.admit(entry.line, now)) return;
    entry.time = entry.read_time = stamp();
    entry.labels = tail.labels;
    entry.begin = line.begin;
    entry.end = line.end;
    entries.push_back(std::move(entry));
  });
  if (!outcome.ok()) {
    if (tail.error != outcome.error().message) kLog.warn("{}", outcome.error().message);
    tail.error = outcome.error().message;
  } else {
    tail.error.clear();
    metrics_.bytes_read.add(outcome->bytes);
    if (outcome->bytes > 0 || outcome->truncated) {
      tail.grown = now;
      changed_.insert(tail.source);
    }
    if (outcome->truncated) kLog.info("{} was truncated; it is read from its beginning", tail.path);
    if (outcome->more) mark_ready(tail.source);
  }
  const bool truncated = outcome.ok() && outcome->truncated;
  put(tail, entries, out);
  // What is held has offsets of the file as it was.
  if (truncated) tail.job->pipeline.release(out, tail.source, now, true);
  return outcome.ok() ? outcome->bytes : 0;
}

void FileCollector::put(Tail& tail, Entries& entries, Entries& out) {
  Pipeline& pipeline = tail.job->pipeline;
  if (!entries.empty()) {
    pipeline.start(entries);
    pipeline.run(entries, tail.source);
    std::move(entries.begin(), entries.end(), std::back_inserter(out));
  }
  if (!pipeline.held_from(tail.source)) return;
  const std::size_t before = out.size();
  pipeline.release(out, tail.source, clock_.steady(), false);
  if (out.size() != before) changed_.insert(tail.source);
}

// Files without a name are closed when nobody writes to them any more.
void FileCollector::close_unnamed(Entries& out) {
  const auto now = clock_.steady();
  std::vector<std::pair<SourceId, bool>> ended;
  for (auto& [source, tail] : tails_) {
    if (tail.named || ready_set_.contains(source)) continue;
    auto info = tail.file->info();
    const bool deleted = !info.ok() || info->links == 0;
    const Nanoseconds idle = deleted ? Nanoseconds(kDeletedIdle) : Nanoseconds(kRenamedIdle);
    if (now - tail.grown >= idle) ended.emplace_back(source, deleted);
  }
  for (const auto& [source, deleted] : ended) close(tails_.at(source), deleted, out);
}

void FileCollector::close(Tail& tail, bool deleted, Entries& out) {
  Entries entries;
  tail.file->flush_partial([&](const RawLine& line) {
    metrics_.lines_read.add();
    Entry entry{.line = std::string(line.text), .labels = tail.labels, .begin = line.begin, .end = line.end};
    entry.time = entry.read_time = stamp();
    entries.push_back(std::move(entry));
  });
  put(tail, entries, out);
  tail.job->pipeline.release(out, tail.source, clock_.steady(), true);
  tail.job->pipeline.forget(tail.source);
  if (deleted) {
    gone_.push_back({tail.key, std::nullopt});
    known_.erase(tail.key);
  } else if (auto position = tail.file->position(tail.file->consumed()); position.ok()) {
    position->job = tail.job->name;
    position->path = tail.path;
    gone_.push_back({tail.key, encode(*position)});
    known_[tail.key] = std::move(*position);
  }
  kLog.debug("done with {}", tail.path);
  changed_.erase(tail.source);
  by_key_.erase(tail.key);
  std::erase_if(by_path_, [&](const auto& entry) { return entry.second == tail.source; });
  tails_.erase(tail.source);
}

void FileCollector::take_changes(std::vector<PositionChange>& out) {
  std::move(gone_.begin(), gone_.end(), std::back_inserter(out));
  gone_.clear();
  for (const SourceId source : changed_) {
    Tail& tail = tails_.at(source);
    const std::uint64_t consumed = tail.file->consumed();
    const std::uint64_t held = tail.job->pipeline.held_from(source).value_or(consumed);
    auto position = tail.file->position(std::min(held, consumed));
    if (!position.ok()) {
      kLog.warn("{}", position.error().message);
      continue;
    }
    position->job = tail.job->name;
    position->path = tail.path;
    out.push_back({tail.key, encode(*position)});
    known_[tail.key] = std::move(*position);
  }
  changed_.clear();
}

std::vector<FileStatus> FileCollector::status() const {
  std::vector<FileStatus> out;
  for (const auto& [source, tail] : tails_) {
    FileStatus status{.job = tail.job->name, .path = tail.path, .offset = tail.file->consumed(), .lines = tail.lines};
    if (auto info = tail.file->info(); info.ok()) status.bytes = info->bytes;
    status.error = tail.error;
    status.renamed = !tail.named;
    out.push_back(std::move(status));
  }
  for (const auto& [path, why] : failed_) out.push_back({.path = path, .error = why});
  return out;
}

PathOffsets FileCollector::offsets_by_path() const {
  PathOffsets out;
  for (const auto& [source, tail] : tails_) {
    if (!tail.named) continue;
    const std::uint64_t consumed = tail.file->consumed();
    out[tail.path] = tail.job->pipeline.held_from(source).value_or(consumed);
  }
  return out;
}

}  // namespace trilobite::agent
