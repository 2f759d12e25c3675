#include "api/tenant.h"

#include <fmt/format.h>

#include "storage/joined_tenants.h"

namespace trilobite::api {
namespace {

constexpr std::size_t kTenantBytesMax = 150;

bool allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!-_.*'()").find(c) != std::string_view::npos;
}

std::optional<std::string> fault_of(std::string_view tenant) {
  if (tenant.empty()) return "no org id";
  if (tenant.size() > kTenantBytesMax) return fmt::format("tenant ID is too long: max {} characters", kTenantBytesMax);
  if (tenant == "." || tenant == "..") return "tenant ID is '.' or '..'";
  for (const char c : tenant) {
    if (!allowed(c)) return fmt::format("tenant ID '{}' contains unsupported character '{}'", tenant, c);
  }
  return std::nullopt;
}

TenantResult refused(int status, std::string_view text) {
  return {{}, http::Response::text(status, fmt::format("{}\n", text))};
}

}  // namespace

TenantResult tenant_of(const http::Request& request, bool multi_tenant, TenantsOf allowed) {
  if (!multi_tenant) return {std::string(kSingleTenant), {}};
  const std::string_view header = request.header("x-scope-orgid");
  if (header.empty()) return refused(401, "no org id");
  const std::vector<std::string> tenants = tenant_names(header);
  for (const std::string& tenant : tenants) {
    if (const auto fault = fault_of(tenant)) return refused(tenant.empty() ? 401 : 400, *fault);
  }
  if (tenants.size() > 1 && allowed == TenantsOf::kOne) return refused(400, "multiple org IDs present");
  return {fmt::format("{}", fmt::join(tenants, "|")), {}};
}

}  // namespace trilobite::api
