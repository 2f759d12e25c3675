#include "otlp_transport.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <random>

#include <curl/curl.h>
#include <fmt/format.h>
#include <zlib.h>

#include "otlp_answer.h"

namespace trilobite::otlp {
namespace {

constexpr std::size_t kAnswerBytesMax = 64 << 10;  // what is longer is read and forgotten
constexpr std::string_view kUserAgent = "trilobite-sdk/" TRILOBITE_SDK_VERSION;

using Clock = std::chrono::steady_clock;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string> gzipped(std::string_view body) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::nullopt;
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(body.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // zlib's interface; it only reads
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return std::nullopt;
  return out;
}

// One answer, or the reason why there is none.
struct Answer {
  CURLcode failure = CURLE_OK;
  std::string failure_text;
  int status = 0;
  std::string content_type;
  std::string body;
  std::int64_t retry_after_ms = 0;
  // gRPC
  std::optional<int> grpc_status;
  std::string grpc_message;
  std::string grpc_details;
  bool interrupted = false;  // by stop()
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& body = static_cast<Answer*>(user)->body;
  body.append(data, std::min(size, kAnswerBytesMax - std::min(body.size(), kAnswerBytesMax)));
  return size;
}

// Header lines and, with HTTP/2, trailers too.
std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  const std::string_view line(data, size);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' '))
    value.remove_suffix(1);
  const std::string_view name = line.substr(0, colon);
  if (equal_in_any_case(name, "grpc-status")) {
    const std::string text(value);
    char* end = nullptr;
    const long status = std::strtol(text.c_str(), &end, 10);
    answer.grpc_status =
        end != text.c_str() && *end == '\0' && status >= 0 && status <= 16 ? static_cast<int>(status) : 2;
  } else if (equal_in_any_case(name, "grpc-message")) {
    answer.grpc_message = percent_decoded(value);
  } else if (equal_in_any_case(name, "grpc-status-details-bin")) {
    answer.grpc_details = base64_decoded(value).value_or("");
  } else if (equal_in_any_case(name, "content-type")) {
    answer.content_type = std::string(value);
  }
  return size;
}

// Failures that have nothing to do with the connection: the next attempt would end alike.
bool is_hopeless(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_OUT_OF_MEMORY:
      return true;
    default:
      return false;
  }
}

// What is to happen after an attempt.
struct Judgement {
  enum class Next : std::uint8_t { kDone, kRepeat };
  Next next = Next::kDone;
  SendReport report;
  std::int64_t pause_ms = 0;  // the receiver's wish; 0: none
};

// https://opentelemetry.io/docs/specs/otlp/: these may pass; RESOURCE_EXHAUSTED only if the server says when.
bool may_pass(int grpc_status, bool has_retry_delay) {
  switch (grpc_status) {
    case 1:   // CANCELLED
    case 4:   // DEADLINE_EXCEEDED
    case 10:  // ABORTED
    case 11:  // OUT_OF_RANGE
    case 14:  // UNAVAILABLE
    case 15:  // DATA_LOSS
      return true;
    case 8:  // RESOURCE_EXHAUSTED
      return has_retry_delay;
    default:
      return false;
  }
}

Judgement judge_delivered(std::string_view message, int status) {
  SendReport report{.end = SendReport::End::kDelivered, .status = status};
  if (const auto partial = read_export_response(message)) {
    report.rejected = partial->rejected;
    report.message = partial->message;
  }
  return {.report = std::move(report)};
}

Judgement judge_http(const Answer& answer, const TransportOptions& options) {
  const int status = answer.status;
  if (status >= 200 && status < 300) {
    // Other receivers than those of OTLP, and OTLP in JSON, have nothing to read here.
    const bool otlp = answer.content_type.find("protobuf") != std::string::npos;
    return judge_delivered(otlp ? std::string_view(answer.body) : std::string_view(), status);
  }
  Judgement judgement;
  const bool passes = status == 429 || status == 502 || status == 503 || status == 504 ||
                      (options.retry.all_server_errors && status >= 500);
  judgement.next = passes ? Judgement::Next::kRepeat : Judgement::Next::kDone;
  judgement.pause_ms = answer.retry_after_ms;
  judgement.report = {
      .end = SendReport::End::kRefused, .message = fmt::format("HTTP status {}", status), .status = status};
  const std::string reason = error_text(answer.content_type, answer.body);
  if (!reason.empty()) judgement.report.message += ": " + reason;
  return judgement;
}

