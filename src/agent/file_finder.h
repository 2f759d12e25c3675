// Which files a target's patterns name now, and which folders to watch for others.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "agent/glob.h"

namespace trilobite::agent {

struct FoundFiles {
  std::vector<std::string> files;       // sorted
  std::set<std::string> folders;        // where files could appear
  std::set<std::string> ancestors;      // the nearest folder that exists, of those that do not yet
  bool limited = false;                 // there was more than limits.h allows
};

// Adds to `out`. Links to files are followed, links to folders only where the pattern names them in full.
void find_files(const Glob& path, const Glob* exclude, FoundFiles& out);

// The regular files of one folder, with their paths.
std::vector<std::string> list_files(const std::string& folder);

std::string parent_folder(const std::string& path);
std::string file_name(const std::string& path);

}  // namespace trilobite::agent
