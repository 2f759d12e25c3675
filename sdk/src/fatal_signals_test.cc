// Processes that die: what they logged before is in the file, and they die of what they died of.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>

#include "temp_dir.h"

namespace trilobite::log {
namespace {

constexpr int kLines = 2'000;

// The wait status of a child that logs kLines and then dies.
int status_of(
    const TempDir& dir, const std::function<void()>& die, const std::function<void()>& before = [] {}) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    before();
    Config config;
    config.outputs = {{.destination = Output::Destination::kFile, .path = dir.file("log")}};
    config.queue.bytes = 8 << 20;
    init(config);
    for (int i = 0; i < kLines; ++i) info("line {}", i);
    die();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool under_sanitizer() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

TEST(FatalSignalsTest, LinesBeforeACrashAreWritten) {
  if (under_sanitizer()) GTEST_SKIP() << "sanitizers have their own end of crashed processes";
  const std::pair<int, std::function<void()>> crashes[] = {
      {SIGSEGV, [] { *const_cast<volatile int*>(static_cast<int*>(nullptr)) = 1; }},
      {SIGABRT, [] { std::abort(); }},
      {SIGABRT, [] { std::thread([] { throw std::runtime_error("nobody catches this"); }).join(); }},
      {SIGFPE, [] { raise(SIGFPE); }},
      {SIGTERM, [] { kill(getpid(), SIGTERM); }},
      {SIGINT, [] { raise(SIGINT); }},
  };
  for (const auto& [signal, die] : crashes) {
    const TempDir dir;
    const int status = status_of(dir, die);
    EXPECT_TRUE(WIFSIGNALED(status)) << signal;
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_EQ(lines_in(dir.read("log")), std::size_t{kLines}) << signal;
  }
}

TEST(FatalSignalsTest, TheProgramsOwnHandlersStay) {
  // A handler for requests to end is left alone; one for crashes runs after the lines are written.
  for (const int signal : {SIGTERM, SIGABRT}) {
    const TempDir dir;
    const int status = status_of(
        dir, [signal] { raise(signal); }, [signal] { std::signal(signal, [](int) { _exit(42); }); });
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 42);
    if (signal == SIGABRT) {
      EXPECT_EQ(lines_in(dir.read("log")), std::size_t{kLines});
    }
  }
}

TEST(FatalSignalsTest, AnIgnoredSignalStaysIgnored) {
  const TempDir dir;
  const int status = status_of(
      dir,
      [] {
        raise(SIGHUP);
        flush();
        _exit(7);
      },
      [] { std::signal(SIGHUP, SIG_IGN); });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace trilobite::log
