// The answer to an HTTP/1 request as it comes in from a socket: the head, then a body by its length, in chunks, or up
// to the end of the connection.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace trilobite::scrape {

// One thread at a time. Used again for answer after answer; keeps its memory.
class PlainAnswer {
 public:
  enum class State : std::uint8_t {
    kMore,
    kDone,
    kTooLarge,  // the body exceeds its limit
    kNotPlain,  // not understood here: malformed, cut off, or something that few servers send
  };
  struct Options {
    std::uint64_t body_bytes_max = 0;  // 0: none
    bool unpacks = true;               // gzip was asked for; other encodings are not plain
    bool follows = true;               // redirects are to be followed, so they are not plain
  };
  void begin(const Options& options);

  // Where the next bytes go; never empty.
  std::span<char> room();
  // So many came into room().
  State take(std::size_t bytes);
  // The peer closed the connection.
  State end();

  // After kDone.
  int status() const { return status_; }
  const std::string& status_text() const { return status_text_; }  // "404 Not Found"
  const std::string& content_type() const { return content_type_; }
  bool gzip() const { return gzip_; }
  std::string_view body() const { return bytes().substr(head_bytes_, body_end_ - head_bytes_); }
  // The connection is good for another request.
  bool keeps_open() const { return keeps_open_; }

  bool began() const { return used_ > 0; }  // any byte came
  // Forgets the body; gives memory back that a usual answer does not need.
  void release();

 private:
  enum class Phase : std::uint8_t { kStatus, kHeaders, kLength, kToTheEnd, kSize, kChunk, kChunkEnd, kTrailer, kDone };

  std::string_view bytes() const { return std::string_view(buffer_).substr(0, used_); }
  State step();
  bool take_line(std::string_view& line);
  bool line_too_long(bool whole, std::string_view line) const;
  bool read_status(std::string_view line);
  bool read_header(std::string_view line);
  bool begin_body();
  State read_chunks();
  State done();

  Options options_;
  std::string buffer_;    // its size is the room there is; head, body and what is not looked at yet stand in front
  std::size_t used_ = 0;  // bytes that came
  std::size_t at_ = 0;    // of them looked at
  std::size_t head_bytes_ = 0, body_end_ = 0;
  Phase phase_ = Phase::kStatus;
  int status_ = 0;
  std::string status_text_, content_type_;
  std::uint64_t length_ = 0;  // of the body
  std::uint64_t chunk_left_ = 0;
  bool has_length_ = false, chunked_ = false, gzip_ = false, keeps_open_ = true, has_location_ = false;
};

}  // namespace trilobite::scrape
