// Metrics of the instrumentation library against prometheus-cpp, both in this process, turn by turn: the cost of one
// call for the thread that makes it, alone and with a second thread on the same metric, and of a scrape of 10,000
// series. Prints `task ours theirs ratio`; a task that misses its bar ends the program with status 1.
//
//   sdk_metrics_bench [rounds]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#include <prometheus/text_serializer.h>

#include <trilobite/metrics.h>

namespace {

namespace ours = trilobite::metrics;
using Clock = std::chrono::steady_clock;

constexpr int kCalls = 2'000'000;
constexpr double kNoBar = 0;
constexpr double kRatioMax = 1.03;  // where both are the same instruction, one of them is ahead by chance

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// Nanoseconds per call of body(i), which the compiler may not merge with the next one.
template <class Body>
double cost(int calls, Body body) {
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < calls; ++i) {
    body(i);
    asm volatile("" ::: "memory");
  }
  return nanoseconds_since(start) / calls;
}

// The same in two threads at once, both on the same metric: the mean of both.
template <class Body>
double contended_cost(int calls, Body body) {
  std::atomic<int> waiting{2};
  std::vector<double> costs(2);
  const auto run = [&](std::size_t thread) {
    waiting.fetch_sub(1);
    while (waiting.load() > 0) {
    }
    costs[thread] = cost(calls, body);
  };
  std::thread second([&] { run(1); });
  run(0);
  second.join();
  return (costs[0] + costs[1]) / 2;
}

struct Task {
  const char* name;
  const char* unit;
  double bar;  // upper limit of ours, kNoBar: only the ratio counts
  std::function<double()> ours;
  std::function<double()> theirs;
};

// The best of all rounds: what the machine does when nobody else uses it.
struct Best {
  double ours = 1e300;
  double theirs = 1e300;
};

const std::vector<double> kBuckets{0.001, 0.0022, 0.0047, 0.01, 0.022, 0.047, 0.1, 0.22, 0.47,
                                   1,     2.2,    4.7,    10,   22,    48,    100, 220,  480};

