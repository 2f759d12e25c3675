// ip("10.0.0.0/8"): finds addresses in text and tests whether one lies in a range. IPv4 and IPv6; an IPv4 address and
// its
// ::ffff: form are different, as in Loki.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace trilobite::logql {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // IPv4 in the first four
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

std::optional<IpAddress> parse_ip(std::string_view text);

class IpFilter {
 public:
  // One address, a CIDR prefix, or a range "a-b". The error is `ip: invalid pattern: "x"`.
  static Result<IpFilter> compile(std::string_view pattern);

  bool contains(const IpAddress& address) const { return first_ <= address && address <= last_; }
  // Some address in the text lies in the range.
  bool finds(std::string_view text) const;

 private:
  IpAddress first_, last_;
};

}  // namespace trilobite::logql
