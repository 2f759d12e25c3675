#include "logs/ip_filter.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <string>
#include <tuple>

#include "logs/text.h"

namespace trilobite::logql {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Cheap tests whether an address may start here.
bool may_start_v4(std::string_view text) {
  return text.size() > 3 && is_digit(text[0]) && (text[1] == '.' || text[2] == '.' || text[3] == '.');
}
bool may_start_v6(std::string_view text) {
  if (text.size() <= 4) return false;
  if (text[0] == ':') return text[1] == ':' && is_hex(text[2]);
  std::size_t digits = 0;
  while (digits < 5 && is_hex(text[digits])) ++digits;
  return digits >= 1 && digits <= 4 && text[digits] == ':';
}

std::optional<std::pair<IpAddress, IpAddress>> parse_prefix(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_ip(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!address || code != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  const unsigned width = address->v6 ? 128 : 32;
  if (bits > width) return std::nullopt;
  std::pair<IpAddress, IpAddress> out{*address, *address};
  for (unsigned bit = bits; bit < width; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    out.first.bytes[bit / 8] &= static_cast<std::uint8_t>(~mask);
    out.second.bytes[bit / 8] |= mask;
  }
  return out;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  std::array<char, 64> buffer{};
  if (text.empty() || text.size() >= buffer.size()) return std::nullopt;
  std::memcpy(buffer.data(), text.data(), text.size());
  IpAddress out;
  if (text.find(':') == std::string_view::npos) {
    if (inet_pton(AF_INET, buffer.data(), out.bytes.data()) != 1) return std::nullopt;
  } else {
    out.v6 = true;
    if (inet_pton(AF_INET6, buffer.data(), out.bytes.data()) != 1) return std::nullopt;
  }
  return out;
}

Result<IpFilter> IpFilter::compile(std::string_view pattern) {
  IpFilter out;
  if (const auto single = parse_ip(pattern)) {
    out.first_ = out.last_ = *single;
    return out;
  }
  if (const auto prefix = parse_prefix(pattern)) {
    std::tie(out.first_, out.last_) = *prefix;
    return out;
  }
  if (const std::size_t dash = pattern.find('-'); dash != std::string_view::npos) {
    const auto first = parse_ip(pattern.substr(0, dash));
    const auto last = parse_ip(pattern.substr(dash + 1));
    if (first && last && first->v6 == last->v6 && *first <= *last) {
      out.first_ = *first;
      out.last_ = *last;
      return out;
    }
  }
  return error(Code::kInvalid, "ip: invalid pattern: {}", quote(pattern));
}

bool IpFilter::finds(std::string_view text) const {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    std::size_t length = 0;
    if (may_start_v4(rest)) {
      while (length < rest.size() && (is_digit(rest[length]) || rest[length] == '.')) ++length;
    } else if (may_start_v6(rest)) {
      while (length < rest.size() && (is_hex(rest[length]) || rest[length] == ':' || rest[length] == '.')) ++length;
    } else {
      continue;
    }
    const auto address = parse_ip(rest.substr(0, length));
    if (address && contains(*address)) return true;
    i += length;
  }
  return false;
}

}  // namespace trilobite::logql
