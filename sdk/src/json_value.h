#pragma once

#include <string>

#include <trilobite/log_value.h>

namespace trilobite::log {

// A value as a field of a JSONL line has it.
void append_json_value(std::string& out, const Value& value);

}  // namespace trilobite::log
