#pragma once

#include <string>

namespace trilobite::log {

// Replaces path by path.gz: written under path.gz.tmp, renamed when complete, and only then is path removed. Returns 0
// or an errno value; path is then still there.
int gzip_file(const std::string& path);

}  // namespace trilobite::log
