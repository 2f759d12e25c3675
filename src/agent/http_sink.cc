#include "agent/http_sink.h"

#include <curl/curl.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <sstream>

#include "base/compress.h"

namespace trilobite::agent {
namespace {

constexpr std::size_t kAnswerBytesMax = 4096;  // an error's text; the rest is not looked at

struct HeaderList {
  curl_slist* list = nullptr;
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

std::size_t keep_answer(char* data, std::size_t size, std::size_t count, void* target) {
  auto& out = *static_cast<std::string*>(target);
  out.append(data, std::min(size * count, kAnswerBytesMax - std::min(kAnswerBytesMax, out.size())));
  return size * count;
}

// Read for each batch: tokens in files are changed while we run.
Result<std::string> read_secret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return error(Code::kIo, "cannot read {}", path);
  std::ostringstream text;
  text << file.rdbuf();
  std::string out = std::move(text).str();
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r' || out.back() == ' ')) out.pop_back();
  return out;
}

class HttpSink final : public Sink {
 public:
  HttpSink(ClientConfig config, CURL* curl) : config_(std::move(config)), curl_(curl, curl_easy_cleanup) {
    set_up_connection();
    set_up_tls();
  }

  SendOutcome send(std::string_view tenant, std::string_view push_body) override {
    HeaderList headers;
    if (auto prepared = prepare(tenant, headers); !prepared.ok()) {
      return {Delivery::kRetry, std::move(prepared).error().message};
    }
    const std::string packed = snappy_compress(push_body);
    std::string answer;
    char reason[CURL_ERROR_SIZE] = "";
    set(CURLOPT_HTTPHEADER, headers.list);
    set(CURLOPT_POSTFIELDS, packed.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(packed.size()));
    set(CURLOPT_WRITEDATA, &answer);
    set(CURLOPT_ERRORBUFFER, reason);
    const CURLcode state = curl_easy_perform(curl_.get());
    set(CURLOPT_HTTPHEADER, nullptr);
    set(CURLOPT_ERRORBUFFER, nullptr);
    if (state != CURLE_OK) {
      return {Delivery::kRetry,
              fmt::format("cannot push to {}: {}", config_.url, reason[0] != 0 ? reason : curl_easy_strerror(state))};
    }
    return outcome_of(answer);
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  void set_up_connection() {
    const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout).count();
    set(CURLOPT_URL, config_.url.c_str());
    set(CURLOPT_POST, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout));
    set(CURLOPT_WRITEFUNCTION, &keep_answer);
    set(CURLOPT_USERAGENT, "trilobite-agent");
    if (!config_.proxy_url.empty()) set(CURLOPT_PROXY, config_.proxy_url.c_str());
  }
  void set_up_tls() {
    const TlsConfig& tls = config_.tls;
    if (!tls.ca_file.empty()) set(CURLOPT_CAINFO, tls.ca_file.c_str());
    if (!tls.cert_file.empty()) set(CURLOPT_SSLCERT, tls.cert_file.c_str());
    if (!tls.key_file.empty()) set(CURLOPT_SSLKEY, tls.key_file.c_str());
    if (tls.insecure_skip_verify) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
  }

  Result<void> prepare(std::string_view tenant, HeaderList& headers) {
    headers.add("Content-Type: application/x-protobuf");
    headers.add("Expect:");  // no round trip before the body
    const std::string_view org = tenant.empty() ? std::string_view(config_.tenant_id) : tenant;
    if (!org.empty()) headers.add(fmt::format("X-Scope-OrgID: {}", org));
    for (const auto& [name, value] : config_.headers) headers.add(fmt::format("{}: {}", name, value));
    std::string token = config_.bearer_token;
    if (!config_.bearer_token_file.empty()) {
      TRY(secret, read_secret(config_.bearer_token_file));
      token = std::move(secret);
    }
    if (!token.empty()) headers.add(fmt::format("Authorization: Bearer {}", token));
    if (!config_.basic_user.empty()) {
      std::string password = config_.basic_password;
      if (!config_.basic_password_file.empty()) {
        TRY(secret, read_secret(config_.basic_password_file));
        password = std::move(secret);
      }
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, config_.basic_user.c_str());
      set(CURLOPT_PASSWORD, password.c_str());
    }
    return {};
  }

  SendOutcome outcome_of(std::string answer) {
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 == 2) return {};
    while (!answer.empty() && answer.back() == '\n') answer.pop_back();
    const bool again = status == 429 || status / 100 == 5;
    return {again ? Delivery::kRetry : Delivery::kRefused,
            fmt::format("{} answers {}: {}", config_.url, status, answer), status == 429};
  }

  const ClientConfig config_;
  std::unique_ptr<CURL, void (*)(CURL*)> curl_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_http_sink(const ClientConfig& config) {
  static std::once_flag once;  // what the library asks for; it is not undone
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CURL* curl = curl_easy_init();
  if (curl == nullptr) return error(Code::kInternal, "cannot set up an HTTP client");
  return std::unique_ptr<Sink>(std::make_unique<HttpSink>(config, curl));
}

}  // namespace trilobite::agent
