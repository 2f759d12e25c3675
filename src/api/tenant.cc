#include "api/tenant.h"

#include <algorithm>

namespace trilobite::api {
namespace {

constexpr std::size_t kTenantBytesMax = 150;

bool allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!-_.*'()").find(c) != std::string_view::npos;
}

std::optional<std::string> fault_of(std::string_view tenant) {
  if (tenant.size() > kTenantBytesMax) return fmt::format("tenant ID is too long: max {} characters", kTenantBytesMax);
  if (tenant == "." || tenant == "..") return "tenant ID is '.' or '..'";
  if (tenant.find('|') != std::string_view::npos) return "multiple org IDs present";
  for (const char c : tenant) {
    if (!allowed(c)) return fmt::format("tenant ID '{}' contains unsupported character '{}'", tenant, c);
  }
  return std::nullopt;
}

}  // namespace

TenantResult tenant_of(const http::Request& request, bool multi_tenant) {
  if (!multi_tenant) return {std::string(kSingleTenant), {}};
  const std::string_view tenant = request.header("x-scope-orgid");
  if (tenant.empty()) return {{}, http::Response::text(401, "no org id\n")};
  if (const auto fault = fault_of(tenant)) return {{}, http::Response::text(400, *fault + "\n")};
  return {std::string(tenant), {}};
}

}  // namespace trilobite::api
