#include "fatal_signals.h"

#include <array>
#include <cerrno>
#include <csignal>

#include "logger.h"

namespace trilobite::log {
namespace {

constexpr std::array kCrashes{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};
constexpr std::array kRequests{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGXFSZ};

// What the handler needs; written before it is installed.
const std::atomic<Logger*>* drained_logger = nullptr;
int drain_wait_ms = 0;
struct sigaction previous_actions[NSIG];
std::atomic<bool> installed{false};

void on_fatal_signal(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (Logger* logger = drained_logger->load()) static_cast<void>(logger->drain_in_signal_handler(drain_wait_ms));
  errno = saved_errno;
  const struct sigaction& previous = previous_actions[signal];
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
    return;
  }
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
    return;
  }
  // Blocked until this handler returns; then the process ends as it would have, with its core file.
  struct sigaction ends {};
  ends.sa_handler = SIG_DFL;
  sigaction(signal, &ends, nullptr);
  static_cast<void>(raise(signal));
}

void install(int signal, bool only_default) {
  struct sigaction& previous = previous_actions[signal];
  if (sigaction(signal, nullptr, &previous) != 0) return;
  const bool is_default = (previous.sa_flags & SA_SIGINFO) == 0 && previous.sa_handler == SIG_DFL;
  const bool is_ignored = (previous.sa_flags & SA_SIGINFO) == 0 && previous.sa_handler == SIG_IGN;
  if (is_ignored || (only_default && !is_default)) return;
  struct sigaction action {};
  action.sa_sigaction = on_fatal_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;  // a program that handles stack overflows has a stack for that
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void drain_on_fatal_signals(const std::atomic<Logger*>& logger, int wait_ms) {
  if (installed.exchange(true)) return;
  drained_logger = &logger;
  drain_wait_ms = wait_ms;
  for (const int signal : kCrashes) install(signal, false);
  for (const int signal : kRequests) install(signal, true);
}

}  // namespace trilobite::log
