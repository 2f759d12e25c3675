// One output and one limit of a log file as texts, as the environment and the configuration file have them.
#pragma once

#include <string>
#include <string_view>

#include <trilobite/log_setup.h>

namespace trilobite::log {

// `stderr`, `stdout`, `syslog`, `journal`, or a path with a `/`. Empty, or what is wrong.
std::string read_destination(std::string_view name, Output& output);

// bytes=100M, lines=1000000, interval=1d, keep=7, gzip= (no value). False: no such option, or a bad value.
bool read_rotation(std::string_view name, std::string_view value, Rotation& rotation);

}  // namespace trilobite::log
