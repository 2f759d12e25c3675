#include "scrape/plain_answer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "scrape/http_transfer.h"
#include "scrape/limits.h"

namespace trilobite::scrape {
namespace {

constexpr std::size_t kHeadBytesMax = 64 << 10;
constexpr std::size_t kChunkLineBytesMax = 1024;
constexpr std::size_t kBufferBytesKept = 4 << 20;

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool read_number(std::string_view text, int base, std::uint64_t& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return failed == std::errc() && end == text.data() + text.size();
}

}  // namespace

void PlainAnswer::begin(const Options& options) {
  release();
  options_ = options;
  phase_ = Phase::kStatus;
  status_ = 0;
  status_text_.clear();
  content_type_.clear();
  length_ = chunk_left_ = 0;
  has_length_ = chunked_ = gzip_ = has_location_ = false;
  keeps_open_ = true;
}

void PlainAnswer::release() {
  used_ = at_ = head_bytes_ = body_end_ = 0;
  if (buffer_.size() > kBufferBytesKept) std::string().swap(buffer_);
}

std::span<char> PlainAnswer::room() {
  constexpr std::size_t kReadMin = kReadBytes / 4;
  // A body of known length is read into memory of its size; but that it will come is only the server's word.
  std::size_t wanted = kReadMin;
  if (phase_ == Phase::kLength) {
    const std::uint64_t left = head_bytes_ + length_ - used_;
    wanted = static_cast<std::size_t>(std::clamp<std::uint64_t>(left, 1, std::max<std::uint64_t>(used_, kReadBytes)));
  }
  if (buffer_.size() - used_ < wanted) {
    buffer_.resize(std::max(
        {used_ + wanted, static_cast<std::size_t>(kReadBytes), phase_ == Phase::kLength ? 0 : used_ + used_ / 2}));
  }
  return std::span<char>(buffer_).subspan(used_);
}

PlainAnswer::State PlainAnswer::take(std::size_t bytes) {
  used_ += bytes;
  return step();
}

PlainAnswer::State PlainAnswer::end() {
  keeps_open_ = false;
  return phase_ == Phase::kToTheEnd ? done() : State::kNotPlain;
}

PlainAnswer::State PlainAnswer::done() {
  phase_ = Phase::kDone;
  if (at_ < used_) keeps_open_ = false;  // bytes that nobody asked for
  return State::kDone;
}

// The next whole line, without its end.
bool PlainAnswer::take_line(std::string_view& line) {
  const std::string_view rest = bytes().substr(at_);
  const std::size_t length = rest.find('\n');
  if (length == std::string_view::npos) return false;
  at_ += length + 1;
  line = rest.substr(0, length);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

PlainAnswer::State PlainAnswer::step() {
  while (phase_ == Phase::kStatus || phase_ == Phase::kHeaders) {
    std::string_view line;
    const bool whole = take_line(line);
    if ((whole ? at_ : used_) > kHeadBytesMax) return State::kNotPlain;
    if (!whole) return State::kMore;
    if (phase_ == Phase::kStatus) {
      if (!read_status(line)) return State::kNotPlain;
      phase_ = Phase::kHeaders;
    } else if (!line.empty()) {
      if (!read_header(line)) return State::kNotPlain;
    } else if (!begin_body()) {
      return State::kNotPlain;
    }
  }
  switch (phase_) {
    case Phase::kLength: {
      if (options_.body_bytes_max > 0 && length_ > options_.body_bytes_max) return State::kTooLarge;
      const std::uint64_t there = std::min<std::uint64_t>(length_, used_ - head_bytes_);
      at_ = body_end_ = head_bytes_ + static_cast<std::size_t>(there);
      return there == length_ ? done() : State::kMore;
    }
    case Phase::kToTheEnd:
      at_ = body_end_ = used_;
      break;
    default:
      if (const State state = read_chunks(); state != State::kMore) return state;
  }
  const bool too_large = options_.body_bytes_max > 0 && body_end_ - head_bytes_ > options_.body_bytes_max;
  return too_large ? State::kTooLarge : State::kMore;
}

// HTTP/1.1 200 OK
bool PlainAnswer::read_status(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return false;
  std::uint64_t status = 0;
  if (!read_number(line.substr(9, 3), 10, status) || status < 200) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  status_ = static_cast<int>(status);
  keeps_open_ = line[7] != '0';
  status_text_ = trimmed(line.substr(9));
  if (status_text_.size() <= 3) status_text_ += ' ', status_text_ += status_words(status_);
  return true;
}

bool PlainAnswer::read_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || line.front() == ' ' || line.front() == '\t') return false;
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (same_word(name, "content-length")) {
    std::uint64_t length = 0;
    if (!read_number(value, 10, length) || (has_length_ && length != length_)) return false;
    has_length_ = true;
    length_ = length;
  } else if (same_word(name, "transfer-encoding")) {
    if (!same_word(value, "chunked")) return false;
    chunked_ = true;
  } else if (same_word(name, "content-encoding")) {
    gzip_ = same_word(value, "gzip");
    if (!gzip_ && options_.unpacks && !value.empty() && !same_word(value, "identity")) return false;
    if (!options_.unpacks) gzip_ = false;  // nobody asked for it: the bytes are as they are
  } else if (same_word(name, "content-type")) {
    content_type_ = value;
  } else if (same_word(name, "connection")) {
    if (!same_word(value, "keep-alive")) keeps_open_ = false;
  } else if (same_word(name, "location")) {
    has_location_ = true;
  }
  return true;
}

