// SIGTERM and SIGINT as something to wait for.
#pragma once

namespace trilobite::cli {

// Before any thread is started: all threads inherit the mask. SIGPIPE is ignored.
void hold_stop_signals();
// Returns when SIGTERM or SIGINT came. A second one ends the process at once.
void wait_for_stop_signal();

}  // namespace trilobite::cli
