// Numbers as the two line formats write them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace trilobite::log {

// The shortest digits that give the same number back, always with `.0` or an exponent. JSON has no exponent from 1e-5
// below 1e16; the readable format from 1e-4 below 1e16 (`inf` and `NaN` there, 0 in JSON).
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, float value);
void append_readable_number(std::string& out, double value);
void append_readable_number(std::string& out, float value);

// The usual numbers in a fraction of the time: writes value where it has at most six digits behind the point, and a
// moderate size; otherwise returns 0. What it writes is what the two formats and fmt write, point_always apart: fmt
// shows 3.0 as 3. At most 20 bytes.
std::size_t put_short_decimal(char* out, double value, bool point_always);

// The six digits of number < 1,000,000.
void put_six_digits(char* out, std::uint32_t number);

void append_integer(std::string& out, std::int64_t value);
void append_integer(std::string& out, std::uint64_t value);

}  // namespace trilobite::log
