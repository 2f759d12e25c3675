// The file that `scrape_failure_log_file` names: a line of JSON for each scrape that failed.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace trilobite::scrape {

struct ScrapeFailure {
  TimeNs time = 0;
  std::string_view job, target, error;
};

// {"time":"2026-01-15T12:00:00.250Z","level":"ERROR","msg":"...","job_name":"a","target":"http://..."}
std::string failure_line(const ScrapeFailure& failure);

// The file is opened for each line, so that it may be moved away at any time. Any thread.
Result<void> append_failure(const std::string& path, const ScrapeFailure& failure);

}  // namespace trilobite::scrape
