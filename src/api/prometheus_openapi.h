// What of Prometheus' API is here, described in OpenAPI's words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/prometheus_api.h"

namespace trilobite::api {

enum class OpenapiVersion : std::uint8_t { k3_1, k3_2 };
std::string openapi_yaml(OpenapiVersion version);

// Method and path below /api/v1 of each operation described.
std::vector<std::pair<std::string, std::string>> openapi_operations();

}  // namespace trilobite::api
