// The cost of logging with the instrumentation library, next to spdlog's asynchronous logger: the same statement, JSON
// lines, the same kind of file. Prints one line `name value unit` per figure, then each bar; fails when one is missed.
//
//   sdk_log_bench [sdk|spdlog] [DIR]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>

namespace {

namespace log = trilobite::log;
using Clock = std::chrono::steady_clock;

constexpr log::Target kBench{"bench::router"};

// Lines of one burst fit every queue, so that the caller's own work is measured and not the writing of the file.
constexpr int kBurst = 1'000;
constexpr int kBursts = 300;
constexpr int kWarmUp = 100;  // bursts before those that count

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

struct Costs {
  double loop_median;  // of a statement in a burst, over all bursts
  double median;       // of single statements, timed one by one, without the cost of timing
  double p999;
};

double percentile(std::vector<double>& values, double q) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// statement(i) logs one line; drain() waits until all lines are written.
template <class Statement, class Drain>
Costs measure(Statement statement, Drain drain) {
  std::vector<double> bursts, singles, timing;
  for (int round = 0; round < kWarmUp; ++round) {
    for (int i = 0; i < kBurst; ++i) statement(i);
    drain();
  }
  for (int round = 0; round < kBursts; ++round) {
    auto start = Clock::now();
    for (int i = 0; i < kBurst; ++i) statement(i);
    bursts.push_back(nanoseconds_since(start) / kBurst);
    drain();
    for (int i = 0; i < kBurst; ++i) {
      start = Clock::now();
      statement(i);
      singles.push_back(nanoseconds_since(start));
    }
    drain();
    for (int i = 0; i < 100; ++i) {
      start = Clock::now();
      timing.push_back(nanoseconds_since(start));
    }
  }
  const double own = percentile(timing, 0.5);
  return {.loop_median = percentile(bursts, 0.5),
          .median = percentile(singles, 0.5) - own,
          .p999 = percentile(singles, 0.999) - own};
}

std::map<std::string, double> figures;

void print(const std::string& name, double value, std::string_view unit) {
  fmt::print("{:<32} {:14.2f} {}\n", name, value, unit);
  figures[name] = value;
}

void print(std::string_view who, const Costs& costs) {
  print(fmt::format("{}.burst_median", who), costs.loop_median, "ns");
  print(fmt::format("{}.single_median", who), costs.median, "ns");
  print(fmt::format("{}.single_p999", who), costs.p999, "ns");
}

std::uint64_t count_lines(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(1 << 20);
  std::uint64_t lines = 0;
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    lines += static_cast<std::uint64_t>(std::count(block.data(), block.data() + file.gcount(), '\n'));
  }
  return lines;
}

void log_line(int i) {
  kBench.info("selected worker {} with overlap {}", i, 0.5, log::kv("attempt", i & 7), log::kv("model", "llama-3-8b"));
}

// Lines per second of some threads that log as fast as they can, until the last line is written.
template <class Statement, class Drain>
double throughput(int threads, int lines, Statement statement, Drain drain) {
  const auto start = Clock::now();
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&] {
      for (int i = 0; i < lines; ++i) statement(i);
    });
  }
  for (std::thread& thread : running) thread.join();
  drain();
  return static_cast<double>(threads) * lines / (nanoseconds_since(start) / 1e9);
}

#if defined(__x86_64__)
// What reading the processor's counter costs, which each statement does once: it tells how quiet the core is.
double counter_cost() {
  std::vector<double> bursts;
  for (int round = 0; round < kBursts; ++round) {
    const auto start = Clock::now();
    for (int i = 0; i < kBurst; ++i) {
      const auto ticks = __builtin_ia32_rdtsc();
      asm volatile("" : : "r"(ticks));
    }
    bursts.push_back(nanoseconds_since(start) / kBurst);
  }
  return percentile(bursts, 0.5);
}
#endif

void run_sdk(const std::string& dir) {
  const std::string path = dir + "/sdk.jsonl";
  log::Config config;
  config.outputs = {{.destination = log::Output::Destination::kFile, .path = path, .format = log::LineFormat::kJsonl}};
  log::init(config);
  constexpr int kLines = 3'000'000;
  std::uint64_t logged = 0;

  log_line(0);
  log::flush();
  print("sdk", measure(log_line, log::flush));
  logged += 1 + std::uint64_t{kBurst} * (kWarmUp + 2 * kBursts);
#if defined(__x86_64__)
  print("sdk.of_that_time_stamp_counter", counter_cost(), "ns");
#endif
  for (const int threads : {1, 2}) {
    print(fmt::format("sdk.throughput_{}_threads", threads), throughput(threads, kLines, log_line, log::flush),
          "lines/s");
    logged += static_cast<std::uint64_t>(threads) * kLines;
  }
  const auto start = Clock::now();
  constexpr int kDisabled = 200'000'000;
  for (int i = 0; i < kDisabled; ++i) {
    kBench.debug("selected worker {} with overlap {}", i, 0.5, log::kv("attempt", i & 7));
    asm volatile("" ::: "memory");
  }
  print("sdk.disabled", nanoseconds_since(start) / kDisabled, "ns");
  const std::uint64_t written = count_lines(path);
  print("sdk.lost", static_cast<double>(logged) - static_cast<double>(written), "lines");
}

