#include "agent/queue.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "agent/log_target.h"
#include "base/check.h"
#include "base/hash.h"

namespace trilobite::agent {
namespace {

constexpr std::string_view kMagic = "TRLQSEG\x01";  // the last byte is the version

struct Segment {
  std::uint64_t first = 0;  // sequence of its first commit
  std::uint64_t bytes = 0;
  std::string path;
};

// Where a commit lies; commits follow each other in order, so the sequence is the place in the list.
struct Place {
  std::uint64_t segment = 0;  // Segment::first
  std::uint64_t offset = 0;   // of the record
  std::uint32_t length = 0;
};

struct Client {
  std::string name;
  std::uint64_t acknowledged = 0;
  std::uint64_t saved = 0;  // what the mark on disk says
};

std::string segment_name(std::uint64_t first) { return fmt::format("{:016}.seg", first); }

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 19) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

// A client's name becomes a file name; the hash keeps two that differ only in odd characters apart.
std::string mark_name(std::string_view client) {
  std::string plain;
  for (const char c : client.substr(0, 64)) {
    const bool safe =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    plain.push_back(safe ? c : '_');
  }
  return fmt::format("{}-{:016x}.mark", plain, hash64(client));
}

}  // namespace

struct Queue::State {
  State(FileSystem& files, QueueOptions options) : files_(files), options_(std::move(options)) {}

  Result<void> recover();
  Result<void> recover_segment(const Segment& segment, bool last, std::uint64_t sequence_limit);
  Result<void> recover_marks();
  Result<void> start_segment();
  Result<void> write(std::string_view record);
  Result<std::shared_ptr<const QueuedCommit>> load(std::uint64_t sequence);
  std::vector<Segment> take_unneeded();
  std::uint64_t bytes() const;
  bool drained() const;
  std::uint64_t last() const { return first_ + places_.size() - 1; }
  std::string path_of(std::string_view name) const { return fmt::format("{}/{}", options_.directory, name); }

  FileSystem& files_;
  const QueueOptions options_;

  // The reader's thread only.
  Positions positions_;
  std::unique_ptr<WritableFile> output_;  // of the newest segment; null after a failure

  std::mutex marks_mutex_;  // one save_marks() at a time

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::vector<Segment> segments_;  // oldest first
  std::uint64_t first_ = 1;        // sequence of places_.front()
  std::deque<Place> places_;
  std::deque<std::shared_ptr<const QueuedCommit>> recent_;  // the newest ones, in order
  std::deque<std::size_t> recent_bytes_;
  std::size_t recent_total_ = 0;
  std::vector<Client> clients_;
  std::uint64_t damaged_ = 0;
  bool closed_ = false;
};

