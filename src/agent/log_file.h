// The bytes of one log file that is open: a plain one, or what is in a .gz file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agent/file_position.h"
#include "base/clock.h"
#include "base/result.h"

namespace trilobite::agent {

struct LogFileInfo {
  FileId id;
  std::uint64_t bytes = 0;  // on disk
  TimeNs modified = 0;
  std::uint64_t links = 0;  // 0: it was deleted
};

// One thread.
class LogFile {
 public:
  // kNotFound, kUnsupported for what is no regular file, kIo otherwise (no permission, ...).
  static Result<std::unique_ptr<LogFile>> open(const std::string& path);
  virtual ~LogFile() = default;

  virtual Result<LogFileInfo> info() const = 0;
  // Up to `length` bytes at `offset` of the content; fewer at the end of what there is.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t length) = 0;
  virtual bool compressed() const = 0;
};

// Who has the name now; kNotFound when nobody has.
Result<LogFileInfo> file_info(const std::string& path);

}  // namespace trilobite::agent
