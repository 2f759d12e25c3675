// Times as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace trilobite::ingest {

// 2026-01-15T00:00:00.123456789+01:00; up to nine digits behind the point, Z or a numeric zone.
std::optional<TimeNs> parse_rfc3339(std::string_view text);

// In UTC, whole seconds: how Loki's error texts show times.
std::string format_rfc3339(TimeNs time);

}  // namespace trilobite::ingest
