// A log file that is put aside by size, lines or time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <trilobite/log_setup.h>

#include "outcome.h"

namespace trilobite::log {

// clock: nanoseconds since 1970. Never splits a line; a line larger than bytes_max gets a file of its own.
Outcome<std::unique_ptr<Sink>> rotating_file_sink(const std::string& path, const Rotation& rotation,
                                                  std::function<std::int64_t()> clock);

}  // namespace trilobite::log
