// Where status::Options come from, as data, so that tests need neither the environment nor system files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <trilobite/status_server.h>

#include "outcome.h"

namespace trilobite::status {

using Variables = std::map<std::string, std::string, std::less<>>;

// The keys of a runtime file that are meant for the status server, under the names of their variables: system_port =
// 8081 becomes DYN_SYSTEM_PORT. A missing file gives none.
log::Outcome<Variables> read_runtime_file(const std::string& path);

Options read_options(const Variables& environment, const std::vector<std::string>& files);

}  // namespace trilobite::status
