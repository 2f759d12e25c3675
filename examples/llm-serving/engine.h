// The simulated accelerators: what takes the time of a prefill and of a decode worker.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace llm {

// What is wrong with a worker, changed while it runs.
class Fault {
 public:
  enum class Kind : std::uint8_t { kNone, kSlow, kFail, kHang };

  static bool parse(std::string_view text, Kind& kind);
  static std::string_view name(Kind kind);

  void set(Kind kind) { kind_ = kind; }
  Kind get() const { return kind_; }

 private:
  std::atomic<Kind> kind_{Kind::kNone};
};

struct PrefillSpeed {
  std::chrono::microseconds batch{8000};     // each batch
  std::chrono::microseconds token{60};       // each token that is not in the cache
  std::chrono::microseconds host_block{40};  // each block fetched from host memory
  std::chrono::microseconds disk_block{400};
  std::size_t batch_tokens_max = 4096;
};

struct PrefillWork {
  std::size_t new_tokens = 0;
  std::size_t host_blocks = 0;
  std::size_t disk_blocks = 0;
};

// Takes waiting prompts in batches, first come first served.
class PrefillEngine {
 public:
  PrefillEngine(PrefillSpeed speed, const Fault& fault);
  ~PrefillEngine();
  PrefillEngine(const PrefillEngine&) = delete;
  PrefillEngine& operator=(const PrefillEngine&) = delete;

  // Returns when the prompt is computed, with an error or an empty text. Any thread.
  std::string run(const PrefillWork& work);
  std::size_t waiting_tokens() const { return waiting_tokens_; }

 private:
  struct Job {
    PrefillWork work;
    bool done = false;
    std::string error;
  };

  void loop();

  const PrefillSpeed speed_;
  const Fault& fault_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job*> queue_;
  std::atomic<std::size_t> waiting_tokens_{0};
  bool stopping_ = false;
  std::thread thread_;
};

struct DecodeSpeed {
  std::chrono::microseconds step{9000};     // each step of the whole batch
  std::chrono::microseconds sequence{350};  // each sequence in it
  std::size_t sequences_max = 24;           // in one batch
  std::size_t blocks = 4096;                // KV blocks on the device
};

// Continuous batching: every step gives one token to each active sequence; others wait for a place.
class DecodeEngine {
 public:
  using OnToken = std::function<bool(std::size_t n)>;  // false: nobody wants more

  DecodeEngine(DecodeSpeed speed, const Fault& fault);
  ~DecodeEngine();
  DecodeEngine(const DecodeEngine&) = delete;
  DecodeEngine& operator=(const DecodeEngine&) = delete;

  // Returns after the last token, with an error or an empty text. on_token is called on the caller's thread. Any
  // thread.
  std::string run(std::size_t prompt_tokens, std::size_t tokens, const OnToken& on_token);

  std::size_t active() const { return active_count_; }
  std::size_t waiting() const { return waiting_count_; }
  std::size_t blocks_used() const { return blocks_used_; }
  std::size_t blocks() const { return speed_.blocks; }

 private:
  struct Sequence {
    std::size_t blocks = 0;
    std::size_t given = 0;
    bool active = false;
    std::string error;
  };

  void loop();
  void admit();

  const DecodeSpeed speed_;
  const Fault& fault_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Sequence*> waiting_, active_;
  std::atomic<std::size_t> active_count_{0}, waiting_count_{0}, blocks_used_{0};
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace llm
