#include "scrape/scrape_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <queue>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "scrape/limits.h"
#include "scrape/log_target.h"

namespace trilobite::scrape {
namespace {

// A target on its way through the client. Owned by the thread that moves bytes while it waits or is transferred, by a
// worker between `busy` and the command that ends it.
struct Slot {
  explicit Slot(std::shared_ptr<TargetScrape> given) : target(std::move(given)) {}

  const std::shared_ptr<TargetScrape> target;
  std::unique_ptr<HttpTransfer> transfer;  // while a scrape is under way
  TimeNs due = 0;
  TimeNs time = 0;                       // of the samples of the scrape under way
  std::chrono::nanoseconds started{0};   // steady
  std::chrono::nanoseconds duration{0};  // of the transfer
  bool busy = false;                     // between its tick and the end of writing
  bool removed = false;
  bool mark_stale = false;
};
using SlotRef = std::shared_ptr<Slot>;

struct Tick {
  TimeNs due = 0;
  SlotRef slot;
  bool operator>(const Tick& other) const { return due > other.due; }
};

enum class Work : std::uint8_t { kPrepare, kTake, kEndOfRun };

struct Job {
  Work work = Work::kTake;
  SlotRef slot;
  int code = 0;           // of kTake
  Result<void> prepared;  // of kTake: why no transfer was made
};

enum class Word : std::uint8_t { kAdd, kRemove, kPrepared, kEnded };

struct Command {
  Word word = Word::kAdd;
  SlotRef slot;
  const TargetScrape* target = nullptr;  // of kRemove
  bool mark_stale = false;
  Result<void> outcome;  // of kPrepared
};

CURLM* new_multi() {
  start_http_library();
  return curl_multi_init();
}

// Handles that no scrape uses: few are in use at once, and the memory of a body that was read just now is still near.
class IdleTransfers {
 public:
  std::unique_ptr<HttpTransfer> take(const std::shared_ptr<TargetScrape>& target, BodyBudget* budget) {
    std::shared_ptr<const HttpConfig> config(target, &target->config().http);
    std::unique_ptr<HttpTransfer> out;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        out = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!out) return std::make_unique<HttpTransfer>(std::move(config), budget);
    out->use(std::move(config));
    return out;
  }
  void give_back(std::unique_ptr<HttpTransfer> transfer) {
    if (!transfer) return;
    transfer->release_body();
    transfer->use(nullptr);  // the target may go meanwhile
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kTransfersKeptMax) idle_.push_back(std::move(transfer));
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
  }

 private:
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<HttpTransfer>> idle_;
};

}  // namespace

struct ScrapeClient::State {
  State(const Clock& given, ScrapeClientOptions chosen) : clock(given), options(chosen), multi(new_multi()) {
    CHECK(multi != nullptr);
    budget.max = options.bodies_bytes_max > 0 ? options.bodies_bytes_max : kBodiesBytesMax;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 20'000L);
    mover = std::thread([this] { move_bytes(); });
    for (std::size_t i = 0; i < std::max<std::size_t>(options.workers, 1); ++i) {
      workers.emplace_back([this] { work(); });
    }
  }

  const Clock& clock;
  const ScrapeClientOptions options;
  BodyBudget budget;
  CURLM* const multi;
  IdleTransfers idle;

  // Of the moving thread only.
  std::unordered_map<const TargetScrape*, SlotRef> slots;
  std::unordered_map<CURL*, SlotRef> transfers;
  std::priority_queue<Tick, std::vector<Tick>, std::greater<>> ticks;
  std::priority_queue<Tick, std::vector<Tick>, std::greater<>> markers;  // when removed targets are marked stale

  std::mutex commands_mutex;  // guards commands
  std::vector<Command> commands;
  std::mutex jobs_mutex;  // guards jobs
  std::condition_variable jobs_ready;
  std::deque<Job> jobs;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> scrapes{0}, failed{0}, skipped{0}, targets{0}, under_way{0};
  std::thread mover;
  std::vector<std::thread> workers;

  void tell(Command command);
  void enqueue(Job job);
  void move_bytes();
  void obey(Command command);
  void start_due(TimeNs now);
  void start(const SlotRef& slot, TimeNs now);
  void begin_transfer(const SlotRef& slot, const Result<void>& prepared);
  void collect_ended();
  void work();
  Result<void> prepare(Slot& slot);
  void take(Job& job);
  void retire(const SlotRef& slot);
};

