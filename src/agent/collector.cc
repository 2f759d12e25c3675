#include "agent/collector.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/log_target.h"
#include "agent/positions_file.h"

namespace trilobite::agent {
namespace {

// A file that is written to all the time is read in steps of this, not once per write.
constexpr int kGatherMs = 10;
constexpr int kWaitMs = 250;  // at most
constexpr auto kCommitRetry = std::chrono::seconds(1);

}  // namespace

Collector::Collector(const Config& config, Queue& queue, FileSystem& files, Metrics& metrics, const Clock& clock)
    : config_(config), queue_(queue), file_system_(files), metrics_(metrics), clock_(clock),
      batcher_(config.batch, metrics), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Collector::~Collector() {
  stopping_ = true;
  ::eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
  ::close(wake_);
}

Result<std::unique_ptr<Collector>> Collector::make(const Config& config, Queue& queue, FileSystem& files,
                                                   Metrics& metrics, const Clock& clock) {
  auto out = std::unique_ptr<Collector>(new Collector(config, queue, files, metrics, clock));
  TRY_VOID(out->set_up());
  return out;
}

Result<PathOffsets> Collector::imported() const {
  // Only once: what we have read ourselves is known by identity. Later the file is our own copy, and its
  // offsets by path may belong to a file that was renamed since.
  if (config_.positions.filename.empty() || !queue_.positions().empty()) return PathOffsets();
  auto out = read_positions_file(file_system_, config_.positions.filename);
  if (!out.ok() && config_.positions.ignore_invalid_yaml) {
    kLog.warn("{}; it is ignored", out.error().message);
    return PathOffsets();
  }
  return out;
}

Result<void> Collector::set_up() {
  std::vector<SourceJob*> jobs;
  for (const ScrapeConfig& scrape : config_.scrape) {
    TRY(job, SourceJob::make(scrape, {clock_, metrics_}));
    if (scrape.journal) {
      auto journal = JournalSource::open(scrape, *job, queue_.positions(), metrics_, clock_);
      if (journal.ok()) {
        journals_.push_back(std::move(*journal));
      } else {
        kLog.warn("job {}: {}", scrape.job_name, journal.error().message);
      }
    }
    jobs.push_back(job.get());
    jobs_.push_back(std::move(job));
  }
  TRY(offsets, imported());
  files_ = std::make_unique<FileCollector>(std::move(jobs), config_.limits, metrics_, clock_);
  files_->start(queue_.positions(), offsets);
  return {};
}

void Collector::start() {
  thread_ = std::thread([this] { run(); });
}

void Collector::stop() {
  stopping_ = true;
  ::eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
}

void Collector::run() {
  while (!stopping_) wait(turn());
  finish();
}

void Collector::wait(bool more) {
  if (more || stopping_) return;
  pollfd stop{.fd = wake_, .events = POLLIN, .revents = 0};
  if (::poll(&stop, 1, kGatherMs) > 0) return;
  std::vector<pollfd> all{stop};
  int timeout = kWaitMs;
  {
    const std::lock_guard lock(mutex_);
    all.push_back({.fd = files_->descriptor(), .events = POLLIN, .revents = 0});
    for (const auto& journal : journals_) all.push_back({.fd = journal->descriptor(), .events = POLLIN, .revents = 0});
    Nanoseconds next = files_->next_look();
    if (const auto deadline = batcher_.deadline()) next = std::min(next, *deadline);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - clock_.steady()).count();
    timeout = static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, kWaitMs));
    if (full_ || pending_) all.resize(1);  // events would only wake us for nothing
  }
  ::poll(all.data(), all.size(), timeout);
}

bool Collector::turn() {
  const std::lock_guard lock(mutex_);
  files_->look(config_.sync_period);
  if (pending_) try_commit();
  if (pending_) return false;
  full_ = queue_.full();
  const bool more = !full_ && read();
  if (commit_due()) {
    prepare_commit();
    try_commit();
  }
  write_positions();
  return more && !pending_;
}

bool Collector::read() {
  Entries entries;
  files_->read(entries);
  bool more = files_->ready();
  for (const auto& journal : journals_) more = journal->read(entries) || more;
  batcher_.add(std::move(entries), clock_.steady());
  return more;
}

bool Collector::commit_due() const {
  const auto now = clock_.steady();
  if (batcher_.full()) return true;
  if (const auto deadline = batcher_.deadline()) return now >= *deadline;
  // Lines that were all dropped move positions, too, but need not be on the disk at once.
  return now - positions_committed_ >= config_.positions.sync_period && files_->has_changes();
}

void Collector::prepare_commit() {
  Commit commit;
  commit.pushes = batcher_.take();
  files_->take_changes(commit.positions);
  for (const auto& journal : journals_) journal->take_changes(commit.positions);
  positions_committed_ = clock_.steady();
  if (!commit.pushes.empty() || !commit.positions.empty()) pending_ = std::move(commit);
}

void Collector::try_commit() {
  if (!pending_ || clock_.steady() < retry_at_) return;
  auto written = queue_.append(*pending_);
  if (written.ok()) {
    if (!error_.empty()) kLog.info("the queue can be written again");
    error_.clear();
    pending_.reset();
    return;
  }
  full_ = written.error().code == Code::kOverload;
  if (full_) return;
  if (error_ != written.error().message) kLog.error("{}; reading waits", written.error().message);
  error_ = written.error().message;
  retry_at_ = clock_.steady() + kCommitRetry;
}

void Collector::write_positions() {
  if (config_.positions.filename.empty()) return;
  const auto now = clock_.steady();
  if (positions_written_.count() != 0 && now - positions_written_ < config_.positions.sync_period) return;
  positions_written_ = now;
  auto written = write_positions_file(file_system_, config_.positions.filename, files_->offsets_by_path());
  if (!written.ok()) kLog.warn("{}", written.error().message);
}

// What stages hold back, and a last line without its end, stay in their files: positions are in front of them.
void Collector::finish() {
  const std::lock_guard lock(mutex_);
  if (pending_) try_commit();
  if (pending_) return;  // its lines are read again, they are not in the queue
  prepare_commit();
  retry_at_ = Nanoseconds(0);
  try_commit();
  positions_written_ = Nanoseconds(0);
  write_positions();
}

CollectorStatus Collector::status() const {
  const std::lock_guard lock(mutex_);
  CollectorStatus out;
  out.files = files_->status();
  for (const auto& journal : journals_) out.journals.push_back(journal->status());
  out.error = error_;
  out.queue_full = full_;
  return out;
}

}  // namespace trilobite::agent
