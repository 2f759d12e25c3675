// Follows one file line by line, through truncation, and knows the place again after a restart.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/file_position.h"
#include "agent/log_file.h"

namespace trilobite::agent {

struct RawLine {
  std::string_view text;    // without its line end; valid during the call
  std::uint64_t begin = 0;  // in the file, line end included
  std::uint64_t end = 0;
  bool cut = false;         // it was longer than the cap; the rest is gone
};
using LineSink = std::function<void(const RawLine&)>;

// One thread.
class TailFile {
 public:
  static Result<std::unique_ptr<TailFile>> open(const std::string& path, std::size_t line_bytes_cap);

  // Whether `position` was taken of this file, and the file still has what was read up to there.
  Result<bool> matches(const FilePosition& position);
  // Goes on at `offset`, a place that position() or Promtail gave.
  void seek(std::uint64_t offset);
  Result<bool> binary();  // NUL bytes in the beginning

  struct Outcome {
    std::uint64_t bytes = 0;
    bool more = false;       // there may be more to read right now
    bool truncated = false;  // it was truncated; reading starts again at its beginning
  };
  // Reads one chunk and gives its complete lines.
  Result<Outcome> read(const LineSink& sink);
  // Gives the last line although it has no end (yet): the file will not grow any more.
  void flush_partial(const LineSink& sink);

  Result<LogFileInfo> info() const { return file_->info(); }
  bool compressed() const { return file_->compressed(); }
  FileId id() const { return id_; }
  std::uint64_t consumed() const { return begin_; }  // everything before was given as lines
  // For the disk; `offset` is at most consumed(). Its fields job and path are the caller's.
  Result<FilePosition> position(std::uint64_t offset);

 private:
  TailFile(std::unique_ptr<LogFile> file, FileId id, std::size_t cap) : file_(std::move(file)), id_(id), cap_(cap) {}
  Result<bool> unchanged_since_last_look();
  void restart();
  void split(const LineSink& sink);
  void give(std::size_t from, std::size_t length, std::size_t with_end, bool cut, const LineSink& sink);

  const std::unique_ptr<LogFile> file_;
  const FileId id_;
  const std::size_t cap_;
  std::string buffer_;        // [begin_, begin_ + size) of the file: a line without its end yet
  std::uint64_t begin_ = 0;
  std::size_t searched_ = 0;  // this much of buffer_ has no line end
  bool skipping_ = false;     // the rest of a line that was cut
  std::string before_;        // up to kTailBytes in front of begin_ + buffer_.size()
  std::string head_;          // the first bytes of the file
  std::uint64_t last_bytes_ = 0;
  TimeNs last_modified_ = -1;
};

}  // namespace trilobite::agent