Judgement judge_grpc(const Answer& answer, const TransportOptions& options) {
  if (!answer.grpc_status) {
    if (answer.status != 200) return judge_http(answer, options);  // of something in between
    return {.report = {.end = SendReport::End::kRefused, .message = "no gRPC status in the answer", .status = 200}};
  }
  if (*answer.grpc_status == 0) {
    const std::string_view body = answer.body;
    return judge_delivered(body.size() >= 5 && body[0] == 0 ? body.substr(5) : std::string_view(), answer.status);
  }
  std::optional<std::int64_t> delay;
  if (const auto details = read_rpc_status(answer.grpc_details)) delay = details->retry_delay_ms;
  Judgement judgement;
  judgement.next = may_pass(*answer.grpc_status, delay.has_value()) ? Judgement::Next::kRepeat : Judgement::Next::kDone;
  judgement.pause_ms = delay.value_or(0);
  judgement.report = {.end = SendReport::End::kRefused,
                      .message = fmt::format("gRPC status {}", *answer.grpc_status),
                      .status = answer.status};
  if (!answer.grpc_message.empty()) judgement.report.message += ": " + error_text("", answer.grpc_message);
  return judgement;
}

Judgement judge(const Answer& answer, const TransportOptions& options) {
  if (answer.failure != CURLE_OK) {
    return {.next = is_hopeless(answer.failure) ? Judgement::Next::kDone : Judgement::Next::kRepeat,
            .report = {.end = SendReport::End::kRefused, .message = answer.failure_text}};
  }
  return options.protocol == Protocol::kGrpc ? judge_grpc(answer, options) : judge_http(answer, options);
}

class CurlTransport final : public Transport {
 public:
  CurlTransport(TransportOptions options, CURLM* multi, CURL* easy)
      : options_(std::move(options)), multi_(multi), easy_(easy), random_(std::random_device{}()) {}
  ~CurlTransport() override {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
    curl_multi_cleanup(multi_);
  }
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  bool prepare();
  SendReport send(std::string_view body) override;
  void stop(std::int64_t grace_ms) noexcept override {
    stop_at_ms_.store(now_ms() + grace_ms);
    curl_multi_wakeup(multi_);
  }

 private:
  bool add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_, line.c_str());
    if (longer != nullptr) headers_ = longer;
    return longer != nullptr;
  }
  std::optional<std::string> packed(std::string_view body) const;
  Answer attempt(const std::string& body);
  void run(Answer& answer);
  std::int64_t pause_before(int attempt);
  bool pause(std::int64_t pause_ms);  // false: stopped meanwhile
  bool stopping() const { return stop_at_ms_.load() != INT64_MAX; }

  const TransportOptions options_;
  CURLM* const multi_;
  CURL* const easy_;
  curl_slist* headers_ = nullptr;
  std::minstd_rand random_;
  char error_[CURL_ERROR_SIZE] = {};
  std::atomic<std::int64_t> stop_at_ms_{INT64_MAX};
  std::int64_t pauses_replaced_ms_ = 0;  // for tests
};

