// The bounded on-disk queue between reading and sending, and at the same time the record of what was read.
//
// A commit carries batches together with the positions of the sources behind them, so after a crash at any point the
// sources go on exactly behind what is in the queue: no line is lost and none is read twice. Senders take commits in
// order, send each body byte for byte until it is acknowledged, and then move their mark. Between an acknowledgement
// and the mark on disk a crash makes them send a body again; the server recognises it by its hash.
//
// Files in the folder: 0000000000000001.seg ... (named after their first commit) and NAME.mark for each client.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/limits.h"
#include "agent/queue_record.h"
#include "base/file_system.h"

namespace trilobite::agent {

struct QueueOptions {
  std::string directory;
  std::vector<std::string> clients;  // each gets every commit
  std::size_t bytes_max = kQueueBytesDefault;
  std::size_t segment_bytes = kSegmentBytesDefault;
};

struct QueuedCommit {
  std::uint64_t sequence = 0;
  Commit commit;
};

struct QueueStats {
  std::uint64_t bytes = 0;              // on disk
  std::uint64_t sequence_last = 0;      // of the newest commit
  std::vector<std::pair<std::string, std::uint64_t>> acknowledged;  // client -> sequence
  std::uint64_t commits_damaged = 0;    // that recovery could not read
};

class Queue {
 public:
  // Recovers what is there. Damage is counted and logged; it never keeps the agent from starting.
  static Result<std::unique_ptr<Queue>> open(FileSystem& files, QueueOptions options);
  ~Queue();

  // One thread, the reader of the sources.
  const Positions& positions() const;
  // On disk when it returns. kOverload when the queue is full, kNoSpace and others from the disk; after an error
  // nothing was queued and the same commit can be tried again.
  Result<void> append(const Commit& commit);
  bool full() const;

  // Senders, any thread. The first commit that `client` has not acknowledged; nothing when there is none. Waits until
  // there is one, `timeout` is over, or the queue is closed.
  Result<std::shared_ptr<const QueuedCommit>> next(std::size_t client, std::chrono::nanoseconds timeout);
  // REQUIRES: `sequence` is that of the commit which next() gave.
  void acknowledge(std::size_t client, std::uint64_t sequence);
  // Writes the marks that have moved, and deletes segments that nobody needs.
  Result<void> save_marks();
  // Wakes every next(); from now on it does not wait.
  void close();

  bool drained() const;  // every client has acknowledged everything
  QueueStats stats() const;

 private:
  struct State;
  explicit Queue(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace trilobite::agent
