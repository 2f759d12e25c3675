// Loki's `otlp_config` as YAML text.
#pragma once

#include <string>
#include <string_view>

#include "ingest/otlp_mapping.h"

namespace trilobite::server {

// "" and {} are the defaults. Errors name the place below otlp_config.
Result<ingest::OtlpMapping> parse_otlp_config(std::string_view yaml);
// In one line; what parse_otlp_config reads back.
std::string format_otlp_config(const ingest::OtlpMapping& mapping);

}  // namespace trilobite::server
