// Whose data a request is about: header X-Scope-OrgID, as Loki reads it.
#pragma once

#include <string>

#include "api/http.h"

namespace trilobite::api {

inline constexpr std::string_view kSingleTenant = "fake";  // Loki's name for the only tenant there is

enum class TenantsOf : std::uint8_t { kOne, kSeveral };  // kSeveral: a|b|c as well, for reading

// Without multi_tenant the header is ignored. Errors (401 without a header, 400 for a bad name) are ready responses.
// Several tenants come sorted, each once, with | between.
struct TenantResult {
  std::string tenant;
  std::optional<http::Response> refusal;
};
TenantResult tenant_of(const http::Request& request, bool multi_tenant, TenantsOf allowed = TenantsOf::kOne);

}  // namespace trilobite::api
