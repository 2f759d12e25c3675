// What happens to queued lines when a signal ends the process.
#pragma once

#include <atomic>

namespace trilobite::log {

class Logger;

// Installs the handlers, once per process: for signals of crashes in front of whatever handler is there, for requests
// to end (SIGTERM and its like) only where there is none. Each waits for the logger's background thread, then lets the
// signal do what it would have done.
void drain_on_fatal_signals(const std::atomic<Logger*>& logger, int wait_ms);

}  // namespace trilobite::log
