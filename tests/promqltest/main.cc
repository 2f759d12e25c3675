// promqltest [--store memory|engine] FILE...: runs scripts, prints every failure and "N passed, N failed". Exit status
// 1 if anything failed, 2 if a file cannot be read.
#include <fmt/core.h>

#include <fstream>
#include <sstream>

#include "runner.h"

int main(int argc, char** argv) {
  using namespace trilobite::promqltest;
  StoreKind kind = StoreKind::kMemory;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--store" && i + 1 < argc) {
      const std::string_view name = argv[++i];
      if (name != "memory" && name != "engine") {
        fmt::print(stderr, "promqltest: unknown store {}\n", name);
        return 2;
      }
      kind = name == "engine" ? StoreKind::kEngine : StoreKind::kMemory;
    } else {
      names.emplace_back(word);
    }
  }
  if (names.empty()) {
    fmt::print(stderr, "usage: promqltest [--store memory|engine] FILE...\n");
    return 2;
  }
  std::size_t passed = 0, failed = 0;
  for (const std::string& name : names) {
    std::ifstream file(name);
    if (!file) {
      fmt::print(stderr, "promqltest: cannot read {}\n", name);
      return 2;
    }
    std::stringstream text;
    text << file.rdbuf();
    const Outcome outcome = Runner(kind).run(text.str());
    for (const std::string& failure : outcome.failures) fmt::print("{}:{}\n", name, failure);
    passed += outcome.passed;
    failed += outcome.failures.size();
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
