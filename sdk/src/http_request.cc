#include "http_request.h"

#include <algorithm>
#include <charconv>

namespace trilobite::http {
namespace {

constexpr std::size_t kHeadersMax = 100;
constexpr std::size_t kChunkLineMax = 256;

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <class Number>
bool parse_whole(std::string_view text, Number& out, int base) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return failure == std::errc() && end == text.data() + text.size();
}

bool lists(std::string_view header, std::string_view wanted) {
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    if (lowered(trimmed(header.substr(0, comma))) == wanted) return true;
    header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
  }
  return false;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers)
    if (header.name == name) return header.value;
  return {};
}

bool percent_decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

void RequestParser::bad(int status, std::string_view why) {
  state_ = State::kBad;
  keeps_alive_ = false;
  error_status_ = status;
  error_ = why;
}

RequestParser::State RequestParser::feed(std::string_view& bytes) {
  if (state_ == State::kHead) take_head(bytes);
  if (state_ == State::kBody) {
    if (chunk_ == Chunk::kNone) {
      take_body(bytes);
    } else {
      take_chunks(bytes);
    }
  }
  return state_;
}

void RequestParser::take_head(std::string_view& bytes) {
  // Empty lines before a request are left over from the one before.
  while (head_.empty() && !bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n')) bytes.remove_prefix(1);
  const std::size_t known = head_.size();
  const std::size_t room = head_bytes_max_ - std::min(head_bytes_max_, known);
  const std::string_view piece = bytes.substr(0, room);
  head_ += piece;
  const std::size_t end = head_.find("\r\n\r\n", known < 3 ? 0 : known - 3);
  if (end == std::string::npos) {
    bytes.remove_prefix(piece.size());
    if (head_.size() >= head_bytes_max_) bad(431, "the head of the request is too large");
    return;
  }
  bytes.remove_prefix(end + 4 - known);
  head_.resize(end);
  parse_head();
}

void RequestParser::parse_head() {
  std::string_view rest = head_;
  bool first = true;
  while (!rest.empty() || first) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
    if (!(first ? parse_request_line(line) : parse_header(line))) return;
    first = false;
  }
  choose_body();
}

