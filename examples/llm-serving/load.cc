#include "load.h"

#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include <curl/curl.h>
#include <fmt/format.h>
#include <trilobite/log.h>
#include <trilobite/trace.h>

#include "carrier.h"
#include "handler_threads.h"
#include "messages.h"
#include "tokens.h"

namespace llm {

namespace log = trilobite::log;
namespace trace = trilobite::trace;

namespace {

constexpr log::Target kLog{"llm::client"};
constexpr trace::SpanType kAsk{"llm::client", "ask"};

constexpr std::size_t kConversations = 12;       // beginnings that prompts share
constexpr std::array<double, 3> kStrange{0.01,   // a body that is no JSON
                                         0.01,   // a model nobody serves
                                         0.02};  // a client that leaves in the middle

struct Ask {
  std::string body;
  bool leaves = false;
};

std::string words(std::uint64_t seed, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += word(seed, i);
    text += ' ';
  }
  return text;
}

Ask make_ask(const LoadOptions& options, std::mt19937_64& random) {
  std::uniform_real_distribution<double> share(0, 1);
  Ask ask;
  const double strange = share(random);
  if (strange < kStrange[0]) return {"{\"model\":", false};
  ask.leaves = strange > 1 - kStrange[2];
  const bool wrong_model = !ask.leaves && strange > 1 - kStrange[2] - kStrange[1];
  const std::uint64_t conversation = random() % kConversations;
  // Long prompts are rare, as in life.
  const auto own_words = static_cast<std::size_t>(std::lognormal_distribution<double>(4.0, 0.8)(random));
  const auto tokens = static_cast<std::size_t>(std::lognormal_distribution<double>(4.2, 0.6)(random)) + 1;
  const std::string prompt =
      words(conversation, 300 + 120 * conversation) + words(random(), std::min<std::size_t>(own_words, 4000));
  ask.body = fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":{}}}],"max_tokens":{},"stream":{}}})",
                         wrong_model ? "demo-70b" : options.model, json_string(prompt),
                         std::min<std::size_t>(tokens, 600), ask.leaves || share(random) < 0.6);
  return ask;
}

struct Taken {
  std::size_t bytes = 0;
  bool leaves = false;
};

std::size_t take(char*, std::size_t size, std::size_t count, void* user) {
  auto* taken = static_cast<Taken*>(user);
  taken->bytes += size * count;
  return taken->leaves && taken->bytes > 2000 ? 0 : size * count;
}

void send(const LoadOptions& options, const Ask& ask) {
  trace::Span span = kAsk.start(trace::Start{.kind = trace::Kind::kClient});
  Headers headers{{"content-type", "application/json"}};
  inject(headers);
  curl_slist* list = nullptr;
  for (const auto& [name, value] : headers) list = curl_slist_append(list, (name + ": " + value).c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owned(list, &curl_slist_free_all);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  Taken taken{0, ask.leaves};
  curl_easy_setopt(curl.get(), CURLOPT_URL, (options.url + "/v1/chat/completions").c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, owned.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(ask.body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, ask.body.data());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &taken);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 120L);
  const CURLcode code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK && !ask.leaves) {
    span.status(trace::Status::kError, curl_easy_strerror(code));
    kLog.warn("no answer", log::kv("error", curl_easy_strerror(code)));
  } else if (status >= 500) {
    span.status(trace::Status::kError, "server error");
    kLog.warn("the frontend failed", log::kv("status", status));
  }
}

}  // namespace

int run_load(const LoadOptions& options, const volatile bool& stopping) {
  std::mt19937_64 random(options.seed);
  std::exponential_distribution<double> pause(options.rate);
  HandlerThreads clients(options.clients_max);
  std::atomic<std::size_t> under_way{0};
  std::size_t sent = 0, dropped = 0;
  const auto begin = std::chrono::steady_clock::now();
  auto next = begin;
  while (!stopping && (options.seconds <= 0 || next - begin < std::chrono::duration<double>(options.seconds))) {
    next +=
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(pause(random)));
    std::this_thread::sleep_until(next);
    Ask ask = make_ask(options, random);
    if (under_way >= options.clients_max) {
      ++dropped;
      continue;
    }
    ++sent;
    ++under_way;
    clients.run([&options, &under_way, ask = std::move(ask)] {
      send(options, ask);
      --under_way;
    });
  }
  clients.stop();
  kLog.info("load has ended", log::kv("requests", sent), log::kv("dropped", dropped));
  return 0;
}

}  // namespace llm
