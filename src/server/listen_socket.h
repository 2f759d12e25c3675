// A TCP socket that listens, for what is not HTTP.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite::server {

struct ListenSocket {
  int fd = -1;  // the caller's; accepting does not block
  std::string address;  // host:port as bound, [host]:port of IPv6
};
// HOST:PORT as parse_listen reads it; port 0: any free one. kInvalid: no such address; kExists: it is taken.
Result<ListenSocket> open_listen_socket(std::string_view listen);

}  // namespace trilobite::server
