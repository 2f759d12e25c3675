// Where trace::Config comes from, as data, so that tests need no environment.
#pragma once

#include <map>
#include <string>

#include <trilobite/trace_setup.h>

namespace trilobite::trace {

Config read_trace_config(const std::map<std::string, std::string, std::less<>>& variables);

}  // namespace trilobite::trace
