// The process-wide logger, each test in a child process of its own that ends as programs end.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>

#include "temp_dir.h"

namespace trilobite::log_test {

struct Point {
  int x, y;
};

}  // namespace trilobite::log_test

template <>
struct fmt::formatter<trilobite::log_test::Point> {
  bool swapped = false;
  constexpr auto parse(fmt::format_parse_context& context) {
    auto it = context.begin();
    if (it != context.end() && *it == 's') swapped = true, ++it;
    return it;
  }
  template <class Context>
  auto format(const trilobite::log_test::Point& p, Context& context) const {
    return fmt::format_to(context.out(), "({},{})", swapped ? p.y : p.x, swapped ? p.x : p.y);
  }
};

namespace trilobite::log_test {
namespace {

constexpr log::Target kLog{"shop::pay"};

struct Ending {
  int status = -1;
  std::string standard_error;
};

// Runs body in a child that then calls exit(0).
Ending run_program(const std::function<void()>& body) {
  const log::TempDir dir;
  const std::string errors = dir.write("stderr", "");
  const pid_t child = fork();
  if (child == 0) {
    const int descriptor = open(errors.c_str(), O_WRONLY | O_APPEND);
    dup2(descriptor, STDERR_FILENO);
    body();
    std::exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, dir.read("stderr")};
}

log::Config to_file(const std::string& path, log::LineFormat format = log::LineFormat::kReadable) {
  log::Config config;
  config.outputs = {{.destination = log::Output::Destination::kFile, .path = path, .format = format}};
  config.clock = [] { return std::int64_t{0}; };
  config.default_target = "main";
  return config;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

constexpr std::string_view kPrefix = "1970-01-01T00:00:00.000000Z  INFO ";

TEST(ProcessLogTest, ArgumentsAndFieldsOfAllTypes) {
  const log::TempDir dir;
  const Ending ending = run_program([&] {
    log::init(to_file(dir.file("log")));
    const std::string text = "text";
    const char* none = nullptr;
    log::info("plain, no {{}}");
    log::info("{} {} {} {} {}", 1, 2u, std::int64_t{-3}, static_cast<unsigned char>(4), true);
    log::info("{} {} {} {}", "literal", text, std::string_view("view"), 'c');
    log::info("{:>6.2f}|{:<4}|{:05x}", 1.5, "ab", 255);
    log::info("{} {}", none == nullptr ? "null" : none, static_cast<void*>(nullptr));
    log::info("{1} {0} {2:s}", 1, 2, Point{3, 4});
    log::info("fields", log::kv("n", 1), log::kv("d", 2.0), log::kv("s", text), log::kv("b", false),
              log::kv("j", log::json(R"({"a":1})")), log::kv("bare", log::display(text)), log::kv("p", Point{1, 2}),
              log::kv("dp", log::display(Point{3, 4})));
    kLog.info("with point {} and field", Point{5, 6}, log::kv("k", "v"));
    kLog.at(log::Level::kInfo, "at a level: {}", 1);
    kLog.at(log::Level::kOff, "at no level");
  });
  EXPECT_EQ(ending.status, 0);
  EXPECT_EQ(ending.standard_error, "");
  const std::string main = std::string(kPrefix) + "main: ", pay = std::string(kPrefix) + "shop::pay: ";
  EXPECT_EQ(dir.read("log"), main + "plain, no {}\n" +             //
                                 main + "1 2 -3 4 true\n" +        //
                                 main + "literal text view c\n" +  //
                                 main + "  1.50|ab  |000ff\n" +    //
                                 main + "null 0x0\n" +             //
                                 main + "2 1 (4,3)\n" +            //
                                 main + "fields n=1 d=2.0 s=\"text\" b=false j={\"a\":1} bare=text p=(1,2) dp=(3,4)\n" +
                                 pay + "with point (5,6) and field k=\"v\"\n" +  //
                                 pay + "at a level: 1\n");
}

TEST(ProcessLogTest, LinesNameTheirPlace) {
  const log::TempDir dir;
  const int line = __LINE__ + 3;
  run_program([&] {
    log::init(to_file(dir.file("log"), log::LineFormat::kJsonl));
    log::info("free function");
    kLog.info("target {}", Point{1, 2});
  });
  const std::string text = dir.read("log");
  const std::string file = __FILE__;
  EXPECT_NE(text.find("\"file\":\"" + file + "\",\"line\":" + std::to_string(line) + ",\"target\":\"main\""),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\"file\":\"" + file + "\",\"line\":" + std::to_string(line + 1) + ",\"target\":\"shop::pay\""),
            std::string::npos)
      << text;
}

TEST(ProcessLogTest, WithoutInitInfoAndAboveGoToStderrAtOnce) {
  const Ending ending = run_program([] {
    log::debug("hidden");
    log::info("shown {}", 1);
    kLog.error("shown {}", 2);
    _exit(0);  // nothing is left for the end
  });
  EXPECT_EQ(count_lines(ending.standard_error), 2u) << ending.standard_error;
  EXPECT_NE(ending.standard_error.find("Z  INFO sdk_test: shown 1\n"), std::string::npos) << ending.standard_error;
  EXPECT_NE(ending.standard_error.find("Z ERROR shop::pay: shown 2\n"), std::string::npos) << ending.standard_error;
}

TEST(ProcessLogTest, NothingIsLostAtExit) {
  const log::TempDir dir;
  constexpr int kThreads = 4, kLines = 2'000;
  const Ending ending = run_program([&] {
    struct LogsInDestructor {
      ~LogsInDestructor() { log::info("from a static destructor"); }
    };
    static LogsInDestructor made_before_init;
    log::init(to_file(dir.file("log")));
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < kLines; ++i) log::info("line {}", i, log::kv("i", i));
      });
    }
    for (std::thread& thread : threads) thread.join();
    static LogsInDestructor made_after_init;
  });
  EXPECT_EQ(ending.status, 0);
  const std::string text = dir.read("log");
  EXPECT_EQ(count_lines(text), kThreads * kLines + 2u);
  EXPECT_TRUE(text.ends_with("from a static destructor\n"));
}