bool CurlTransport::prepare() {
  const bool grpc = options_.protocol == Protocol::kGrpc;
  bool ok = add_header("Expect:");
  if (grpc) {
    ok = ok && add_header("Content-Type: application/grpc") && add_header("TE: trailers") &&
         add_header(fmt::format("grpc-timeout: {}m", std::clamp<std::int64_t>(options_.timeout_ms, 1, 99'999'999)));
    if (options_.compression == Compression::kGzip) ok = ok && add_header("grpc-encoding: gzip");
  } else {
    ok = ok && add_header("Content-Type: " + options_.content_type);
    if (options_.compression == Compression::kGzip) ok = ok && add_header("Content-Encoding: gzip");
    if (!options_.content_encoding.empty()) ok = ok && add_header("Content-Encoding: " + options_.content_encoding);
  }
  for (const auto& [name, value] : options_.headers) {
    ok = ok && add_header(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!ok) return false;

  const auto set = [&](CURLoption option, auto value) {
    ok = curl_easy_setopt(easy_, option, value) == CURLE_OK && ok;
  };
  set(CURLOPT_URL, (grpc ? options_.url + options_.grpc_path : options_.url).c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_POST, 1L);
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_USERAGENT, std::string(kUserAgent).c_str());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::clamp<std::int64_t>(options_.timeout_ms, 1, 86'400'000)));
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_HEADERFUNCTION, take_header);
  set(CURLOPT_ERRORBUFFER, error_);
  if (grpc) {
    const bool tls = options_.url.starts_with("https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
    // libcurl 7.88 fails on the second request of a connection that began with HTTP/2 unasked. A new one for each batch
    // costs little.
    if (!tls) set(CURLOPT_FORBID_REUSE, 1L);
  }
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.client_cert_file.empty()) set(CURLOPT_SSLCERT, options_.client_cert_file.c_str());
  if (!options_.client_key_file.empty()) set(CURLOPT_SSLKEY, options_.client_key_file.c_str());
  return ok;
}

std::optional<std::string> CurlTransport::packed(std::string_view body) const {
  const bool gzip = options_.compression == Compression::kGzip;
  std::string message;
  if (gzip) {
    auto smaller = gzipped(body);
    if (!smaller) return std::nullopt;
    message = std::move(*smaller);
  } else {
    message = std::string(body);
  }
  if (options_.protocol != Protocol::kGrpc) return message;
  std::string framed(1, gzip ? '\1' : '\0');
  for (int shift = 24; shift >= 0; shift -= 8) framed += static_cast<char>(message.size() >> shift);
  return framed + message;
}

SendReport CurlTransport::send(std::string_view body) {
  if (body.size() > std::size_t{1} << 30) {
    return {.end = SendReport::End::kRefused, .message = fmt::format("a request of {} bytes", body.size())};
  }
  const auto message = packed(body);
  if (!message) return {.end = SendReport::End::kRefused, .message = "cannot compress the request"};
  const std::int64_t started_ms = now_ms() + pauses_replaced_ms_;
  for (int attempts = 1;; ++attempts) {
    const Answer answer = attempt(*message);
    Judgement judgement = judge(answer, options_);
    SendReport report = std::move(judgement.report);
    report.attempts = attempts;
    if (answer.interrupted) report.end = SendReport::End::kStopped;
    if (answer.interrupted || judgement.next == Judgement::Next::kDone) return report;
    const std::int64_t pause_ms = judgement.pause_ms > 0 ? judgement.pause_ms : pause_before(attempts);
    const std::int64_t passed_ms = now_ms() + pauses_replaced_ms_ - started_ms;
    if (stopping()) {
      report.end = SendReport::End::kStopped;
      return report;
    }
    if (pause_ms > options_.retry.give_up_ms - passed_ms) {
      report.end = SendReport::End::kGaveUp;
      return report;
    }
    if (!pause(pause_ms)) {
      report.end = SendReport::End::kStopped;
      return report;
    }
  }
}

// A random time between half of a limit and the limit, which doubles with every attempt.
std::int64_t CurlTransport::pause_before(int attempt) {
  const RetryOptions& retry = options_.retry;
  std::int64_t limit = std::max<std::int64_t>(retry.pause_min_ms, 1);
  for (int i = 1; i < attempt && limit < retry.pause_max_ms; ++i) limit *= 2;
  limit = std::min(limit, std::max<std::int64_t>(retry.pause_max_ms, 1));
  const double random =
      options_.jitter_instead ? options_.jitter_instead() : std::uniform_real_distribution<double>(0.0, 1.0)(random_);
  return limit - static_cast<std::int64_t>(static_cast<double>(limit) / 2 * random);
}

