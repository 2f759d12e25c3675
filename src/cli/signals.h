// SIGTERM, SIGINT and SIGHUP as something to wait for.
#pragma once

#include <functional>

namespace trilobite::cli {

// Before any thread is started: all threads inherit the mask. SIGPIPE is ignored.
void hold_stop_signals();
// Returns when SIGTERM or SIGINT came. A second one ends the process at once. SIGHUP, which by custom means "read your
// configuration again", calls `hang_up` where one is given, and the wait goes on.
void wait_for_stop_signal(const std::function<void()>& hang_up = nullptr);

}  // namespace trilobite::cli
