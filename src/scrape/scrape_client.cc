#include "scrape/scrape_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <queue>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/compress.h"
#include "base/hash.h"
#include "scrape/limits.h"
#include "scrape/log_target.h"
#include "scrape/plain_http.h"

namespace trilobite::scrape {
namespace {

// A target on its way through the client. Owned by the thread that moves bytes while it waits or is transferred, by a
// worker between `busy` and the command that ends it.
struct Slot {
  explicit Slot(std::shared_ptr<TargetScrape> given) : target(std::move(given)) {}

  const std::shared_ptr<TargetScrape> target;
  // While a scrape is under way: what is asked, and by one of the two.
  HttpTransferRequest request;
  std::unique_ptr<HttpTransfer> transfer;
  std::unique_ptr<PlainExchange> plain;
  bool is_plain = false;   // the request under way may be made without libcurl
  bool not_plain = false;  // it gave an answer that only libcurl understands
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

// libcurl's names; "HTTP_PROXY" is not among them, as programs that a web server runs get it from whoever asks.
bool proxy_in_environment() {
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets them
    if (value != nullptr && *value != 0) return true;
  }
  return false;
}

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
  const bool environment_proxy = proxy_in_environment();
  CURLM* const multi;
  IdleTransfers idle;
  PlainHttp plain{&budget};  // of the moving thread, but for wake()

