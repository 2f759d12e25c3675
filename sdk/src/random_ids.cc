#include "random_ids.h"

#include <atomic>
#include <bit>
#include <cstring>
#include <ctime>

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

namespace trilobite::trace {
namespace {

// xoshiro256++, by David Blackman and Sebastiano Vigna (public domain): 256 bits of state.
struct Generator {
  std::uint64_t state[4];
  std::uint32_t seeded_in;  // generation of the process it was seeded in; 0: never
};
thread_local constinit Generator generator{};

// 1 in the first process of the program, more in those forked from it.
constinit std::atomic<std::uint32_t> process_generation{1};

std::uint64_t split_mix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

[[gnu::noinline]] void seed(Generator& g) noexcept {
  static const int watched =
      pthread_atfork(nullptr, nullptr, [] { process_generation.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(watched);
  if (getrandom(g.state, sizeof g.state, 0) != static_cast<ssize_t>(sizeof g.state)) {
    // A system without getrandom: time, process and thread still make ids that differ.
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    std::uint64_t mix = static_cast<std::uint64_t>(now.tv_nsec) ^ (static_cast<std::uint64_t>(now.tv_sec) << 30) ^
                        (static_cast<std::uint64_t>(getpid()) << 44) ^ reinterpret_cast<std::uintptr_t>(&g);
    for (std::uint64_t& word : g.state) word = split_mix(mix);
  }
  g.state[0] |= 1;  // a state of zeros would stay so
  g.seeded_in = process_generation.load(std::memory_order_relaxed);
}

std::uint64_t next(Generator& g) noexcept {
  std::uint64_t* const s = g.state;
  const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
  const std::uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result;
}

Generator& ready_generator() noexcept {
  Generator& g = generator;
  if (g.seeded_in != process_generation.load(std::memory_order_relaxed)) [[unlikely]]
    seed(g);
  return g;
}

}  // namespace

TraceId random_trace_id() noexcept {
  Generator& g = ready_generator();
  TraceId id;
  do {
    id.high = next(g);
    id.low = next(g);
  } while (!id);
  return id;
}

SpanId random_span_id() noexcept {
  Generator& g = ready_generator();
  SpanId id;
  do {
    id.value = next(g);
  } while (!id);
  return id;
}

void random_bytes(unsigned char* out, std::uint32_t size) noexcept {
  Generator& g = ready_generator();
  for (std::uint32_t i = 0; i < size; i += 8) {
    const std::uint64_t word = next(g);
    std::memcpy(out + i, &word, size - i < 8 ? size - i : 8);
  }
}

}  // namespace trilobite::trace
