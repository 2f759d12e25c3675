// The section `metrics` of the configuration: how queries of metrics run.
#pragma once

#include <vector>

#include "server/config_fields.h"

namespace trilobite::server {

std::vector<Field<Config>> metric_fields();

}  // namespace trilobite::server
