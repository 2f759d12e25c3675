// One number bounds the memory of the process; limits that are not set by hand follow from it.
#pragma once

#include <cstdint>

#include "server/config.h"

namespace trilobite::server {

// Memory that this process may use: that of the machine, or of its container if that is less.
std::uint64_t memory_of_machine();

// The budget where none is configured: a quarter of `machine_bytes`, at most 4 GiB.
std::uint64_t default_memory_budget(std::uint64_t machine_bytes);

// Sets the budget if it is 0, and every limit of memory that is 0.
void apply_memory_budget(Config& config, std::uint64_t machine_bytes);

// What one query may take at most, whatever the limits of its tenant say.
std::size_t query_memory_max(const Config& config);

}  // namespace trilobite::server
