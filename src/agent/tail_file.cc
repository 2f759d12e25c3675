#include "agent/tail_file.h"

#include <algorithm>

#include "agent/limits.h"
#include "base/check.h"
#include "base/hash.h"

namespace trilobite::agent {

Result<std::unique_ptr<TailFile>> TailFile::open(const std::string& path, std::size_t line_bytes_cap) {
  TRY(file, LogFile::open(path));
  TRY(info, file->info());
  return std::unique_ptr<TailFile>(new TailFile(std::move(file), info.id, line_bytes_cap));
}

Result<bool> TailFile::binary() {
  TRY(begin, file_->read(0, kBinaryProbeBytes));
  return begin.find('\0') != std::string::npos;
}

Result<bool> TailFile::matches(const FilePosition& position) {
  TRY(head, file_->read(0, position.head_bytes));
  if (head.size() != position.head_bytes || hash64(head) != position.head_hash) return false;
  TRY(tail, file_->read(position.offset - position.tail_bytes, position.tail_bytes));
  if (tail.size() != position.tail_bytes || hash64(tail) != position.tail_hash) return false;
  // Without a tail (an offset of 0, or one that Promtail gave), at least the size must fit.
  if (file_->compressed()) return true;
  TRY(info, file_->info());
  return info.bytes >= position.offset;
}

void TailFile::seek(std::uint64_t offset) {
  restart();
  begin_ = offset;
  const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(offset, kTailBytes));
  auto before = file_->read(offset - length, length);
  if (before.ok() && before->size() == length) before_ = std::move(*before);
}

void TailFile::restart() {
  buffer_.clear();
  before_.clear();
  head_.clear();
  begin_ = 0;
  searched_ = 0;
  skipping_ = false;
  last_modified_ = -1;
}

// False as soon as there may be something to read. Looking costs one fstat.
Result<bool> TailFile::unchanged_since_last_look() {
  TRY(info, file_->info());
  const bool same = info.bytes == last_bytes_ && info.modified == last_modified_;
  last_bytes_ = info.bytes;
  last_modified_ = info.modified;
  return same;
}

Result<TailFile::Outcome> TailFile::read(const LineSink& sink) {
  Outcome out;
  TRY(unchanged, unchanged_since_last_look());
  if (unchanged) return out;
  const std::uint64_t at = begin_ + buffer_.size();
  // The bytes in front are read again: if they are others now, the file was truncated and has grown since.
  TRY(chunk, file_->read(at - before_.size(), before_.size() + kReadChunkBytes));
  const bool shrunk = !file_->compressed() && last_bytes_ < at;
  if (shrunk || !std::string_view(chunk).starts_with(before_)) {
    flush_partial(sink);
    restart();
    out.truncated = out.more = true;
    return out;
  }
  const std::size_t fresh = chunk.size() - before_.size();
  out.bytes = fresh;
  out.more = fresh == kReadChunkBytes;
  if (out.more) last_modified_ = -1;
  if (at == before_.size()) head_ = chunk.substr(0, kHeadBytes);
  buffer_.append(chunk, before_.size(), fresh);
  if (fresh > 0) before_ = chunk.substr(chunk.size() - std::min(chunk.size(), kTailBytes));
  split(sink);
  return out;
}

void TailFile::give(std::size_t from, std::size_t length, std::size_t with_end, bool cut, const LineSink& sink) {
  std::string_view text(buffer_.data() + from, length);
  if (text.ends_with('\r')) text.remove_suffix(1);
  sink({text, begin_ + from, begin_ + from + with_end, cut});
}

void TailFile::split(const LineSink& sink) {
  std::size_t from = 0;
  for (;;) {
    const std::size_t end = buffer_.find('\n', std::max(from, searched_));
    if (end == std::string::npos) break;
    if (skipping_) {
      skipping_ = false;
    } else if (end - from > cap_) {
      give(from, cap_, end + 1 - from, true, sink);
    } else {
      give(from, end - from, end + 1 - from, false, sink);
    }
    from = end + 1;
  }
  if (skipping_) {
    from = buffer_.size();
  } else if (buffer_.size() - from > cap_) {
    give(from, cap_, buffer_.size() - from, true, sink);
    from = buffer_.size();
    skipping_ = true;
  }
  buffer_.erase(0, from);
  begin_ += from;
  searched_ = buffer_.size();
}

void TailFile::flush_partial(const LineSink& sink) {
  if (buffer_.empty()) return;
  const std::size_t length = buffer_.size();
  give(0, length, length, false, sink);
  begin_ += length;
  buffer_.clear();
  searched_ = 0;
}

Result<FilePosition> TailFile::position(std::uint64_t offset) {
  CHECK(offset <= begin_);
  if (head_.size() < std::min<std::uint64_t>(kHeadBytes, begin_)) {
    TRY(head, file_->read(0, static_cast<std::size_t>(std::min<std::uint64_t>(kHeadBytes, begin_))));
    head_ = std::move(head);
  }
  const std::size_t tail_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(kTailBytes, offset));
  TRY(tail, file_->read(offset - tail_bytes, tail_bytes));
  FilePosition out{.id = id_, .offset = offset};
  out.head_bytes = static_cast<std::uint32_t>(head_.size());
  out.head_hash = hash64(head_);
  if (tail.size() == tail_bytes) {
    out.tail_bytes = static_cast<std::uint32_t>(tail_bytes);
    out.tail_hash = hash64(tail);
  }
  return out;
}

}  // namespace trilobite::agent