void run_spdlog(const std::string& dir) {
  const std::string path = dir + "/spdlog.jsonl";
  spdlog::init_thread_pool(8192, 1);
  auto logger = spdlog::basic_logger_mt<spdlog::async_factory>("bench::router", path);
  logger->set_pattern(
      R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","file":"%g","line":%#,"target":"%n","message":"%v})",
      spdlog::pattern_time_type::utc);
  // spdlog has no fields: they are part of its message, which leaves the string's last quote to the statement.
  const auto statement = [&](int i) {
    SPDLOG_LOGGER_INFO(logger, R"(selected worker {} with overlap {}","attempt":{},"model":"{}")", i, 0.5, i & 7,
                       "llama-3-8b");
  };
  std::uint64_t expected = 0;
  const auto drain = [&] {  // spdlog's flush() does not wait; what it wrote shows in the file
    logger->flush();
    while (count_lines(path) < expected) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  statement(0);
  std::vector<double> bursts;
  expected = 1;
  drain();
  // The file is started again for each measured round: reading it over and over would be most of the work.
  Costs costs{};
  {
    std::vector<double> singles, timing;
    for (int round = 0; round < kBursts; ++round) {
      auto start = Clock::now();
      for (int i = 0; i < kBurst; ++i) statement(i);
      bursts.push_back(nanoseconds_since(start) / kBurst);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      for (int i = 0; i < kBurst; ++i) {
        start = Clock::now();
        statement(i);
        singles.push_back(nanoseconds_since(start));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      for (int i = 0; i < 100; ++i) {
        start = Clock::now();
        timing.push_back(nanoseconds_since(start));
      }
    }
    const double own = percentile(timing, 0.5);
    costs = {percentile(bursts, 0.5), percentile(singles, 0.5) - own, percentile(singles, 0.999) - own};
    expected += 2ull * kBurst * kBursts;
  }
  drain();
  print("spdlog", costs);
  constexpr int kLines = 1'000'000;
  for (const int threads : {1, 2}) {
    expected += static_cast<std::uint64_t>(threads) * kLines;
    print(fmt::format("spdlog.throughput_{}_threads", threads), throughput(threads, kLines, statement, drain),
          "lines/s");
  }
  spdlog::shutdown();
}

// False when a bar is missed.
bool check(std::string_view bar, double value, bool met) {
  fmt::print("{:<48} {:10.2f} {}\n", bar, value, met ? "ok" : "MISSED");
  return met;
}

bool check_bars() {
  const double median = figures["sdk.burst_median"], one = figures["sdk.throughput_1_threads"];
  bool met = check("median, at most 25 ns", median, median <= 25);
  met &= check("99.9th percentile, at most 2000 ns", figures["sdk.single_p999"], figures["sdk.single_p999"] <= 2'000);
  met &= check("throughput, above 3 million lines/s", one, one > 3e6);
  met &= check("throughput of 2 threads / 1 thread, at least 0.9", figures["sdk.throughput_2_threads"] / one,
               figures["sdk.throughput_2_threads"] >= 0.9 * one);
  met &= check("disabled statement, under 1 ns", figures["sdk.disabled"], figures["sdk.disabled"] < 1);
  met &= check("lost lines, none", figures["sdk.lost"], figures["sdk.lost"] == 0);
  if (!figures.contains("spdlog.burst_median")) return met;
  const double ratio = median / figures["spdlog.burst_median"];
  return check("median / spdlog, at most 0.5", ratio, ratio <= 0.5) && met;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view who = argc > 1 ? argv[1] : "";
  char scratch[] = "/tmp/sdk-log-bench-XXXXXX";
  const bool own_dir = argc <= 2;
  const std::string dir = own_dir ? mkdtemp(scratch) : argv[2];
  std::filesystem::create_directories(dir);
  if (who != "spdlog") run_sdk(dir);
  if (who != "sdk") run_spdlog(dir);
  const bool met = who == "spdlog" || check_bars();
  if (own_dir) std::filesystem::remove_all(dir);
  return met ? 0 : 1;
}
