// What a span costs the thread that makes it: the best of several rounds, one thread.
//   sdk_trace_bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include <trilobite/log_setup.h>
#include <trilobite/trace.h>
#include <trilobite/trace_headers.h>
#include <trilobite/trace_setup.h>

namespace {

using namespace trilobite::trace;

constexpr SpanType kRequest{"bench::web", "http-request"};
constexpr SpanType kQuiet{"bench::web", "detail", Level::kTrace};
constexpr int kSpans = 100'000;
constexpr int kRounds = 20;

template <class Work>
double measure(const char* name, Work work) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kSpans; ++i) work(i);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kSpans);
  }
  std::printf("%-44s %7.1f ns\n", name, best);
  return best;
}

std::int64_t constant_clock() { return 1'700'000'000'000'000'000; }

}  // namespace

int main() {
  const std::string uri = "/v1/chat/completions";
  const auto four = [&](int i) {
    static_cast<void>(
        kRequest.start(kv("method", "POST"), kv("uri", uri), kv("instance_id", i), kv("streaming", true)));
  };
  static_cast<void>(trilobite::log::set_filter("info"));
  const double bar = measure("trace/span_four_attributes", four);
  measure("trace/span_no_attributes", [](int) { static_cast<void>(kRequest.start()); });
  {
    const Span outer = kRequest.start();
    measure("trace/child_four_attributes", four);
  }
  measure("trace/span_four_attributes_set_later", [&](int i) {
    Span span = kRequest.start();
    span.set(kv("method", "POST"), kv("uri", uri), kv("instance_id", i), kv("streaming", true));
  });
  measure("trace/span_rejected_by_the_filter",
          [](int i) { static_cast<void>(kQuiet.start(kv("method", "POST"), kv("instance_id", i))); });
  init(Config{.sampler = {.root = Sampler::Root::kAlwaysOff}});
  measure("trace/span_four_attributes_not_sampled", four);
  init(Config{.ids = false});
  measure("trace/span_four_attributes_without_ids", four);
  init(Config{.clock = constant_clock});
  {
    const Span span = kRequest.start();
    measure("trace/inject_traceparent",
            [&](int) { inject(Context::current(), [](std::string_view, std::string_view) {}); });
  }
  const std::pair<std::string, std::string> headers[] = {
      {"content-type", "application/json"}, {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};
  measure("trace/extract_traceparent", [&](int) { static_cast<void>(extract(headers)); });
  std::printf("bar: trace/span_four_attributes below 150 ns: %s\n", bar < 150 ? "kept" : "MISSED");
  return bar < 150 ? 0 : 1;
}