  // Of the moving thread only.
  std::unordered_map<const TargetScrape*, SlotRef> slots;
  std::unordered_map<CURL*, SlotRef> transfers;
  std::unordered_map<const PlainExchange*, SlotRef> exchanges;
  std::vector<PlainExchange*> ended_exchanges;
  std::vector<Job> ended;                     // of this turn
  std::chrono::nanoseconds workers_until{0};  // steady: until then it takes no job itself
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
  void begin_transfer(const SlotRef& slot, Result<void> prepared);
  void wait(std::chrono::milliseconds at_most);
  void collect_transfers();
  void collect_exchanges();
  void hand_out();
  void work();
  Result<void> prepare(Slot& slot);
  Result<void> prepare_transfer(Slot& slot);
  void take(Job& job);
  Result<void> finish(const Slot& slot, std::string& unpacked, bool& too_large);
  void retire(const SlotRef& slot);
};

TimeNs first_due(TimeNs now, Nanoseconds interval, std::uint64_t target_hash, std::uint64_t seed) {
  const std::int64_t every = std::max<std::int64_t>(interval.count(), 1);
  const std::uint64_t mixed[2] = {target_hash, seed};
  const std::uint64_t hash = hash64({reinterpret_cast<const char*>(mixed), sizeof mixed});
  // Prometheus' samples are of whole milliseconds. Targets of one step share a wake-up.
  constexpr std::int64_t kMillisecond = 1'000'000;
  const std::int64_t step =
      std::clamp<std::int64_t>(every / kOffsetSteps, kMillisecond, Nanoseconds(kOffsetStepMax).count());
  std::int64_t offset = static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(every));
  offset -= offset % (step - step % kMillisecond);
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
  if (wakes) plain.wake();
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
    if (!transfers.empty()) {
      int running = 0;
      curl_multi_perform(multi, &running);
      collect_transfers();
    }
    hand_out();
    TimeNs next = clock.now() + kNsPerSecond;
    if (!ticks.empty()) next = std::min(next, ticks.top().due);
    if (!markers.empty()) next = std::min(next, markers.top().due);
    std::int64_t wait_ns = next - clock.now();
    if (plain.under_way() > 0) wait_ns = std::min(wait_ns, (plain.next_deadline() - clock.steady()).count());
    const auto wait_ms = std::clamp<std::int64_t>((wait_ns + 999'999) / 1'000'000, 0, 1000);
    wait(std::chrono::milliseconds(wait_ms));
  }
  for (const auto& [easy, slot] : transfers) curl_multi_remove_handle(multi, easy);
}

// Until bytes came, somebody called, or the time is over.
void ScrapeClient::State::wait(std::chrono::milliseconds at_most) {
  auto left_ms = static_cast<int>(at_most.count());
  if (!transfers.empty()) {
    curl_waitfd others{plain.descriptor(), CURL_WAIT_POLLIN, 0};
    curl_multi_poll(multi, &others, 1, left_ms, nullptr);
    left_ms = 0;
  }
  plain.move(left_ms, ended_exchanges);
  // Behind what came: who answered in time is not late because we were.
  if (plain.under_way() > 0) plain.expire(clock.steady(), ended_exchanges);
  collect_exchanges();
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
      begin_transfer(command.slot, std::move(command.outcome));
      return;
    case Word::kEnded:
      command.slot->busy = false;
      if (command.slot->plain) plain.keep(std::move(command.slot->plain));
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
  slot.request = std::move(request);
  slot.is_plain = !slot.not_plain && PlainHttp::can(slot.request, slot.target->config().http, environment_proxy);
  return slot.is_plain ? Result<void>() : prepare_transfer(slot);
}

Result<void> ScrapeClient::State::prepare_transfer(Slot& slot) {
  slot.transfer = idle.take(slot.target, &budget);
  return slot.transfer->prepare(slot.request);
}

void ScrapeClient::State::begin_transfer(const SlotRef& slot, Result<void> prepared) {
  if (prepared.ok() && !slot->transfer) {
    slot->plain = plain.start(slot->request, slot->target->config().http, slot->started);
    if (slot->plain) {
      exchanges.emplace(slot->plain.get(), slot);
      return;
    }
    prepared = prepare_transfer(*slot);
  }
  if (!prepared.ok()) return ended.push_back({Work::kTake, slot, 0, std::move(prepared)});
  CURL* const easy = slot->transfer->handle();
  if (const CURLMcode state = curl_multi_add_handle(multi, easy); state != CURLM_OK) {
    return ended.push_back(
        {Work::kTake, slot, 0, error(Code::kInternal, "cannot scrape: {}", curl_multi_strerror(state))});
  }
  transfers[easy] = slot;
}

void ScrapeClient::State::collect_transfers() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const int code = message->data.result;
    const auto found = transfers.find(easy);
    if (found == transfers.end()) continue;
    SlotRef slot = std::move(found->second);
    transfers.erase(found);
    curl_multi_remove_handle(multi, easy);
    const auto now = clock.steady();
    slot->duration = now - slot->started;
    if (slot->is_plain && code == CURLE_OK) plain.remember(slot->request, slot->transfer->peer(), now);
    ended.push_back({Work::kTake, std::move(slot), code, {}});
  }
}

void ScrapeClient::State::collect_exchanges() {
  for (const PlainExchange* exchange : ended_exchanges) {
    const auto found = exchanges.find(exchange);
    SlotRef slot = std::move(found->second);
    exchanges.erase(found);
    slot->duration = clock.steady() - slot->started;
    if (exchange->how() != PlainEnd::kNoConnection && exchange->how() != PlainEnd::kNotPlain) {
      ended.push_back({Work::kTake, std::move(slot), 0, {}});
      continue;
    }
    // Once more with libcurl, in what is left of the time.
    slot->not_plain = exchange->how() == PlainEnd::kNotPlain;
    plain.keep(std::move(slot->plain));
    slot->request.timeout = std::max<Nanoseconds>(slot->request.timeout - slot->duration, std::chrono::milliseconds(1));
    begin_transfer(slot, prepare_transfer(*slot));
  }
  ended_exchanges.clear();
}

