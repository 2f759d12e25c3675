// Which pages of other origins may read answers, as Prometheus' flag --web.cors.origin has it.
#pragma once

#include <memory>
#include <string_view>

#include "api/http.h"
#include "base/result.h"

namespace trilobite::api {

class CorsPolicy {
 public:
  virtual ~CorsPolicy() = default;
  // Headers for a request that names its origin; nothing for others.
  virtual void apply(const http::Request& request, http::Response& response) const = 0;
};
// `origins` is an expression (RE2) that the whole origin must match; ".*": every page may. Errors: kInvalid.
Result<std::shared_ptr<const CorsPolicy>> make_cors_policy(std::string_view origins);

// Whether a page of another origin sends this: what changes data must not be sent by any page that a browser shows.
bool comes_from_another_origin(const http::Request& request);

}  // namespace trilobite::api
