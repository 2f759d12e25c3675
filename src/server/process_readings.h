// What Linux knows of this process, from /proc.
#pragma once

#include <cstddef>
#include <optional>

namespace trilobite::server {

struct ProcessReadings {
  double cpu_seconds = 0;  // user and system
  double resident_bytes = 0, virtual_bytes = 0;
  double threads = 0;
  std::size_t open_files = 0;
  double start_time = 0;  // seconds since 1970
};
// Nothing where there is no /proc.
std::optional<ProcessReadings> read_process();

}  // namespace trilobite::server
