// The sinks the library brings along.
#pragma once

#include <memory>
#include <string>

#include <trilobite/log_setup.h>

#include "outcome.h"

namespace trilobite::log {

// Writes to a descriptor that stays open; waits when it would block. The descriptor is not closed.
std::unique_ptr<Sink> descriptor_sink(int descriptor);

// Appends to a file, which is made with mode 0640 when missing.
Outcome<std::unique_ptr<Sink>> file_sink(const std::string& path);

}  // namespace trilobite::log