// A few bodies that are there already are taken in by this thread: nobody needs to wake up, and what it works with is
// still near. The rest goes to the workers, as does everything while the store is slow: sockets do not wait for it.
void ScrapeClient::State::hand_out() {
  std::size_t own = 0, bytes = 0;
  for (Job& job : ended) {
    if (job.slot->plain) {
      const PlainAnswer& answer = job.slot->plain->answer();
      bytes += answer.body().size() * (answer.gzip() ? kUnpackedTimes : 1);
    }
    const auto begin = clock.steady();
    const bool small = job.slot->plain && own < kOwnJobsMax && bytes <= kOwnJobsBytesMax;
    if (!small || begin < workers_until || job.slot->target->auth().may_block()) {
      enqueue(std::move(job));
      continue;
    }
    ++own;
    take(job);
    obey({Word::kEnded, std::move(job.slot), nullptr, false, {}});
    const auto passed = clock.steady() - begin;
    if (passed > kOwnJobSlow) workers_until = begin + passed + kOwnJobsPause;
  }
  ended.clear();
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

// Of a plain exchange, as HttpTransfer::finish().
Result<void> ScrapeClient::State::finish(const Slot& slot, std::string& unpacked, bool& too_large) {
  const auto over_budget = [&] {
    return error(Code::kLimit, "the bodies of all scrapes under way exceed {} bytes", budget.max);
  };
  const auto beyond_limit = [&] {
    too_large = true;
    return error(Code::kLimit, "body size limit exceeded");
  };
  switch (slot.plain->how()) {
    case PlainEnd::kDone:
      break;
    case PlainEnd::kTooLarge:
      return beyond_limit();
    case PlainEnd::kOverBudget:
      return over_budget();
    default:
      return error(Code::kTimeout, "Get \"{}\": context deadline exceeded", slot.request.url);
  }
  const PlainAnswer& answer = slot.plain->answer();
  if (!answer.gzip() || answer.body().empty()) return {};
  const std::uint64_t used = budget.used, left = budget.max - std::min(used, budget.max);
  auto out = gzip_decompress(answer.body(), std::min(slot.request.body_bytes_max, left));
  if (!out.ok()) {
    if (out.error().code != Code::kLimit) return std::move(out).error().within("Get \"{}\"", slot.request.url);
    return slot.request.body_bytes_max <= left ? beyond_limit() : over_budget();
  }
  unpacked = std::move(*out);
  budget.used += unpacked.size();
  return {};
}

void ScrapeClient::State::take(Job& job) {
  Slot& slot = *job.slot;
  TargetScrape::Answer answer;
  answer.time = slot.time;
  answer.duration = job.prepared.ok() ? slot.duration : clock.steady() - slot.started;
  answer.outcome = job.prepared;
  std::string unpacked;
  if (slot.plain) {
    const PlainAnswer& given = slot.plain->answer();
    answer.status = given.status();
    answer.status_text = given.status_text();
    answer.content_type = given.content_type();
    answer.body = given.body();
    answer.outcome = finish(slot, unpacked, answer.body_too_large);
    if (given.gzip()) answer.body = unpacked;
  } else if (job.prepared.ok()) {
    const HttpTransfer& transfer = *slot.transfer;
    answer.outcome = slot.transfer->finish(job.code);
    answer.status = transfer.status();
    answer.status_text = transfer.status_text();
    answer.content_type = transfer.content_type();
    answer.body = transfer.body();
    answer.body_too_large = transfer.body_too_large();
  }
  if (answer.status == 401) slot.target->auth().forget_token();
  ++scrapes;
  if (!answer.outcome.ok() || answer.status != 200) ++failed;
  slot.target->scraped(answer);
  budget.used -= unpacked.size();
  if (slot.plain) slot.plain->release();
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
  state.exchanges.clear();
  state.ended.clear();
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
  state.plain.wake();
  state.mover.join();
  for (std::thread& worker : state.workers) worker.join();
}

ScrapeClientStats ScrapeClient::stats() const {
  const State& state = *state_;
  return {state.scrapes, state.failed, state.skipped, state.targets, state.under_way, state.budget.used};
}

}  // namespace trilobite::scrape
