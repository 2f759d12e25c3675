// What DNS discovery asks of the name system, so that tests can answer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scrape/discovery.h"

namespace trilobite::scrape {

struct DnsRecord {
  std::string target;  // a name as it came, with its last dot; of A and AAAA the address
  int port = 0;        // of SRV
};
// Nothing found is no error. kUnavailable: no answer.
using DnsLookup = std::function<Result<std::vector<DnsRecord>>(const std::string& name, DnsType type)>;

// The records of `type` in the answer section of a message. kInvalid: the bytes are no message.
Result<std::vector<DnsRecord>> parse_dns_answer(std::string_view message, DnsType type);

// By /etc/resolv.conf, but asks the server at `server`, an IPv4 address and port, where one is given.
struct DnsServer {
  std::string address;
  std::uint16_t port = 53;
};
Result<std::vector<DnsRecord>> lookup_dns(const std::string& name, DnsType type,
                                          const std::optional<DnsServer>& server = {});
Result<std::vector<TargetGroup>> dns_groups(const DnsDiscoveryConfig& config, const DnsLookup& lookup);

}  // namespace trilobite::scrape