Result<void> Queue::State::recover() {
  TRY_VOID(files_.make_directories(options_.directory));
  TRY(listing, files_.list(options_.directory));
  for (const FileInfo& file : listing) {
    if (!file.name.ends_with(".seg")) continue;
    const auto first = parse_number(std::string_view(file.name).substr(0, file.name.size() - 4));
    if (first) segments_.push_back({*first, file.bytes, path_of(file.name)});
  }
  std::sort(segments_.begin(), segments_.end(), [](const Segment& a, const Segment& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const bool last = i + 1 == segments_.size();
    // What a later segment counts again was never acknowledged to the reader: the later one is right.
    TRY_VOID(recover_segment(segments_[i], last, last ? UINT64_MAX : segments_[i + 1].first));
  }
  return recover_marks();
}

Result<void> Queue::State::recover_segment(const Segment& segment, bool last, std::uint64_t sequence_limit) {
  auto content = files_.read_all(segment.path);
  if (!content.ok()) return std::move(content).error().within("cannot recover the queue of the agent");
  std::string_view rest = *content;
  const auto offset = [&] { return content->size() - rest.size(); };
  std::uint64_t next = segment.first;
  if (rest.starts_with(kMagic)) {
    rest.remove_prefix(kMagic.size());
    for (;;) {
      const std::size_t begin = offset();
      auto record = take_record(rest);
      if (!record.ok() || record->sequence != next || next >= sequence_limit) {
        rest = std::string_view(*content).substr(begin);
        break;
      }
      if (record->kind == RecordKind::kSnapshot) {
        auto positions = decode_snapshot(record->payload);
        if (!positions.ok()) break;
        positions_ = std::move(*positions);
        continue;
      }
      auto commit = decode_commit(record->payload);
      if (!commit.ok()) {
        rest = std::string_view(*content).substr(begin);
        break;
      }
      apply_commit(*commit, positions_);
      if (places_.empty()) first_ = next;
      CHECK(places_.empty() || first_ + places_.size() == next);
      places_.push_back({segment.first, begin, static_cast<std::uint32_t>(offset() - begin)});
      ++next;
    }
  }
  if (last) {
    // Cuts a torn end off. It also syncs: a record that is only in the page cache must not be sent and then lost.
    if (!content->empty()) TRY_VOID(files_.truncate(segment.path, offset()));
    if (places_.empty()) first_ = std::max(first_, next);
  } else if (next < sequence_limit) {
    // The next segment says which commit it starts with, so these were complete once and are damaged now.
    damaged_ += sequence_limit - next;
    kLog.error("part of the queue is damaged: {} commits of {} are lost", sequence_limit - next, segment.path);
    // Keeps the count without gaps: sequence numbers have their place in the list.
    if (places_.empty()) {
      first_ = sequence_limit;
    } else {
      places_.resize(sequence_limit - first_);  // length 0: nothing to send
    }
  }
  return {};
}

Result<void> Queue::State::recover_marks() {
  const std::uint64_t oldest = first_ - 1;  // everything before the oldest commit has been acknowledged
  for (const std::string& name : options_.clients) {
    Client client{.name = name, .acknowledged = oldest, .saved = oldest};
    auto mark = files_.read_all(path_of(mark_name(name)));
    if (mark.ok()) {
      const auto number = parse_number(std::string_view(*mark).substr(0, mark->find('\n')));
      if (number) client.acknowledged = client.saved = std::max(oldest, *number);
    } else if (mark.error().code != Code::kNotFound) {
      return std::move(mark).error();
    }
    if (client.acknowledged > last()) {
      // The segments were removed by hand but not the marks. Going on behind the mark keeps sequence numbers unique.
      CHECK(places_.empty() || client.acknowledged > last());
      places_.clear();
      first_ = client.acknowledged + 1;
    }
    clients_.push_back(std::move(client));
  }
  for (Client& client : clients_) client.acknowledged = std::max(client.acknowledged, first_ - 1);
  return {};
}

Result<void> Queue::State::start_segment() {
  std::uint64_t first;
  {
    const std::lock_guard lock(mutex_);
    first = last() + 1;
  }
  const std::string path = path_of(segment_name(first));
  const std::string head =
      std::string(kMagic) + frame_record(RecordKind::kSnapshot, first, encode_snapshot(positions_));
  TRY(file, files_.create(path));
  TRY_VOID(file->append(head));
  TRY_VOID(file->sync());
  TRY_VOID(files_.sync_directory(options_.directory));
  output_ = std::move(file);
  const std::lock_guard lock(mutex_);
  std::erase_if(segments_, [&](const Segment& segment) { return segment.first == first; });
  segments_.push_back({first, head.size(), path});
  return {};
}

// After a failure the segment's end is unknown, so it gets no further record; the next one starts a new segment with
// the same sequence, which overrules whatever is left of this one.
Result<void> Queue::State::write(std::string_view record) {
  bool fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh = output_ == nullptr || segments_.empty() || segments_.back().bytes >= options_.segment_bytes;
  }
  if (fresh) {
    output_.reset();
    TRY_VOID(start_segment());
  }
  auto done = output_->append(record);
  if (done.ok()) done = output_->sync();
  if (!done.ok()) output_.reset();
  return done;
}

std::uint64_t Queue::State::bytes() const {
  std::uint64_t out = 0;
  for (const Segment& segment : segments_) out += segment.bytes;
  return out;
}

bool Queue::State::drained() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [&](const Client& client) { return client.acknowledged >= last(); });
}

Result<std::shared_ptr<const QueuedCommit>> Queue::State::load(std::uint64_t sequence) {
  Place place;
  {
    const std::lock_guard lock(mutex_);
    if (!recent_.empty() && sequence >= recent_.front()->sequence) {
      return recent_[sequence - recent_.front()->sequence];
    }
    CHECK(sequence >= first_ && sequence <= last());
    place = places_[sequence - first_];
  }
  auto out = std::make_shared<QueuedCommit>();
  out->sequence = sequence;
  const auto result = [&] { return std::shared_ptr<const QueuedCommit>(out); };
  if (place.length == 0) return result();
  TRY(file, files_.open(path_of(segment_name(place.segment))));
  TRY(bytes, file->read(place.offset, place.length));
  std::string_view rest = bytes;
  TRY(record, take_record(rest));
  if (record.sequence != sequence) return error(Code::kCorrupt, "commit {} is not where it was", sequence);
  TRY(commit, decode_commit(record.payload));
  out->commit = std::move(commit);
  return result();
}

// Segments that every client is done with. The newest stays: it has the positions.
std::vector<Segment> Queue::State::take_unneeded() {
  std::uint64_t needed = last() + 1;
  for (const Client& client : clients_) needed = std::min(needed, client.saved + 1);
  std::vector<Segment> out;
  while (segments_.size() > 1 && segments_[1].first <= needed) {
    out.push_back(segments_.front());
    segments_.erase(segments_.begin());
  }
  if (!out.empty() && !segments_.empty()) {
    while (!places_.empty() && first_ < segments_.front().first) {
      places_.pop_front();
      ++first_;
    }
  }
  return out;
}

Queue::Queue(std::unique_ptr<State> state) : state_(std::move(state)) {}
Queue::~Queue() = default;

