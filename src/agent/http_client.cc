#include "agent/http_client.h"

#include <curl/curl.h>
#include <poll.h>

#include <algorithm>
#include <mutex>

namespace trilobite::agent {
namespace {

using Curl = std::unique_ptr<CURL, void (*)(CURL*)>;

struct HeaderList {
  curl_slist* list = nullptr;
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

struct AnswerSink {
  std::string& body;
  std::size_t bytes_max;
};

std::size_t keep_answer(char* data, std::size_t size, std::size_t count, void* target) {
  auto& sink = *static_cast<AnswerSink*>(target);
  const std::size_t room = sink.bytes_max - std::min(sink.bytes_max, sink.body.size());
  sink.body.append(data, std::min(size * count, room));
  return size * count;
}

template <class T>
void set(const Curl& curl, CURLoption option, T value) {
  curl_easy_setopt(curl.get(), option, value);
}

long milliseconds(Nanoseconds time) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

// A handle with everything that is the same for all requests.
Result<Curl> make_handle(const HttpOptions& options) {
  static std::once_flag once;  // what the library asks for; it is not undone
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  Curl curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return error(Code::kInternal, "cannot set up an HTTP client");
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_TIMEOUT_MS, milliseconds(options.timeout));
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout));
  set(curl, CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.proxy_url.empty()) set(curl, CURLOPT_PROXY, options.proxy_url.c_str());
  if (options.accept_compressed) set(curl, CURLOPT_ACCEPT_ENCODING, "");
  const TlsConfig& tls = options.tls;
  if (!tls.ca_file.empty()) set(curl, CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.cert_file.empty()) set(curl, CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.key_file.empty()) set(curl, CURLOPT_SSLKEY, tls.key_file.c_str());
  if (tls.insecure_skip_verify) {
    set(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    set(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  return curl;
}

Error failure(const std::string& url, CURLcode state, const char* reason) {
  return error(Code::kUnavailable, "cannot reach {}: {}", url, reason[0] != 0 ? reason : curl_easy_strerror(state));
}

class CurlStream final : public ByteStream {
 public:
  CurlStream(Curl curl, curl_socket_t socket) : curl_(std::move(curl)), socket_(socket) {}

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      std::size_t sent = 0;
      const CURLcode state = curl_easy_send(curl_.get(), bytes.data(), bytes.size(), &sent);
      if (state == CURLE_AGAIN) {
        wait_for(POLLOUT, std::chrono::seconds(1));
        continue;
      }
      if (state != CURLE_OK) return error(Code::kUnavailable, "cannot send: {}", curl_easy_strerror(state));
      bytes.remove_prefix(sent);
    }
    return {};
  }

  Result<std::string> read(std::chrono::milliseconds wait) override {
    std::string out(kReadBytes, '\0');
    for (int attempt = 0; attempt < 2; ++attempt) {
      std::size_t got = 0;
      const CURLcode state = curl_easy_recv(curl_.get(), out.data(), out.size(), &got);
      if (state == CURLE_OK && got == 0) return error(Code::kUnavailable, "the connection was closed");
      if (state == CURLE_OK) {
        out.resize(got);
        return out;
      }
      if (state != CURLE_AGAIN) return error(Code::kUnavailable, "cannot receive: {}", curl_easy_strerror(state));
      if (attempt == 0) wait_for(POLLIN, wait);
    }
    return std::string();
  }

 private:
  static constexpr std::size_t kReadBytes = 64u << 10;

  void wait_for(short events, std::chrono::milliseconds time) const {
    pollfd wanted{socket_, events, 0};
    static_cast<void>(::poll(&wanted, 1, static_cast<int>(time.count())));
  }

  Curl curl_;
  curl_socket_t socket_;
};

class CurlClient final : public HttpClient {
 public:
  CurlClient(HttpOptions options, Curl curl) : options_(std::move(options)), curl_(std::move(curl)) {}

  Result<HttpAnswer> send(const HttpRequest& request) override {
    HeaderList headers;
    for (const std::string& line : request.headers) headers.add(line);
    HttpAnswer answer;
    AnswerSink sink{answer.body, options_.answer_bytes_max};
    char reason[CURL_ERROR_SIZE] = "";
    set(curl_, CURLOPT_URL, request.url.c_str());
    if (request.post) {
      set(curl_, CURLOPT_POST, 1L);
      set(curl_, CURLOPT_POSTFIELDS, request.post->data());
      set(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.post->size()));
    } else {
      set(curl_, CURLOPT_HTTPGET, 1L);
    }
    if (!options_.basic_user.empty()) {
      set(curl_, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(curl_, CURLOPT_USERNAME, options_.basic_user.c_str());
      set(curl_, CURLOPT_PASSWORD, options_.basic_password.c_str());
    }
    set(curl_, CURLOPT_HTTPHEADER, headers.list);
    set(curl_, CURLOPT_WRITEFUNCTION, &keep_answer);
    set(curl_, CURLOPT_WRITEDATA, &sink);
    set(curl_, CURLOPT_ERRORBUFFER, reason);
    const CURLcode state = curl_easy_perform(curl_.get());
    set(curl_, CURLOPT_HTTPHEADER, nullptr);
    set(curl_, CURLOPT_ERRORBUFFER, nullptr);
    if (state != CURLE_OK) return failure(request.url, state, reason);
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    return answer;
  }

  Result<std::unique_ptr<ByteStream>> connect(const std::string& url) override {
    TRY(handle, make_handle(options_));
    char reason[CURL_ERROR_SIZE] = "";
    set(handle, CURLOPT_URL, url.c_str());
    set(handle, CURLOPT_CONNECT_ONLY, 1L);
    set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(handle, CURLOPT_TIMEOUT_MS, 0L);
    set(handle, CURLOPT_ERRORBUFFER, reason);
    const CURLcode state = curl_easy_perform(handle.get());
    set(handle, CURLOPT_ERRORBUFFER, nullptr);
    if (state != CURLE_OK) return failure(url, state, reason);
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(handle.get(), CURLINFO_ACTIVESOCKET, &socket);
    return std::unique_ptr<ByteStream>(std::make_unique<CurlStream>(std::move(handle), socket));
  }

  void set_basic(std::string user, std::string password) override {
    options_.basic_user = std::move(user);
    options_.basic_password = std::move(password);
  }

 private:
  HttpOptions options_;
  Curl curl_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::make(HttpOptions options) {
  TRY(curl, make_handle(options));
  return std::unique_ptr<HttpClient>(std::make_unique<CurlClient>(std::move(options), std::move(curl)));
}

std::string url_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace trilobite::agent