// Values over all buckets, in an order that no branch predictor learns.
std::vector<double> observations() {
  std::vector<double> out(1 << 14);
  std::uint64_t state = 88172645463325252ull;
  for (double& value : out) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    value = kBuckets[state % kBuckets.size()] * (0.5 + static_cast<double>(state >> 40) / (1 << 24));
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 7;
  const std::vector<double> values = observations();
  const auto value = [&](int i) { return values[static_cast<std::size_t>(i) & (values.size() - 1)]; };

  const ours::Registry registry;
  const auto int_counter = registry.create_intcounter("ic_total", "c").or_log();
  const auto counter = registry.create_counter("c_total", "c").or_log();
  const auto gauge = registry.create_gauge("g", "g").or_log();
  const auto histogram = registry.create_histogram("h", "h", {}, {.buckets = &kBuckets}).or_log();
  const auto native = registry.create_histogram("n", "n", {}, {.native = {.factor = 1.1}}).or_log();
  const auto summary = registry.create_summary("s", "s").or_log();
  const auto vector = registry.create_intcountervec("v_total", "v", {"model", "endpoint", "status"}).or_log();
  // A counter that belongs to another thread, which must live: the next thread would inherit its identity.
  std::atomic<bool> owned{false}, done{false};
  const auto shared_counter = registry.create_counter("sh_total", "c").or_log();
  std::thread owner([&] {
    shared_counter.add();
    owned = true;
    while (!done.load()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  while (!owned.load()) std::this_thread::yield();

  prometheus::Registry their_registry;
  auto& their_counter = prometheus::BuildCounter().Name("c_total").Help("c").Register(their_registry).Add({});
  auto& their_gauge = prometheus::BuildGauge().Name("g").Help("g").Register(their_registry).Add({});
  auto& their_histogram = prometheus::BuildHistogram().Name("h").Help("h").Register(their_registry).Add({}, kBuckets);
  auto& their_summary = prometheus::BuildSummary()
                            .Name("s")
                            .Help("s")
                            .Register(their_registry)
                            .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}, {0.9, 0.01}, {0.99, 0.001}});
  auto& their_vector = prometheus::BuildCounter().Name("v_total").Help("v").Register(their_registry);

  // 10,000 series with labels as a frontend has them, and one histogram of 500 series.
  const ours::Registry big = ours::Registry::runtime();
  const auto big_endpoint = big.child("prod").child("backend").child("generate");
  const auto requests = big_endpoint.create_countervec("requests_total", "Requests", {"model", "status"}).or_log();
  prometheus::Registry their_big;
  auto& their_requests =
      prometheus::BuildCounter().Name("dynamo_component_requests_total").Help("Requests").Register(their_big);
  for (int i = 0; i < 10'000; ++i) {
    const std::string model = "model-" + std::to_string(i / 2), status = i % 2 == 0 ? "success" : "error";
    requests.with({model, status}).add(i * 1.5);
    their_requests
        .Add({{"dynamo_namespace", "prod"},
              {"dynamo_component", "backend"},
              {"dynamo_endpoint", "generate"},
              {"model", model},
              {"status", status}})
        .Increment(i * 1.5);
  }
  const prometheus::TextSerializer their_serializer;
  std::size_t page_bytes = 0, their_page_bytes = 0;

  const std::vector<Task> tasks{
      {"counter add", "ns", 5, [&] { return cost(kCalls, [&](int) { counter.add(); }); },
       [&] { return cost(kCalls, [&](int) { their_counter.Increment(); }); }},
      {"int counter add", "ns", 5, [&] { return cost(kCalls, [&](int) { int_counter.add(); }); },
       [&] { return cost(kCalls, [&](int) { their_counter.Increment(); }); }},
      {"counter add, another thread's", "ns", kNoBar, [&] { return cost(kCalls, [&](int) { shared_counter.add(); }); },
       [&] { return cost(kCalls, [&](int) { their_counter.Increment(); }); }},
      {"counter add, 2 threads", "ns", kNoBar, [&] { return contended_cost(kCalls, [&](int) { counter.add(); }); },
       [&] { return contended_cost(kCalls, [&](int) { their_counter.Increment(); }); }},
      {"counter value", "ns", kNoBar,
       [&] {
         return cost(kCalls, [&](int) {
           const double read = counter.value();
           asm volatile("" ::"x"(read));
         });
       },
       [&] {
         return cost(kCalls, [&](int) {
           const double read = their_counter.Value();
           asm volatile("" ::"x"(read));
         });
       }},
      {"gauge set", "ns", kNoBar, [&] { return cost(kCalls, [&](int i) { gauge.set(i); }); },
       [&] { return cost(kCalls, [&](int i) { their_gauge.Set(i); }); }},
      {"gauge add", "ns", kNoBar, [&] { return cost(kCalls, [&](int) { gauge.add(); }); },
       [&] { return cost(kCalls, [&](int) { their_gauge.Increment(); }); }},
      {"histogram observe, 18 buckets", "ns", 15,
       [&] { return cost(kCalls, [&](int i) { histogram.observe(value(i)); }); },
       [&] { return cost(kCalls, [&](int i) { their_histogram.Observe(value(i)); }); }},
      {"histogram observe, 2 threads", "ns", kNoBar,
       [&] { return contended_cost(kCalls / 2, [&](int i) { histogram.observe(value(i)); }); },
       [&] { return contended_cost(kCalls / 2, [&](int i) { their_histogram.Observe(value(i)); }); }},
      {"native histogram observe", "ns", kNoBar, [&] { return cost(kCalls, [&](int i) { native.observe(value(i)); }); },
       [&] { return cost(kCalls, [&](int i) { their_histogram.Observe(value(i)); }); }},
      {"summary observe", "ns", kNoBar, [&] { return cost(kCalls / 8, [&](int i) { summary.observe(value(i)); }); },
       [&] { return cost(kCalls / 8, [&](int i) { their_summary.Observe(value(i)); }); }},
      {"vector look-up and add, 3 labels", "ns", kNoBar,
       [&] { return cost(kCalls / 8, [&](int) {
               vector.with({"llama", "chat_completions", "success"}).add();
             }); },
       [&] {
         return cost(kCalls / 8, [&](int) {
           their_vector.Add({{"model", "llama"}, {"endpoint", "chat_completions"}, {"status", "success"}}).Increment();
         });
       }},
      {"scrape of 10,000 series", "ms", 5,
       [&] { return cost(4, [&](int) { page_bytes = big.expfmt().text.size(); }) / 1e6; },
       [&] {
         return cost(4, [&](int) { their_page_bytes = their_serializer.Serialize(their_big.Collect()).size(); }) / 1e6;
       }},
  };

  std::vector<Best> best(tasks.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      best[i].ours = std::min(best[i].ours, tasks[i].ours());
      best[i].theirs = std::min(best[i].theirs, tasks[i].theirs());
    }
  }
  done = true;
  owner.join();

  bool met = true;
  std::printf("%-34s %12s %16s %7s\n", "metrics", "trilobite", "prometheus-cpp", "ratio");
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const double ratio = best[i].ours / best[i].theirs;
    const bool missed = ratio > kRatioMax || (tasks[i].bar != kNoBar && best[i].ours > tasks[i].bar);
    std::printf("%-34s %9.2f %2s %13.2f %2s %7.2f%s\n", tasks[i].name, best[i].ours, tasks[i].unit, best[i].theirs,
                tasks[i].unit, ratio, missed ? "  MISSED" : "");
    met = met && !missed;
  }
  std::printf("page: %zu bytes, theirs %zu\n", page_bytes, their_page_bytes);
  return met ? 0 : 1;
}
