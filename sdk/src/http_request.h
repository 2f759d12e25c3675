// Requests of HTTP/1.0 and 1.1, from bytes that arrive in any pieces.
#pragma once

#include <string>
#include <string_view>

#include <trilobite/http_server.h>

namespace trilobite::http {

class RequestParser {
 public:
  RequestParser(std::size_t head_bytes_max, std::size_t body_bytes_max)
      : head_bytes_max_(head_bytes_max), body_bytes_max_(body_bytes_max) {}

  enum class State : std::uint8_t { kHead, kBody, kDone, kBad };

  // Takes bytes from the front of the text, as many as belong to the request. After kDone and kBad it takes none.
  State feed(std::string_view& bytes);

  State state() const { return state_; }
  bool begun() const { return state_ != State::kHead || !head_.empty(); }
  Request& request() { return request_; }
  bool keeps_alive() const { return keeps_alive_; }
  bool expects_continue() const { return expects_continue_; }
  int error_status() const { return error_status_; }  // with kBad
  const std::string& error() const { return error_; }

 private:
  enum class Chunk : std::uint8_t { kNone, kSize, kData, kDataEnd, kTrailer };

  void bad(int status, std::string_view why);
  void take_head(std::string_view& bytes);
  void take_body(std::string_view& bytes);
  void take_chunks(std::string_view& bytes);
  bool take_line(std::string_view& bytes, std::size_t bytes_max);  // into line_, without its end
  void parse_head();
  bool parse_request_line(std::string_view line);
  bool parse_header(std::string_view line);
  void choose_body();

  std::size_t head_bytes_max_, body_bytes_max_;
  State state_ = State::kHead;
  Request request_;
  std::string head_, line_;
  Chunk chunk_ = Chunk::kNone;
  std::size_t left_ = 0;  // of the body, or of the chunk
  std::size_t trailer_bytes_ = 0;
  bool is_1_1_ = false, keeps_alive_ = false, expects_continue_ = false;
  int error_status_ = 0;
  std::string error_;
};

// `%41` to `A`; false when it is malformed.
bool percent_decode(std::string_view text, std::string& out);

}  // namespace trilobite::http
