// A data directory to read from while no server runs: nothing in it is changed, not even what a start would tidy up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "storage/store.h"

namespace trilobite {

class ReadOnlyStore : public Store {
 public:
  // Holds the lock of the directory while it lives, so that no server starts underneath. Rows that are in the WAL only
  // are read into memory. kNotFound: no data directory; kExists: in use; kUnsupported: of a newer version; kCorrupt.
  static Result<std::unique_ptr<ReadOnlyStore>> open(FileSystem& files, const std::string& directory);

  // What could not be read of the WAL, a sentence each. Everything else is served.
  virtual std::vector<std::string> messages() const = 0;
};

}  // namespace trilobite
