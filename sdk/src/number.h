// Numbers as the two line formats write them.
#pragma once

#include <cstdint>
#include <string>

namespace trilobite::log {

// The shortest digits that give the same number back, always with `.0` or an exponent. JSON has no exponent from 1e-5
// below 1e16; the readable format from 1e-4 below 1e16 (`inf` and `NaN` there, 0 in JSON).
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, float value);
void append_readable_number(std::string& out, double value);
void append_readable_number(std::string& out, float value);

void append_integer(std::string& out, std::int64_t value);
void append_integer(std::string& out, std::uint64_t value);

}  // namespace trilobite::log
