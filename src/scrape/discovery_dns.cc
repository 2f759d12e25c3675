// dns_sd_configs: targets from SRV, A, AAAA, MX and NS records.
#include "scrape/discovery_dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <memory>

namespace trilobite::scrape {
namespace {

constexpr std::size_t kMessageBytesMax = 65535;
constexpr std::size_t kHeaderBytes = 12;

int number_of(DnsType type) {
  switch (type) {
    case DnsType::kSrv:
      return ns_t_srv;
    case DnsType::kA:
      return ns_t_a;
    case DnsType::kAaaa:
      return ns_t_aaaa;
    case DnsType::kMx:
      return ns_t_mx;
    case DnsType::kNs:
      return ns_t_ns;
  }
  return 0;
}

// RFC 1035, section 4: counts, questions, answers; names may point to earlier ones.
class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : bytes_(bytes) {}

  bool skip(std::size_t count) {
    if (count > bytes_.size() - at_) return false;
    at_ += count;
    return true;
  }
  bool u16(unsigned& out) {
    if (bytes_.size() - at_ < 2) return false;
    out = static_cast<unsigned char>(bytes_[at_]) << 8 | static_cast<unsigned char>(bytes_[at_ + 1]);
    at_ += 2;
    return true;
  }
  bool name(std::string& out) {
    out.clear();
    std::size_t at = at_;
    bool jumped = false;
    for (int parts = 0; parts < 256; ++parts) {
      if (at >= bytes_.size()) return false;
      const auto length = static_cast<unsigned char>(bytes_[at]);
      if ((length & 0xC0) == 0xC0) {
        if (at + 1 >= bytes_.size()) return false;
        if (!jumped) at_ = at + 2;
        jumped = true;
        at = static_cast<std::size_t>(length & 0x3F) << 8 | static_cast<unsigned char>(bytes_[at + 1]);
        continue;
      }
      if (length > 63) return false;
      if (length == 0) {
        if (!jumped) at_ = at + 1;
        if (out.empty()) out = ".";
        return true;
      }
      if (at + 1 + length > bytes_.size() || out.size() + length > 255) return false;
      out.append(bytes_.substr(at + 1, length)).push_back('.');
      at += 1 + length;
    }
    return false;  // names that point in a circle
  }
  std::string_view take(std::size_t count) {
    const std::string_view out = bytes_.substr(at_, count);
    at_ += out.size();
    return out;
  }
  std::size_t at() const { return at_; }
  void go_to(std::size_t at) { at_ = std::min(at, bytes_.size()); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

bool read_record(MessageReader& reader, DnsType type, std::vector<DnsRecord>& out) {
  std::string name;
  unsigned kind = 0, klass = 0, length = 0;
  if (!reader.name(name) || !reader.u16(kind) || !reader.u16(klass) || !reader.skip(4) || !reader.u16(length)) {
    return false;
  }
  const std::size_t end = reader.at() + length;
  if (kind == static_cast<unsigned>(number_of(type))) {
    DnsRecord record;
    unsigned port = 0;
    switch (type) {
      case DnsType::kSrv:
        if (!reader.skip(4) || !reader.u16(port) || !reader.name(record.target)) return false;
        record.port = static_cast<int>(port);
        break;
      case DnsType::kMx:
        if (!reader.skip(2) || !reader.name(record.target)) return false;
        break;
      case DnsType::kNs:
        if (!reader.name(record.target)) return false;
        break;
      case DnsType::kA:
      case DnsType::kAaaa: {
        const std::size_t bytes = type == DnsType::kA ? 4 : 16;
        const std::string_view address = reader.take(bytes);
        char text[INET6_ADDRSTRLEN] = "";
        if (length != bytes || address.size() != bytes) return false;
        ::inet_ntop(type == DnsType::kA ? AF_INET : AF_INET6, address.data(), text, sizeof text);
        record.target = text;
        break;
      }
    }
    out.push_back(std::move(record));
  }
  reader.go_to(end);
  return true;
}

std::string_view without_dot(std::string_view name) {
  while (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

class DnsDiscovery final : public Discovery {
 public:
  explicit DnsDiscovery(const DnsDiscoveryConfig& config) : config_(config) {}
  void run(DiscoveryRun& run) override {
    const auto lookup = [](const std::string& name, DnsType type) { return lookup_dns(name, type); };
    refresh_until_stopped(run, config_.refresh_interval, [&] { return dns_groups(config_, lookup); });
  }

 private:
  const DnsDiscoveryConfig config_;
};

}  // namespace

Result<std::vector<DnsRecord>> parse_dns_answer(std::string_view message, DnsType type) {
  const auto wrong = [] { return error(Code::kInvalid, "malformed DNS message"); };
  if (message.size() < kHeaderBytes) return wrong();
  MessageReader reader(message);
  unsigned questions = 0, answers = 0;
  reader.skip(4);
  reader.u16(questions);
  reader.u16(answers);
  reader.skip(4);
  std::string ignored;
  for (unsigned i = 0; i < questions; ++i) {
    if (!reader.name(ignored) || !reader.skip(4)) return wrong();
  }
  std::vector<DnsRecord> out;
  for (unsigned i = 0; i < answers; ++i) {
    if (!read_record(reader, type, out)) return wrong();
  }
  return out;
}

Result<std::vector<DnsRecord>> lookup_dns(const std::string& name, DnsType type,
                                          const std::optional<DnsServer>& server) {
  struct __res_state state {};
  if (::res_ninit(&state) != 0) return error(Code::kUnavailable, "cannot read /etc/resolv.conf");
  if (server) {
    sockaddr_in& first = state.nsaddr_list[0];
    first = {};
    first.sin_family = AF_INET;
    first.sin_port = htons(server->port);
    if (::inet_pton(AF_INET, server->address.c_str(), &first.sin_addr) != 1) {
      ::res_nclose(&state);
      return error(Code::kInvalid, "\"{}\" is no IPv4 address", server->address);
    }
    state.nscount = 1;
    state.retrans = state.retry = 1;
  }
  std::vector<unsigned char> message(kMessageBytesMax);
  const int length =
      ::res_nsearch(&state, name.c_str(), ns_c_in, number_of(type), message.data(), static_cast<int>(message.size()));
  const int failure = state.res_h_errno;
  ::res_nclose(&state);
  if (length < 0) {
    if (failure == HOST_NOT_FOUND || failure == NO_DATA) return std::vector<DnsRecord>();
    return error(Code::kUnavailable, "could not resolve \"{}\": {}", name, ::hstrerror(failure));
  }
  const auto bytes = std::min(static_cast<std::size_t>(length), message.size());
  auto records = parse_dns_answer({reinterpret_cast<const char*>(message.data()), bytes}, type);
  if (!records.ok()) return std::move(records).error().within("could not resolve \"{}\"", name);
  return records;
}

Result<std::vector<TargetGroup>> dns_groups(const DnsDiscoveryConfig& config, const DnsLookup& lookup) {
  std::vector<TargetGroup> out;
  for (const std::string& name : config.names) {
    TRY(records, lookup(name, config.type));
    TargetGroup group;
    group.source = name;
    for (const DnsRecord& record : records) {
      Labels target;
      const std::string port = std::to_string(config.type == DnsType::kSrv ? record.port : config.port);
      target.set("__address__", join_host_port(without_dot(record.target), port));
      target.set("__meta_dns_name", name);
      target.set("__meta_dns_srv_record_target", config.type == DnsType::kSrv ? record.target : "");
      target.set("__meta_dns_srv_record_port", config.type == DnsType::kSrv ? port : "");
      target.set("__meta_dns_mx_record_target", config.type == DnsType::kMx ? record.target : "");
      target.set("__meta_dns_ns_record_target", config.type == DnsType::kNs ? record.target : "");
      group.targets.push_back(std::move(target));
    }
    out.push_back(std::move(group));
  }
  return out;
}

std::unique_ptr<Discovery> make_dns_discovery(const DnsDiscoveryConfig& config) {
  return std::make_unique<DnsDiscovery>(config);
}

}  // namespace trilobite::scrape
