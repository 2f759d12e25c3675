#include "server/request_target.h"

#include <algorithm>

namespace trilobite::server {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return error(Code::kInvalid, "invalid URL escape \"{}\"", text.substr(i, 3));
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return out;
}

Result<void> parse_form(std::string_view text, http::Parameters& out) {
  while (!text.empty()) {
    std::string_view pair = take_until(text, '&');
    if (pair.empty()) continue;
    const std::string_view name = take_until(pair, '=');
    TRY(decoded_name, percent_decode(name, true));
    TRY(decoded_value, percent_decode(pair, true));
    out.emplace_back(std::move(decoded_name), std::move(decoded_value));
  }
  return {};
}

Result<void> parse_target(std::string_view target, http::Request& request) {
  if (const std::size_t scheme = target.find("://"); scheme != std::string_view::npos && !target.starts_with('/')) {
    const std::size_t slash = target.find('/', scheme + 3);
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (!target.starts_with('/')) return error(Code::kInvalid, "invalid request target");
  target = target.substr(0, target.find('#'));
  std::string_view path = take_until(target, '?');
  TRY(decoded, percent_decode(path, false));
  request.path = std::move(decoded);
  request.segments.clear();
  for (std::size_t slash = 0; slash != std::string_view::npos;) {
    path.remove_prefix(slash + 1);
    slash = path.find('/');
    TRY(segment, percent_decode(path.substr(0, slash), false));
    request.segments.push_back(std::move(segment));
  }
  return parse_form(target, request.query);
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    std::string_view choice = take_until(accept_encoding, ',');
    const std::string_view name = trimmed(take_until(choice, ';'));
    if (name != "gzip" && name != "*") continue;
    std::string_view quality = trimmed(choice);
    if (quality.starts_with("q=")) quality.remove_prefix(2);
    const bool zero =
        !quality.empty() && quality.front() == '0' && quality.find_first_of("123456789") == std::string_view::npos;
    if (!zero) return true;
    if (name == "gzip") return false;
  }
  return false;
}

}  // namespace trilobite::server
