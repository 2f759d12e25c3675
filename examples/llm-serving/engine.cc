#include "engine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tokens.h"

namespace llm {

namespace {

constexpr std::array<std::pair<std::string_view, Fault::Kind>, 4> kFaults{{{"none", Fault::Kind::kNone},
                                                                           {"slow", Fault::Kind::kSlow},
                                                                           {"fail", Fault::Kind::kFail},
                                                                           {"hang", Fault::Kind::kHang}}};

constexpr int kSlowFactor = 9;
constexpr std::uint64_t kPromptsOfOneFailure = 3;
constexpr std::uint64_t kStepsOfOneFailure = 40;    // it takes the whole batch
constexpr std::chrono::milliseconds kHangLook{50};  // how often an engine that hangs looks whether it still should

}  // namespace

bool Fault::parse(std::string_view text, Kind& kind) {
  for (const auto& [name, value] : kFaults)
    if (name == text) return kind = value, true;
  return false;
}

std::string_view Fault::name(Kind kind) {
  for (const auto& [name, value] : kFaults)
    if (value == kind) return name;
  return "";
}

PrefillEngine::PrefillEngine(PrefillSpeed speed, const Fault& fault)
    : speed_(speed), fault_(fault), thread_([this] { loop(); }) {}

PrefillEngine::~PrefillEngine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::string PrefillEngine::run(const PrefillWork& work) {
  Job job{work, false, {}};
  std::unique_lock lock(mutex_);
  if (stopping_) return "worker is stopping";
  queue_.push_back(&job);
  waiting_tokens_ += work.new_tokens;
  changed_.notify_all();
  changed_.wait(lock, [&] { return job.done; });
  return job.error;
}

void PrefillEngine::loop() {
  std::uint64_t count = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    std::vector<Job*> batch;
    std::size_t tokens = 0;
    std::chrono::microseconds time = speed_.batch;
    while (!queue_.empty() && (batch.empty() || tokens + queue_.front()->work.new_tokens <= speed_.batch_tokens_max)) {
      Job* job = queue_.front();
      queue_.pop_front();
      tokens += job->work.new_tokens;
      time += job->work.host_blocks * speed_.host_block + job->work.disk_blocks * speed_.disk_block;
      batch.push_back(job);
    }
    time += tokens * speed_.token;
    if (fault_.get() == Fault::Kind::kSlow) time *= kSlowFactor;
    if (!stopping_) {
      lock.unlock();
      std::this_thread::sleep_for(time);
      lock.lock();
      while (!stopping_ && fault_.get() == Fault::Kind::kHang) changed_.wait_for(lock, kHangLook);
    }
    for (Job* job : batch) {
      if (stopping_) job->error = "worker is stopping";
      if (fault_.get() == Fault::Kind::kFail && ++count % kPromptsOfOneFailure == 0)
        job->error = "CUDA error: device-side assert triggered";
      job->done = true;
    }
    waiting_tokens_ -= tokens;
    changed_.notify_all();
    if (stopping_ && queue_.empty()) return;
  }
}

DecodeEngine::DecodeEngine(DecodeSpeed speed, const Fault& fault)
    : speed_(speed), fault_(fault), thread_([this] { loop(); }) {}

DecodeEngine::~DecodeEngine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::string DecodeEngine::run(std::size_t prompt_tokens, std::size_t tokens, const OnToken& on_token) {
  Sequence sequence;
  sequence.blocks = (prompt_tokens + tokens) / kBlockTokens + 1;
  if (sequence.blocks > speed_.blocks) return "prompt does not fit into the KV cache";
  std::unique_lock lock(mutex_);
  waiting_.push_back(&sequence);
  waiting_count_ = waiting_.size();
  changed_.notify_all();
  std::size_t taken = 0;
  bool wanted = true;
  while (taken < tokens && wanted) {
    changed_.wait(lock, [&] { return stopping_ || sequence.given > taken || !sequence.error.empty(); });
    if (stopping_ && sequence.error.empty()) sequence.error = "worker is stopping";
    if (!sequence.error.empty()) break;
    while (taken < std::min(sequence.given, tokens) && wanted) {
      lock.unlock();
      wanted = on_token(taken++);
      lock.lock();
    }
  }
  waiting_.remove(&sequence);
  active_.remove(&sequence);
  if (sequence.active) blocks_used_ -= sequence.blocks;
  waiting_count_ = waiting_.size();
  active_count_ = active_.size();
  changed_.notify_all();
  return sequence.error.empty() && !wanted ? "cancelled" : sequence.error;
}

void DecodeEngine::admit() {
  while (!waiting_.empty() && active_.size() < speed_.sequences_max &&
         blocks_used_ + waiting_.front()->blocks <= speed_.blocks) {
    Sequence* sequence = waiting_.front();
    waiting_.pop_front();
    sequence->active = true;
    blocks_used_ += sequence->blocks;
    active_.push_back(sequence);
  }
  waiting_count_ = waiting_.size();
  active_count_ = active_.size();
}

void DecodeEngine::loop() {
  std::uint64_t steps = 0;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    admit();
    if (active_.empty()) {
      changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      continue;
    }
    std::chrono::microseconds time = speed_.step + active_.size() * speed_.sequence;
    const Fault::Kind fault = fault_.get();
    if (fault == Fault::Kind::kSlow) time *= kSlowFactor;
    lock.unlock();
    std::this_thread::sleep_for(time);
    lock.lock();
    if (fault == Fault::Kind::kHang) continue;
    ++steps;
    for (Sequence* sequence : active_) {
      ++sequence->given;
      if (fault == Fault::Kind::kFail && steps % kStepsOfOneFailure == 0)
        sequence->error = "NIXL transfer failed: remote agent disconnected (NIXL_ERR_BACKEND)";
    }
    changed_.notify_all();
  }
  changed_.notify_all();
}

}  // namespace llm
