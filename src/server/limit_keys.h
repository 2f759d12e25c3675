// The limits of a tenant as configuration keys: the section `limits`, and each tenant below `overrides`.
#pragma once

#include <string_view>
#include <vector>

#include "server/config_fields.h"

namespace trilobite::server {

const std::vector<Field<TenantLimits>>& limit_fields();
const Field<TenantLimits>* find_limit(std::string_view name);

}  // namespace trilobite::server
