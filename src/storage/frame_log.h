// A file of checksummed frames, appended in order: the form of WAL segments and of the manifest (format.md).
//
// One frame is what one sync makes durable, and no frame is written before the one in front of it was synced. Hence a
// bad frame with a valid one behind it was acknowledged once: it is damage. A bad frame at the end was mostly never
// acknowledged: it is torn and may be cut off. But a disk writes whole sectors: what is missing of a torn frame is
// missing from the file, or zero. A frame that is there in full, no sector of it zero, and yet wrong, is damage.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace trilobite::storage {

inline constexpr std::size_t kFrameLogHeaderBytes = 32;
inline constexpr std::size_t kFrameHeaderBytes = 16;

enum class FrameLogKind : std::uint64_t {
  kSegment = 0x4C41574F4C495254,   // "TRILOWAL"
  kManifest = 0x4E414D4F4C495254,  // "TRILOMAN"
};

// Header of a new file. `salt` makes stale bytes of another file never look valid.
// `previous_bytes` is how long the file before this one was when it was finished; 0 when there is none.
std::string frame_log_header(FrameLogKind kind, std::uint64_t salt, std::uint32_t previous_bytes = 0);

// Appends the frame that will stand at `offset` of the file.
void append_frame(std::string& out, std::uint64_t salt, std::uint64_t offset, std::string_view payload);

// What a file holds. Views point into `content`; a FrameLogReader hands frames out instead.
struct FrameLogContent {
  bool unused = false;  // the header was never written: created, then the power went
  std::uint64_t salt = 0;
  std::uint64_t previous_bytes = 0;  // see frame_log_header
  std::vector<std::string_view> frames;
  std::uint64_t bytes_valid = 0;  // end of the last valid frame, of those without damage in front
  bool torn = false;              // bytes behind the last frame that a power cut explains
  struct Damage {
    std::uint64_t offset = 0, bytes = 0;
    bool repaired = false;  // only marker or length was wrong: the frame is in `frames`
  };
  std::vector<Damage> damage;  // bad bytes that no power cut explains; valid frames behind them are in `frames`
};

// kCorrupt for a bad header, kUnsupported for a newer version.
Result<FrameLogContent> read_frame_log(FrameLogKind kind, std::string_view content);

// Reads a file from its beginning to its end with a few blocks of it in memory; one with bad bytes from those on whole.
class FrameLogReader {
 public:
  // As read_frame_log(). `file` must outlive it.
  static Result<std::unique_ptr<FrameLogReader>> open(FrameLogKind kind, const ReadableFile& file);

  // The next frame, valid until the next call; nothing at the end. Errors: those of reading the file.
  Result<std::optional<std::string_view>> next();
  // Complete once next() gave nothing. Without frames.
  const FrameLogContent& found() const { return found_; }

 private:
  friend Result<FrameLogContent> read_frame_log(FrameLogKind kind, std::string_view content);
  FrameLogReader() = default;
  Result<void> take_header(FrameLogKind kind, std::string_view head);
  Result<std::string_view> view(std::uint64_t offset, std::uint64_t length);
  Result<std::string_view> frame_here();
  std::string_view next_of_rest();

  const ReadableFile* file_ = nullptr;
  std::uint64_t size_ = 0, at_ = 0;
  std::string block_;
  std::uint64_t block_at_ = 0;
  std::optional<std::string_view> rest_;  // everything from rest_at_ on: there are bad bytes, or it is all in memory
  std::uint64_t rest_at_ = 0;
  FrameLogContent found_;
};

// Appends frames to a new file.
class FrameLogWriter {
 public:
  // Writes and syncs the header. The caller syncs the folder.
  static Result<std::unique_ptr<FrameLogWriter>> create(FileSystem& files, const std::string& path, FrameLogKind kind,
                                                        std::uint64_t salt, std::uint32_t previous_bytes = 0);

  // How far a failed append got, because what can be done about it differs.
  enum class Failure : std::uint8_t {
    kNone,
    kWrite,  // nothing was synced: cutting the file to bytes() brings back a known state
    kSync,   // nobody knows what is on the disk
  };
  Result<void> append(std::string_view payload);
  Failure failure() const { return failure_; }
  std::uint64_t bytes() const { return bytes_; }  // header and whole frames

 private:
  FrameLogWriter(std::unique_ptr<WritableFile> file, std::uint64_t salt) : file_(std::move(file)), salt_(salt) {}

  std::unique_ptr<WritableFile> file_;
  std::uint64_t salt_;
  std::uint64_t bytes_ = kFrameLogHeaderBytes;
  Failure failure_ = Failure::kNone;
};

}  // namespace trilobite::storage
