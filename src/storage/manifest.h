// The list of what counts: parts, how far the WAL is covered, which requests were accepted lately. A log of edits; one
// appended and synced edit is the only commit point of flush, merge and retention. Bytes: format.md.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "columnar/part.h"
#include "storage/frame_log.h"
#include "storage/layout.h"

namespace trilobite::storage {

struct PartMeta {
  std::uint64_t id = 0;
  std::uint64_t order = 0;  // of the oldest rows in it by arrival: ties between parts are broken by it
  std::string tenant;
  Signal signal = Signal::kLogs;
  std::int64_t window = 0;
  TimeNs created = 0;  // wall clock
  PartInfo info;
};

struct AcceptedRequest {
  Hash128 hash;
  TimeNs accepted = 0;
};

// A part that did not pass its checks and does not count any more. Its file, if there is one, is put aside.
struct DamagedPart {
  PartMeta meta;
  std::string reason;
  bool missing = false;  // there was no file: should it come back, it is welcome
};

struct ManifestState {
  std::map<std::uint64_t, PartMeta> parts;       // by id
  std::map<std::uint64_t, DamagedPart> damaged;  // by id
  std::uint64_t part_next = 1;              // id
  std::uint64_t wal_floor = 1;              // segments below are covered by parts
  std::vector<AcceptedRequest> requests;    // of the covered segments, those that may be repeated still
};

struct ManifestEdit {
  std::vector<PartMeta> add;
  std::vector<std::uint64_t> remove;
  std::uint64_t part_next = 0;  // 0: unchanged, as is the next
  std::uint64_t wal_floor = 0;
  std::optional<std::vector<AcceptedRequest>> requests;  // replaces the list
  std::vector<DamagedPart> damage;   // added to the list of damaged parts; `remove` has those that counted until now
  std::vector<std::uint64_t> repair;  // taken from the list; `add` has those that count again
};

std::string encode_edit(const ManifestEdit& edit);
Result<ManifestEdit> decode_edit(std::string_view bytes);

// Applies every edit. `torn`: the file ends in an edit that was never committed. kCorrupt when a committed one is
// damaged.
struct ManifestContent {
  ManifestState state;
  bool torn = false;
};
Result<ManifestContent> read_manifest(std::string_view bytes);

// One thread at a time.
class Manifest {
 public:
  // Reads the file, or starts an empty one, and writes it anew in short form: where the disk is full, with the first
  // commit.
  static Result<std::unique_ptr<Manifest>> open(FileSystem& files, const Clock& clock, Layout layout);
  // Begins with `state`, in place of a file that cannot be read.
  static Result<std::unique_ptr<Manifest>> create(FileSystem& files, const Clock& clock, Layout layout,
                                                  ManifestState state);

  const ManifestState& state() const { return state_; }
  bool was_torn() const { return was_torn_; }  // the file ended in an edit that was never finished
  void skip_part_ids(std::uint64_t last) { state_.part_next = std::max(state_.part_next, last + 1); }
  std::uint64_t new_part_id() { return state_.part_next++; }

  // Durable when it returns; the state has changed then, and only then. An error that says kUnavailable is final: it is
  // not known whether the edit is on the disk, and files that it names must stay.
  Result<void> commit(ManifestEdit edit);
  std::uint64_t bytes() const { return writer_ ? writer_->bytes() : 0; }
  bool broken() const { return broken_; }

 private:
  Manifest(FileSystem& files, const Clock& clock, Layout layout)
      : files_(files), clock_(clock), layout_(std::move(layout)) {}
  Result<void> rewrite();
  Result<void> begin();
  Result<void> append(const std::string& edit);
  Error fail(Error error);

  FileSystem& files_;
  const Clock& clock_;
  Layout layout_;
  ManifestState state_;
  std::unique_ptr<FrameLogWriter> writer_;  // null when the file must be rewritten before the next edit
  std::uint64_t bytes_short_ = 0;           // of the file just after it was rewritten
  std::uint64_t attempts_ = 0;
  bool broken_ = false;
  bool was_torn_ = false;
};

}  // namespace trilobite::storage
