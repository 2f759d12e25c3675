// What some file systems can besides.
#pragma once

#include <string>

#include "base/result.h"

namespace trilobite {

class FileLinks {
 public:
  virtual ~FileLinks() = default;
  // Another name for a file that is never written again. kUnsupported: not here, or not between these two places.
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
};

}  // namespace trilobite
