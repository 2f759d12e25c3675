// Promtail's positions.yaml: read once, when the agent takes over from Promtail, and written for those who look at it.
// What counts is in the queue.
#pragma once

#include <string>

#include "agent/file_collector.h"
#include "base/file_system.h"

namespace trilobite::agent {

// An absent file is empty. Entries that are no file offsets ("cursor-...") are left out.
Result<PathOffsets> read_positions_file(FileSystem& files, const std::string& path);
Result<void> write_positions_file(FileSystem& files, const std::string& path, const PathOffsets& offsets);

}  // namespace trilobite::agent
