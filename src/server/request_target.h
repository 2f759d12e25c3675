// The parts of a request's first line and form body, decoded.
#pragma once

#include <string>
#include <string_view>

#include "api/http.h"

namespace trilobite::server {

// %41 and, where `plus_is_blank`, "+". A broken escape gives kInvalid.
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank);

// "a=1&b=x%20y" appended to `out`.
Result<void> parse_form(std::string_view text, http::Parameters& out);

// "/path?query", or an absolute URL as proxies send it. Sets path, segments and query.
Result<void> parse_target(std::string_view target, http::Request& request);

// True if the value of Accept-Encoding allows gzip.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace trilobite::server