TimeNs first_due(TimeNs now, Nanoseconds interval, std::uint64_t target_hash, std::uint64_t seed) {
  const std::int64_t every = std::max<std::int64_t>(interval.count(), 1);
  const std::uint64_t mixed[2] = {target_hash, seed};
  const std::uint64_t hash = hash64({reinterpret_cast<const char*>(mixed), sizeof mixed});
  // Prometheus' samples are of whole milliseconds.
  constexpr std::int64_t kMillisecond = 1'000'000;
  std::int64_t offset = static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(every));
  offset -= offset % kMillisecond;
  const std::int64_t phase = ((now - offset) % every + every) % every;
  return phase == 0 ? now : now + (every - phase);
}

void ScrapeClient::State::tell(Command command) {
  const bool wakes = command.word != Word::kEnded;
  {
    const std::lock_guard lock(commands_mutex);
    commands.push_back(std::move(command));
  }
  // That a scrape ended matters at the next tick, or when the target goes: nobody needs to wake up for it.
  if (wakes) curl_multi_wakeup(multi);
}

void ScrapeClient::State::enqueue(Job job) {
  {
    const std::lock_guard lock(jobs_mutex);
    jobs.push_back(std::move(job));
  }
  jobs_ready.notify_one();
}

void ScrapeClient::State::move_bytes() {
  while (!stopping) {
    std::vector<Command> taken;
    {
      const std::lock_guard lock(commands_mutex);
      taken.swap(commands);
    }
    for (Command& command : taken) obey(std::move(command));
    start_due(clock.now());
    int running = 0;
    curl_multi_perform(multi, &running);
    collect_ended();
    TimeNs next = clock.now() + kNsPerSecond;
    if (!ticks.empty()) next = std::min(next, ticks.top().due);
    if (!markers.empty()) next = std::min(next, markers.top().due);
    const auto wait_ms = std::clamp<std::int64_t>((next - clock.now() + 999'999) / 1'000'000, 0, 1000);
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(wait_ms), nullptr);
  }
  for (const auto& [easy, slot] : transfers) curl_multi_remove_handle(multi, easy);
}

void ScrapeClient::State::retire(const SlotRef& slot) {
  slots.erase(slot->target.get());
  --targets;
  if (!slot->mark_stale) return;
  // Samples of the target by another server, which took it over, shall be newer than the markers.
  const std::int64_t interval = slot->target->spec().interval.count();
  markers.push({clock.now() + 2 * interval + interval / 10, slot});
}

void ScrapeClient::State::obey(Command command) {
  switch (command.word) {
    case Word::kAdd: {
      const TargetSpec& spec = command.slot->target->spec();
      command.slot->due = first_due(clock.now(), spec.interval, spec.hash, options.offset_seed);
      slots[command.slot->target.get()] = command.slot;
      ++targets;
      ticks.push({command.slot->due, command.slot});
      return;
    }
    case Word::kRemove: {
      const auto found = slots.find(command.target);
      if (found == slots.end()) return;
      const SlotRef slot = found->second;
      slot->removed = true;
      slot->mark_stale = command.mark_stale;
      if (!slot->busy) retire(slot);
      return;
    }
    case Word::kPrepared:
      begin_transfer(command.slot, command.outcome);
      return;
    case Word::kEnded:
      command.slot->busy = false;
      --under_way;
      if (command.slot->removed) retire(command.slot);
      return;
  }
}

void ScrapeClient::State::start_due(TimeNs now) {
  for (; !markers.empty() && markers.top().due <= now; markers.pop())
    enqueue({Work::kEndOfRun, markers.top().slot, 0, {}});
  while (!ticks.empty()) {
    const Tick tick = ticks.top();
    const SlotRef& slot = tick.slot;
    const TargetSpec& spec = slot->target->spec();
    if (slot->removed) {
      ticks.pop();
      continue;
    }
    if (tick.due > now) {
      // The clock was set back: do not wait until it is there again.
      if (tick.due - now <= 2 * spec.interval.count()) return;
      ticks.pop();
      slot->due = first_due(now, spec.interval, spec.hash, options.offset_seed);
      ticks.push({slot->due, slot});
      if (slot->due > now) return;
      continue;
    }
    ticks.pop();
    if (slot->busy) {
      ++skipped;
    } else {
      start(slot, now);
    }
    slot->due += spec.interval.count();
    if (slot->due <= now) {  // late by whole intervals: go on with the next that is not
      const std::int64_t missed = (now - slot->due) / spec.interval.count() + 1;
      skipped += static_cast<std::uint64_t>(missed);
      slot->due += missed * spec.interval.count();
    }
    ticks.push({slot->due, slot});
  }
}

void ScrapeClient::State::start(const SlotRef& slot, TimeNs now) {
  const std::int64_t tolerance =
      std::min<std::int64_t>(slot->target->spec().interval.count() / 100, Nanoseconds(kAlignTolerance).count());
  constexpr std::int64_t kMillisecond = 1'000'000;
  slot->time = now - slot->due <= tolerance ? slot->due : now - now % kMillisecond;
  slot->started = clock.steady();
  slot->busy = true;
  ++under_way;
  if (slot->target->auth().may_block()) {
    enqueue({Work::kPrepare, slot, 0, {}});
  } else {
    begin_transfer(slot, prepare(*slot));
  }
}

Result<void> ScrapeClient::State::prepare(Slot& slot) {
  if (const std::string forced = slot.target->forced_error(); !forced.empty()) return error(Code::kLimit, "{}", forced);
  TRY(request, slot.target->request());
  slot.transfer = idle.take(slot.target, &budget);
  return slot.transfer->prepare(request);
}

void ScrapeClient::State::begin_transfer(const SlotRef& slot, const Result<void>& prepared) {
  if (!prepared.ok()) return enqueue({Work::kTake, slot, 0, prepared});
  CURL* const easy = slot->transfer->handle();
  if (const CURLMcode state = curl_multi_add_handle(multi, easy); state != CURLM_OK) {
    return enqueue({Work::kTake, slot, 0, error(Code::kInternal, "cannot scrape: {}", curl_multi_strerror(state))});
  }
  transfers[easy] = slot;
}

void ScrapeClient::State::collect_ended() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const int code = message->data.result;
    const auto found = transfers.find(easy);
    if (found == transfers.end()) continue;
    const SlotRef slot = found->second;
    transfers.erase(found);
    curl_multi_remove_handle(multi, easy);
    slot->duration = clock.steady() - slot->started;
    enqueue({Work::kTake, slot, code, {}});
  }
}

