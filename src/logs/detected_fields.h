// What fields a sample of lines has: structured metadata, and what json or else logfmt finds in each line. With a type
// and the number of different values, for people who build a query.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "logs/log_query.h"

namespace trilobite::logql {

enum class FieldType : std::uint8_t { kInt, kFloat, kBoolean, kDuration, kBytes, kString };
std::string_view field_type_name(FieldType type);
FieldType field_type_of(std::string_view value);  // the first in the order of the enumeration that reads it

struct DetectedField {
  FieldType type = FieldType::kString;
  std::set<std::string> values;
  std::vector<std::string> parsers;    // json, logfmt; none for structured metadata
  std::vector<std::string> json_path;  // of the first line that has it
};

Result<std::map<std::string, DetectedField>> detect_fields(const std::vector<LogRow>& rows);

}  // namespace trilobite::logql