bool PlainAnswer::begin_body() {
  head_bytes_ = body_end_ = at_;
  const bool redirect = status_ >= 300 && status_ < 400 && has_location_;
  if (redirect && options_.follows) return false;
  if (status_ == 204 || status_ == 304) {
    phase_ = Phase::kLength;
    length_ = 0;
  } else if (chunked_) {
    phase_ = Phase::kSize;
  } else {
    phase_ = has_length_ ? Phase::kLength : Phase::kToTheEnd;
  }
  // So that lengths can be added to.
  return length_ <= UINT64_MAX / 2;
}

// The same however the line came in: a part of it may have its \r at the end.
bool PlainAnswer::line_too_long(bool whole, std::string_view line) const {
  return whole ? line.size() > kChunkLineBytesMax : used_ - at_ > kChunkLineBytesMax + 1;
}

// Moves what the chunks hold together, so that the body is one piece.
PlainAnswer::State PlainAnswer::read_chunks() {
  for (;;) {
    std::string_view line;
    switch (phase_) {
      case Phase::kSize: {
        const bool whole = take_line(line);
        if (line_too_long(whole, line)) return State::kNotPlain;
        if (!whole) break;
        if (!read_number(trimmed(line.substr(0, line.find(';'))), 16, chunk_left_)) return State::kNotPlain;
        phase_ = chunk_left_ == 0 ? Phase::kTrailer : Phase::kChunk;
        continue;
      }
      case Phase::kChunk: {
        const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, used_ - at_));
        std::memmove(buffer_.data() + body_end_, buffer_.data() + at_, there);
        at_ += there;
        body_end_ += there;
        chunk_left_ -= there;
        if (chunk_left_ > 0) break;
        phase_ = Phase::kChunkEnd;
        continue;
      }
      case Phase::kChunkEnd:
        if (!take_line(line)) {
          if (used_ - at_ > 1) return State::kNotPlain;
          break;
        }
        if (!line.empty()) return State::kNotPlain;
        phase_ = Phase::kSize;
        continue;
      default: {  // lines behind the last chunk, of which nobody asks
        const bool whole = take_line(line);
        if (line_too_long(whole, line)) return State::kNotPlain;
        if (!whole) break;
        if (!line.empty()) continue;
        return done();
      }
    }
    break;
  }
  // What is not looked at yet moves next to the body, so that the gaps between chunks are room again.
  std::memmove(buffer_.data() + body_end_, buffer_.data() + at_, used_ - at_);
  used_ -= at_ - body_end_;
  at_ = body_end_;
  return State::kMore;
}

}  // namespace trilobite::scrape
