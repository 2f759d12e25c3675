#include "cli/signals.h"

#include <pthread.h>

#include <csignal>

namespace trilobite::cli {
namespace {

sigset_t held_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void hold_stop_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = held_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void wait_for_stop_signal(const std::function<void()>& hang_up) {
  const sigset_t set = held_signals();
  int signal = 0;
  while (signal != SIGTERM && signal != SIGINT) {
    if (sigwait(&set, &signal) == 0 && signal == SIGHUP && hang_up) hang_up();
  }
  std::signal(SIGHUP, SIG_IGN);  // the terminal may go away while we stop
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace trilobite::cli
