// Parts of Prometheus' configuration that are kept for other programs and not used here: what Prometheus would refuse.
#pragma once

#include <string>
#include <vector>

#include "scrape/config.h"

namespace trilobite::cli {

// Errors of remote_write, remote_read, alerting and tracing: "line 7: remote_write[0]: url is empty".
std::vector<std::string> errors_of_kept_sections(const scrape::Config& config);

// Files that scrape jobs name and that are not there: credentials, certificates, keys. They are read when they are
// needed, so their absence is no error of the configuration itself. What promtool asks for.
std::vector<std::string> missing_files(const scrape::Config& config);

}  // namespace trilobite::cli
