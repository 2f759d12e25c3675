// The write-ahead log: numbered segments of frames. Rows are acknowledged once their frame is synced; a segment is
// removed once the rows of all its frames are in parts that the manifest names.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/frame_log.h"
#include "storage/layout.h"

namespace trilobite::storage {

// What reading the segments of before found.
struct WalReplay {
  std::uint64_t segment_next = 1;              // above every number seen
  struct Segment {
    std::uint64_t id = 0, bytes = 0;
  };
  std::vector<Segment> segments;               // intact ones, in order
  bool lost = false;                           // a segment is missing, which every start notices until they are covered
  std::vector<std::uint64_t> damaged;          // to be quarantined once their readable rows are safe in parts
  std::vector<std::string> messages;           // one per torn tail or damage, with place and size
};

// Calls `frame` with every valid frame of the segments from `floor` on, in order. Cuts a torn tail off; removes
// segments below `floor` and those that hold nothing.
Result<WalReplay> replay_wal(FileSystem& files, const Layout& layout, std::uint64_t floor,
                             const std::function<Result<void>(std::string_view frame)>& frame);

// Gives damaged segments a name that no start reads again.
Result<void> quarantine_segments(FileSystem& files, const Layout& layout, const std::vector<std::uint64_t>& segments);

// One thread at a time, except where said.
class Wal {
 public:
  // Begins a segment behind those that `replay` found. With a full disk that is left to the first append.
  static Result<std::unique_ptr<Wal>> create(FileSystem& files, const Clock& clock, Layout layout,
                                             const WalReplay& replay);

  // Durable when it returns. After a full disk the segment is cut back to its last good frame and the next append goes
  // on in a new one. After anything worse every append fails with kUnavailable until the store is opened again.
  Result<void> append(std::string_view frame);
  // Later frames go to a new segment; its number is returned. Nothing changes when it fails.
  Result<std::uint64_t> rotate();
  // Segments below `floor` are not needed any more. What cannot be removed now is removed at the next start.
  void remove_below(std::uint64_t floor);

  // Begins the segment that a full disk did not let begin.
  Result<void> make_writable();

  std::uint64_t segment() const { return segment_; }  // that the next frame goes to, if one is open
  bool broken() const { return broken_; }
  bool writable() const { return !broken_ && writer_ != nullptr; }
  std::uint64_t bytes() const;  // of all segments

 private:
  Wal(FileSystem& files, const Clock& clock, Layout layout)
      : files_(files), clock_(clock), layout_(std::move(layout)) {}
  Result<std::unique_ptr<FrameLogWriter>> begin_segment(std::uint64_t id, std::uint64_t previous_bytes);
  Result<void> recover_space();

  FileSystem& files_;
  const Clock& clock_;
  Layout layout_;
  std::unique_ptr<FrameLogWriter> writer_;  // null after a full disk, until a new segment could be begun
  std::uint64_t segment_ = 0;
  std::uint64_t attempts_ = 0;              // makes salts differ
  bool needs_cut_ = false;                  // the current segment ends in a part of a frame
  std::uint64_t cut_bytes_ = 0;
  bool broken_ = false;
  std::vector<WalReplay::Segment> finished_;
};

}  // namespace trilobite::storage
