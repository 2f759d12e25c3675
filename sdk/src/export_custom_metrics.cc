#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include <curl/curl.h>

#include <trilobite/custom_metrics_poll.h>
#include <trilobite/log.h>

namespace trilobite::instruments {
namespace {

constexpr log::Target kLog{"trilobite::custom_metrics"};
constexpr std::size_t kAnswerBytesMax = 1 << 20;

struct CurlEnd {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};

std::size_t take(char* bytes, std::size_t, std::size_t count, void* answer) {
  auto& out = *static_cast<std::string*>(answer);
  if (out.size() + count > kAnswerBytesMax) return 0;  // ends the transfer
  out.append(bytes, count);
  return count;
}

// The body of the answer; or an error text in error.
std::string post_nothing(const std::string& url, std::int64_t timeout_ms, std::string& error) {
  const std::unique_ptr<CURL, CurlEnd> curl(curl_easy_init());
  std::string body;
  if (curl == nullptr) {
    error = "no memory";
    return body;
  }
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK) {
    error = curl_easy_strerror(code);
  } else if (status < 200 || status > 299) {
    error = "HTTP status " + std::to_string(status);
  }
  return body;
}

}  // namespace

class PollState {
 public:
  PollState(CustomMetrics metrics, PollOptions options)
      : metrics_(std::move(metrics)), options_(std::move(options)), random_(std::random_device{}()) {}
  ~PollState() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  void start() {
    Address parts;
    if (!parse_address(options_.address, parts) || !options_.urls || options_.interval_ms <= 0) {
      kLog.error(
          "Custom metrics are not polled: '{}' is not of the form namespace.component.endpoint, or nothing says "
          "where and how often to ask",
          options_.address);
      return;
    }
    running_ = true;
    thread_ = std::thread([this] { run(); });
  }
  bool running() const { return running_; }

  std::string poll() {
    if (!running()) return "not running";
    const std::lock_guard lock(poll_mutex_);
    const std::vector<std::string> urls = options_.urls();
    if (urls.empty()) return "there is no instance";
    const std::string& url = urls[std::uniform_int_distribution<std::size_t>(0, urls.size() - 1)(random_)];
    std::string error;
    const std::string answer = post_nothing(url, options_.timeout_ms, error);
    if (error.empty()) error = metrics_.apply(options_.address, answer);
    return error.empty() ? error : url + ": " + error;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.interval_ms);
      lock.unlock();
      const std::string error = poll();
      if (!error.empty()) kLog.warn("Failed to poll custom metrics of {}: {}", options_.address, error);
      lock.lock();
      wake_.wait_until(lock, next, [&] { return stopping_; });
    }
  }

  const CustomMetrics metrics_;
  const PollOptions options_;
  bool running_ = false;   // set before the thread starts
  std::mutex poll_mutex_;  // guards random_; one poll at a time
  std::minstd_rand random_;
  std::mutex mutex_;  // guards stopping_
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

CustomMetricsPoll CustomMetricsPoll::start(const CustomMetrics& metrics, PollOptions options) {
  auto* state = new PollState(metrics, std::move(options));
  state->start();
  return CustomMetricsPoll(state);
}
CustomMetricsPoll::~CustomMetricsPoll() { delete state_; }
bool CustomMetricsPoll::running() const { return state_->running(); }
std::string CustomMetricsPoll::poll_now() { return state_->poll(); }

}  // namespace trilobite::instruments