bool RequestParser::parse_request_line(std::string_view line) {
  const std::size_t one = line.find(' ');
  const std::size_t two = one == std::string_view::npos ? one : line.find(' ', one + 1);
  if (two == std::string_view::npos || line.find(' ', two + 1) != std::string_view::npos) {
    bad(400, "malformed request line");
    return false;
  }
  const std::string_view method = line.substr(0, one), version = line.substr(two + 1);
  std::string_view target = line.substr(one + 1, two - one - 1);
  if (!is_token(method) || std::any_of(target.begin(), target.end(),
                                       [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; })) {
    bad(400, "malformed request line");
    return false;
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    bad(version.starts_with("HTTP/") ? 505 : 400, "unsupported version of HTTP");
    return false;
  }
  is_1_1_ = version == "HTTP/1.1";
  // As a proxy sends it: http://host/path.
  if (lowered(target.substr(0, 7)) == "http://") {
    const std::size_t slash = target.find('/', 7);
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  request_.method = method;
  request_.target = target;
  const std::size_t question = target.find('?');
  if (question != std::string_view::npos) request_.query = target.substr(question + 1);
  if (target.empty() || (target[0] != '/' && target != "*") ||
      !percent_decode(target.substr(0, question), request_.path)) {
    bad(400, "malformed target of the request");
    return false;
  }
  return true;
}

bool RequestParser::parse_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  const bool well_formed =
      colon != std::string_view::npos && is_token(line.substr(0, colon)) &&
      std::none_of(line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  if (!well_formed || request_.headers.size() >= kHeadersMax) {
    bad(well_formed ? 431 : 400, well_formed ? "too many headers" : "malformed header");
    return false;
  }
  request_.headers.push_back(
      {.name = lowered(line.substr(0, colon)), .value = std::string(trimmed(line.substr(colon + 1)))});
  return true;
}

void RequestParser::choose_body() {
  std::string_view length, encoding, connection;
  std::size_t hosts = 0;
  for (const Header& header : request_.headers) {
    if (header.name == "content-length") {
      if (!length.empty() && length != header.value) return bad(400, "two different lengths of the body");
      if (header.value.empty()) return bad(400, "malformed length of the body");
      length = header.value;
    } else if (header.name == "transfer-encoding") {
      if (!encoding.empty()) return bad(400, "two transfer encodings");
      encoding = header.value;
    } else if (header.name == "connection") {
      connection = header.value;
    } else if (header.name == "host") {
      ++hosts;
    }
  }
  if (hosts > 1 || (is_1_1_ && hosts == 0)) return bad(400, "a request needs one header Host");
  keeps_alive_ = is_1_1_ ? !lists(connection, "close") : lists(connection, "keep-alive");
  expects_continue_ = is_1_1_ && lowered(request_.header("expect")) == "100-continue";
  if (!encoding.empty()) {
    // Both at once is how requests are smuggled past proxies.
    if (!length.empty() || !is_1_1_) return bad(400, "a transfer encoding beside a length, or in HTTP/1.0");
    if (lowered(encoding) != "chunked") return bad(501, "unsupported transfer encoding");
    chunk_ = Chunk::kSize;
    state_ = State::kBody;
    return;
  }
  if (!length.empty()) {
    if (length[0] == '-' || !parse_whole(length, left_, 10)) return bad(400, "malformed length of the body");
    if (left_ > body_bytes_max_) return bad(413, "the body is too large");
  }
  state_ = left_ == 0 ? State::kDone : State::kBody;
}

void RequestParser::take_body(std::string_view& bytes) {
  const std::string_view piece = bytes.substr(0, left_);
  request_.body += piece;
  left_ -= piece.size();
  bytes.remove_prefix(piece.size());
  if (left_ == 0) state_ = State::kDone;
}

bool RequestParser::take_line(std::string_view& bytes, std::size_t bytes_max) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (c == '\n' && line_.ends_with('\r')) {
      line_.pop_back();
      return true;
    }
    line_ += c;
    if (line_.size() > bytes_max) {
      bad(400, "a line of a chunked body is too long");
      return false;
    }
  }
  return false;
}

void RequestParser::take_chunks(std::string_view& bytes) {
  while (!bytes.empty() && state_ == State::kBody) {
    switch (chunk_) {
      case Chunk::kNone:
        return;
      case Chunk::kSize: {
        if (!take_line(bytes, kChunkLineMax)) return;
        const std::string_view digits = trimmed(std::string_view(line_).substr(0, line_.find(';')));
        if (digits.empty() || digits[0] == '-' || !parse_whole(digits, left_, 16))
          return bad(400, "malformed size of a chunk");
        if (left_ > body_bytes_max_ - request_.body.size()) return bad(413, "the body is too large");
        chunk_ = left_ == 0 ? Chunk::kTrailer : Chunk::kData;
        line_.clear();
        break;
      }
      case Chunk::kData: {
        const std::string_view piece = bytes.substr(0, left_);
        request_.body += piece;
        left_ -= piece.size();
        bytes.remove_prefix(piece.size());
        if (left_ == 0) chunk_ = Chunk::kDataEnd;
        break;
      }
      case Chunk::kDataEnd:
        if (!take_line(bytes, 2)) return;
        if (!line_.empty()) return bad(400, "a chunk is longer than it says");
        chunk_ = Chunk::kSize;
        break;
      case Chunk::kTrailer:
        if (!take_line(bytes, head_bytes_max_)) return;
        if (line_.empty()) {
          state_ = State::kDone;
          return;
        }
        trailer_bytes_ += line_.size();
        if (trailer_bytes_ > head_bytes_max_) return bad(431, "the trailer of the request is too large");
        line_.clear();
        break;
    }
  }
}

}  // namespace trilobite::http
