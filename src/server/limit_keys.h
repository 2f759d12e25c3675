// The limits of a tenant as configuration keys.
#pragma once

#include <string_view>
#include <vector>

#include "ingest/limits.h"
#include "server/config_fields.h"

namespace trilobite::server {

const std::vector<Field<ingest::LogLimits>>& limit_fields();
const Field<ingest::LogLimits>* find_limit(std::string_view name);

}  // namespace trilobite::server