TEST(ProcessLogTest, TheFilterDecidesAndChangesAtRunTime) {
  const log::TempDir dir;
  run_program([&] {
    log::Config config = to_file(dir.file("log"));
    config.filter = "warn,shop=debug";
    config.module_filter = "noisy=error";
    log::init(config);
    static constexpr log::Target kNoisy{"noisy::x"};
    const auto log_all = [](int round) {
      log::info("main {}", round);
      kLog.debug("pay {}", round);
      kNoisy.warn("noisy {}", round);
      if (kLog.enabled(log::Level::kTrace)) log::error("traces {}", round);
    };
    log_all(1);
    if (!log::set_filter("info, shop::pay=trace").empty()) std::abort();
    log_all(2);
    if (log::set_filter("debug,shop=loud,x=y").find("`shop=loud`: no such level") != 0) std::abort();
    if (log::set_filter(" , ") != "no directive given") std::abort();
    log_all(3);
    if (!log::set_filter("noisy=warn").empty()) std::abort();
    log_all(4);
    if (log::filter() != "noisy=warn") std::abort();
  });
  std::string seen;
  std::istringstream lines(dir.read("log"));
  for (std::string line; std::getline(lines, line);) seen += line.substr(line.find(": ") + 2) + ", ";
  EXPECT_EQ(seen, "pay 1, main 2, pay 2, traces 2, main 3, pay 3, traces 3, noisy 4, ");
}

TEST(ProcessLogTest, OnlyTheFirstInitCounts) {
  const log::TempDir dir;
  run_program([&] {
    log::info("before");
    log::init(to_file(dir.file("first")));
    log::init(to_file(dir.file("second")));
    log::info("after");
  });
  EXPECT_EQ(dir.read("first"), std::string(kPrefix) + "main: after\n");
  EXPECT_EQ(dir.read("second"), "");
}

TEST(ProcessLogTest, AFailingInitSaysSoAndExits) {
  const Ending ending = run_program([&] { log::init(to_file("/nonexistent/log")); });
  EXPECT_EQ(ending.status, 1);
  EXPECT_EQ(ending.standard_error,
            "Failed to initialize logging: cannot open log file /nonexistent/log: No such file or directory\n");
}

TEST(ProcessLogTest, TheEnvironmentConfigures) {
  const Ending ending = run_program([] {
    setenv("DYN_LOG", "warn,shop::pay=debug,a=loud", 1);
    setenv("DYN_LOGGING_JSONL", "yes", 1);
    unsetenv("DYN_LOGGING_CONFIG_PATH");
    log::init(log::Config::from_environment("info"));
    log::info("hidden");
    kLog.debug("shown", log::kv("n", 1));
  });
  EXPECT_EQ(count_lines(ending.standard_error), 2u) << ending.standard_error;
  EXPECT_TRUE(ending.standard_error.starts_with("ignoring `a=loud`: ")) << ending.standard_error;
  EXPECT_NE(ending.standard_error.find("\"level\":\"DEBUG\""), std::string::npos) << ending.standard_error;
  EXPECT_NE(ending.standard_error.find("\"target\":\"shop::pay\",\"message\":\"shown\",\"n\":1}\n"), std::string::npos);
}

// Forks while other threads log: each line is written once, by the process that logged it, and children go on logging.
TEST(ProcessLogTest, ForkNeitherLosesNorRepeatsLines) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers take the parent's other threads for leaks of the child and change its exit status";
#endif
  const log::TempDir dir;
  constexpr int kThreads = 3, kLines = 3'000, kChildren = 10, kChildLines = 200;
  const Ending ending = run_program([&] {
    log::Config config = to_file(dir.file("log"));
    config.queue.bytes = 4096;
    log::init(config);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < kLines; ++i) log::info("parent line {}", i);
      });
    }
    for (int c = 0; c < kChildren; ++c) {
      log::info("parent forks");
      const pid_t child = fork();
      if (child == 0) {
        for (int i = 0; i < kChildLines; ++i) log::info("child line {}", i);
        std::exit(0);
      }
      int status = 0;
      waitpid(child, &status, 0);
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) std::abort();
    }
    for (std::thread& thread : threads) thread.join();
  });
  EXPECT_EQ(ending.status, 0);
  std::size_t parent = 0, forks = 0, child = 0, other = 0;
  std::istringstream lines(dir.read("log"));
  for (std::string line; std::getline(lines, line);) {
    const std::string message = line.substr(line.find(": ") + 2);
    ++(message.starts_with("parent line")  ? parent
       : message == "parent forks"         ? forks
       : message.starts_with("child line") ? child
                                           : other);
  }
  EXPECT_EQ(parent, std::size_t{kThreads * kLines});
  EXPECT_EQ(forks, std::size_t{kChildren});
  EXPECT_EQ(child, std::size_t{kChildren * kChildLines});
  EXPECT_EQ(other, 0u);
}

}  // namespace
}  // namespace trilobite::log_test
