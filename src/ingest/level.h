// Which severity a log line has, as Loki discovers it (label detected_level): from a field of a JSON or logfmt line
// whose name says so, else from the first word that is a level.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "columnar/label_set.h"

namespace trilobite::ingest {

inline constexpr std::string_view kDetectedLevel = "detected_level";

enum class Level : std::uint8_t { kUnknown, kTrace, kDebug, kInfo, kWarn, kError, kCritical, kFatal };
inline constexpr std::size_t kLevels = 8;
std::string_view level_name(Level level);

// "WRN" -> warn. Nothing for a value that no level is called.
std::optional<Level> level_of_value(std::string_view value);
// As level_of_value, but other values are kept as they are. The view is into `value` or static.
std::string_view normal_level(std::string_view value);

// The value of the label that names the level: the first present of level, LEVEL, Level, log.level, severity, ...
std::optional<std::string_view> level_label(const LabelSet& labels);

// Place of a name in that order; kLevelFields for a name that is none of them.
inline constexpr std::size_t kLevelFields = 14;
std::size_t level_field_rank(std::string_view name);

// What OpenTelemetry's severity_number means.
Level level_of_severity_number(std::string_view number);

Level level_of_line(std::string_view line);

}  // namespace trilobite::ingest