Result<std::unique_ptr<Queue>> Queue::open(FileSystem& files, QueueOptions options) {
  auto state = std::make_unique<State>(files, std::move(options));
  TRY_VOID(state->recover());
  return std::unique_ptr<Queue>(new Queue(std::move(state)));
}

const Positions& Queue::positions() const { return state_->positions_; }

Result<void> Queue::append(const Commit& commit) {
  State& state = *state_;
  if (full()) return error(Code::kOverload, "the queue of the agent has reached {} bytes", state.options_.bytes_max);
  std::uint64_t sequence;
  {
    const std::lock_guard lock(state.mutex_);
    sequence = state.last() + 1;
  }
  const std::string record = frame_record(RecordKind::kCommit, sequence, encode_commit(commit));
  auto written = state.write(record);
  if (!written.ok()) return std::move(written).error().within("cannot write the queue of the agent");
  apply_commit(commit, state.positions_);

  auto queued = std::make_shared<const QueuedCommit>(QueuedCommit{sequence, commit});
  const std::lock_guard lock(state.mutex_);
  Segment& segment = state.segments_.back();
  state.places_.push_back({segment.first, segment.bytes, static_cast<std::uint32_t>(record.size())});
  segment.bytes += record.size();
  std::size_t bytes = 0;
  for (const Push& push : commit.pushes) bytes += push.body.size();
  state.recent_.push_back(std::move(queued));
  state.recent_bytes_.push_back(bytes);
  state.recent_total_ += bytes;
  while (state.recent_total_ > kQueueMemoryBytes) {
    state.recent_total_ -= state.recent_bytes_.front();
    state.recent_bytes_.pop_front();
    state.recent_.pop_front();
  }
  state.changed_.notify_all();
  return {};
}

bool Queue::full() const {
  const std::lock_guard lock(state_->mutex_);
  if (state_->bytes() < state_->options_.bytes_max) return false;
  // What is acknowledged goes with the next segment, so it must not keep that from being started.
  return !state_->drained();
}

Result<std::shared_ptr<const QueuedCommit>> Queue::next(std::size_t client, std::chrono::nanoseconds timeout) {
  State& state = *state_;
  std::uint64_t sequence;
  {
    std::unique_lock lock(state.mutex_);
    CHECK(client < state.clients_.size());
    const auto ready = [&] { return state.closed_ || state.clients_[client].acknowledged < state.last(); };
    state.changed_.wait_for(lock, timeout, ready);
    if (state.clients_[client].acknowledged >= state.last()) return std::shared_ptr<const QueuedCommit>();
    sequence = state.clients_[client].acknowledged + 1;
  }
  return state.load(sequence);
}

void Queue::acknowledge(std::size_t client, std::uint64_t sequence) {
  const std::lock_guard lock(state_->mutex_);
  CHECK(client < state_->clients_.size());
  CHECK(sequence == state_->clients_[client].acknowledged + 1);
  state_->clients_[client].acknowledged = sequence;
  // What every client has, nobody will ask for again.
  std::uint64_t all = UINT64_MAX;
  for (const Client& each : state_->clients_) all = std::min(all, each.acknowledged);
  while (!state_->recent_.empty() && state_->recent_.front()->sequence <= all) {
    state_->recent_total_ -= state_->recent_bytes_.front();
    state_->recent_bytes_.pop_front();
    state_->recent_.pop_front();
  }
}

Result<void> Queue::save_marks() {
  State& state = *state_;
  const std::lock_guard saving(state.marks_mutex_);
  std::vector<Client> moved;
  {
    const std::lock_guard lock(state.mutex_);
    for (const Client& client : state.clients_) {
      if (client.acknowledged != client.saved) moved.push_back(client);
    }
  }
  for (const Client& client : moved) {
    const std::string path = state.path_of(mark_name(client.name));
    TRY_VOID(write_file_atomically(state.files_, path, fmt::format("{}\n", client.acknowledged)));
    const std::lock_guard lock(state.mutex_);
    for (Client& each : state.clients_) {
      if (each.name == client.name) each.saved = client.acknowledged;
    }
  }
  std::vector<Segment> unneeded;
  {
    const std::lock_guard lock(state.mutex_);
    unneeded = state.take_unneeded();
  }
  for (const Segment& segment : unneeded) {
    auto removed = state.files_.remove(segment.path);
    if (!removed.ok() && removed.error().code != Code::kNotFound) return removed;
  }
  return {};
}

void Queue::close() {
  const std::lock_guard lock(state_->mutex_);
  state_->closed_ = true;
  state_->changed_.notify_all();
}

bool Queue::drained() const {
  const std::lock_guard lock(state_->mutex_);
  return state_->drained();
}

QueueStats Queue::stats() const {
  const std::lock_guard lock(state_->mutex_);
  QueueStats out;
  out.bytes = state_->bytes();
  out.sequence_last = state_->last();
  out.commits_damaged = state_->damaged_;
  for (const Client& client : state_->clients_) out.acknowledged.emplace_back(client.name, client.acknowledged);
  return out;
}

}  // namespace trilobite::agent
