// Reads all sources, makes batches and commits them to the queue together with the positions behind them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "agent/batcher.h"
#include "agent/file_collector.h"
#include "agent/journal_source.h"
#include "agent/queue.h"

namespace trilobite::agent {

struct CollectorStatus {
  std::vector<FileStatus> files;
  std::vector<JournalStatus> journals;
  std::string error;        // why commits fail; empty when they do not
  bool queue_full = false;  // reading waits
};

class Collector {
 public:
  // `files` is where the positions file lies. The configuration must stay.
  static Result<std::unique_ptr<Collector>> make(const Config& config, Queue& queue, FileSystem& files,
                                                 Metrics& metrics, const Clock& clock);
  ~Collector();

  void start();
  // Commits what has been read and joins the thread.
  void stop();

  // One round without waiting; true when there is more to do at once. For tests, instead of start().
  bool turn();
  CollectorStatus status() const;  // any thread

 private:
  Collector(const Config& config, Queue& queue, FileSystem& files, Metrics& metrics, const Clock& clock);
  Result<void> set_up();
  Result<PathOffsets> imported() const;
  void run();
  void wait(bool more);
  bool read();
  bool commit_due() const;
  void prepare_commit();
  void try_commit();
  void finish();
  void write_positions();

  const Config& config_;
  Queue& queue_;
  FileSystem& file_system_;
  Metrics& metrics_;
  const Clock& clock_;

  mutable std::mutex mutex_;  // held for a turn; guards everything below
  std::vector<std::unique_ptr<SourceJob>> jobs_;
  std::unique_ptr<FileCollector> files_;
  std::vector<std::unique_ptr<JournalSource>> journals_;
  Batcher batcher_;
  std::optional<Commit> pending_;  // could not be written yet; nothing is read until it is
  Nanoseconds retry_at_{0};
  Nanoseconds positions_committed_{0}, positions_written_{0};
  std::string error_;
  bool full_ = false;

  int wake_ = -1;  // an eventfd
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace trilobite::agent