void ScrapeClient::State::work() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(jobs_mutex);
      jobs_ready.wait(lock, [this] { return stopping || !jobs.empty(); });
      if (stopping) return;
      job = std::move(jobs.front());
      jobs.pop_front();
    }
    switch (job.work) {
      case Work::kPrepare: {
        auto outcome = prepare(*job.slot);
        tell({Word::kPrepared, job.slot, nullptr, false, std::move(outcome)});
        break;
      }
      case Work::kTake:
        take(job);
        tell({Word::kEnded, job.slot, nullptr, false, {}});
        break;
      case Work::kEndOfRun:
        job.slot->target->end_of_run();
        break;
    }
  }
}

void ScrapeClient::State::take(Job& job) {
  Slot& slot = *job.slot;
  TargetScrape::Answer answer;
  answer.time = slot.time;
  answer.duration = job.prepared.ok() ? slot.duration : clock.steady() - slot.started;
  answer.outcome = job.prepared;
  if (job.prepared.ok()) {
    const HttpTransfer& transfer = *slot.transfer;
    answer.outcome = slot.transfer->finish(job.code);
    answer.status = transfer.status();
    answer.status_text = transfer.status_text();
    answer.content_type = transfer.content_type();
    answer.body = transfer.body();
    answer.body_too_large = transfer.body_too_large();
    if (answer.status == 401) slot.target->auth().forget_token();
  }
  ++scrapes;
  if (!answer.outcome.ok() || answer.status != 200) ++failed;
  slot.target->scraped(answer);
  idle.give_back(std::move(slot.transfer));
}

ScrapeClient::ScrapeClient(const Clock& clock, ScrapeClientOptions options)
    : state_(std::make_unique<State>(clock, options)) {}

ScrapeClient::~ScrapeClient() {
  stop();
  State& state = *state_;
  state.jobs.clear();
  state.commands.clear();
  state.ticks = {};
  state.markers = {};
  state.transfers.clear();
  state.slots.clear();
  state.idle.clear();
  curl_multi_cleanup(state.multi);
}

void ScrapeClient::add(std::shared_ptr<TargetScrape> target) {
  state_->tell({Word::kAdd, std::make_shared<Slot>(std::move(target)), nullptr, false, {}});
}

void ScrapeClient::remove(const std::shared_ptr<TargetScrape>& target, Gone gone) {
  state_->tell({Word::kRemove, nullptr, target.get(), gone == Gone::kMarkStale, {}});
}

void ScrapeClient::stop() {
  State& state = *state_;
  {
    const std::lock_guard lock(state.jobs_mutex);
    if (state.stopping.exchange(true)) return;
  }
  state.jobs_ready.notify_all();
  curl_multi_wakeup(state.multi);
  state.mover.join();
  for (std::thread& worker : state.workers) worker.join();
}

ScrapeClientStats ScrapeClient::stats() const {
  const State& state = *state_;
  return {state.scrapes, state.failed, state.skipped, state.targets, state.under_way, state.budget.used};
}

}  // namespace trilobite::scrape