bool CurlTransport::pause(std::int64_t pause_ms) {
  if (options_.pause_instead) {
    options_.pause_instead(pause_ms);
    pauses_replaced_ms_ += pause_ms;
    return !stopping();
  }
  const std::int64_t until_ms = now_ms() + pause_ms;
  for (std::int64_t left_ms = pause_ms; left_ms > 0 && !stopping(); left_ms = until_ms - now_ms()) {
    curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::min<std::int64_t>(left_ms, 60'000)), nullptr);
  }
  return !stopping();
}

Answer CurlTransport::attempt(const std::string& body) {
  Answer answer;
  error_[0] = '\0';
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, &answer);
  if (const CURLMcode added = curl_multi_add_handle(multi_, easy_); added != CURLM_OK) {
    answer.failure = CURLE_FAILED_INIT;
    answer.failure_text = curl_multi_strerror(added);
    return answer;
  }
  run(answer);
  curl_multi_remove_handle(multi_, easy_);
  long status = 0;
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &retry_after_s);
  const bool accepted = status >= 200 && status < 300 && options_.protocol == Protocol::kHttpProtobuf;
  if (answer.failure != CURLE_OK && accepted) {
    // The receiver has it and only its remark got lost: sending it again would make it there twice.
    answer.failure = CURLE_OK;
    answer.interrupted = false;
    answer.body.clear();
  }
  if (answer.failure != CURLE_OK) {
    const char* reason = error_[0] != '\0' ? error_ : curl_easy_strerror(answer.failure);
    answer.failure_text = answer.interrupted ? "stopped before there was an answer" : reason;
    return answer;
  }
  answer.status = static_cast<int>(status);
  answer.retry_after_ms = std::clamp<std::int64_t>(retry_after_s, 0, 86'400) * 1'000;
  return answer;
}

// Until the transfer is over, or stop()'s time.
void CurlTransport::run(Answer& answer) {
  for (;;) {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi_, &running); code != CURLM_OK) {
      answer.failure = CURLE_FAILED_INIT;
      return;
    }
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
      if (message->msg == CURLMSG_DONE) answer.failure = message->data.result;
    }
    if (running == 0) return;
    const std::int64_t stop_at_ms = stop_at_ms_.load();
    const std::int64_t left_ms = stop_at_ms == INT64_MAX ? 1'000 : stop_at_ms - now_ms();
    if (left_ms <= 0) {
      answer.interrupted = true;
      answer.failure = CURLE_ABORTED_BY_CALLBACK;
      return;
    }
    curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::min<std::int64_t>(left_ms, 1'000)), nullptr);
  }
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string problem_of(const TransportOptions& options) {
  for (const auto& [name, value] : options.headers) {
    if (!is_header_name(name)) return fmt::format("`{}` is no name of a header", name);
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return fmt::format("the header `{}` has a line feed in its value", name);
    }
  }
  if (!options.url.starts_with("http://") && !options.url.starts_with("https://")) {
    return fmt::format("the endpoint `{}` is no http:// or https:// URL", options.url);
  }
  CURLU* url = curl_url();
  if (url == nullptr) return "no memory";
  const CURLUcode code = curl_url_set(url, CURLUPART_URL, options.url.c_str(), 0);
  curl_url_cleanup(url);
  if (code != CURLUE_OK) return fmt::format("the endpoint `{}`: {}", options.url, curl_url_strerror(code));
  return {};
}

}  // namespace

log::Outcome<std::unique_ptr<Transport>> Transport::open(TransportOptions options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  while (options.protocol == Protocol::kGrpc && options.url.ends_with('/')) options.url.pop_back();
  if (std::string problem = problem_of(options); !problem.empty()) return log::Error{std::move(problem)};
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();
  if (multi == nullptr || easy == nullptr) {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    return log::Error{"cannot set libcurl up"};
  }
  auto transport = std::make_unique<CurlTransport>(std::move(options), multi, easy);
  if (!transport->prepare()) return log::Error{"libcurl refuses an option of the export"};
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace trilobite::otlp
