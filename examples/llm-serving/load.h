// The load generator: clients of the frontend, arriving at random, with prompts that share beginnings.
#pragma once

#include <cstdint>
#include <string>

namespace llm {

struct LoadOptions {
  std::string url = "http://127.0.0.1:8000";
  std::string model = "demo-8b";
  double rate = 6;               // requests per second
  double seconds = 0;            // 0: until stopped
  std::size_t clients_max = 96;  // requests under way at once; further arrivals are dropped and counted
  std::uint64_t seed = 1;
};

// Returns the exit status. Stops early when stopping becomes true.
int run_load(const LoadOptions& options, const volatile bool& stopping);

}  // namespace llm
