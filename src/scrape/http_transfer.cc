#include "scrape/http_transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>

#include "scrape/http_auth.h"
#include "scrape/limits.h"

namespace trilobite::scrape {
namespace {

template <class T>
void set(CURL* curl, CURLoption option, T value) {
  curl_easy_setopt(curl, option, value);
}

long tls_version(const std::string& name) {
  if (name == "TLS10") return CURL_SSLVERSION_TLSv1_0;
  if (name == "TLS11") return CURL_SSLVERSION_TLSv1_1;
  if (name == "TLS12") return CURL_SSLVERSION_TLSv1_2;
  if (name == "TLS13") return CURL_SSLVERSION_TLSv1_3;
  return CURL_SSLVERSION_DEFAULT;
}

long tls_version_max(const std::string& name) {
  if (name == "TLS10") return CURL_SSLVERSION_MAX_TLSv1_0;
  if (name == "TLS11") return CURL_SSLVERSION_MAX_TLSv1_1;
  if (name == "TLS12") return CURL_SSLVERSION_MAX_TLSv1_2;
  if (name == "TLS13") return CURL_SSLVERSION_MAX_TLSv1_3;
  return CURL_SSLVERSION_MAX_DEFAULT;
}

void set_blob(CURL* curl, CURLoption option, const std::string& text) {
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  curl_easy_setopt(curl, option, &blob);
}

struct UrlParts {
  std::string scheme, host, port, rest;
};

UrlParts split_url(const std::string& url) {
  UrlParts out;
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return out;
  out.scheme = url.substr(0, scheme);
  const std::size_t begin = scheme + 3, end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::string authority = url.substr(begin, end - begin);
  out.rest = url.substr(end);
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  out.host = authority.substr(0, has_port ? colon : std::string::npos);
  out.port = has_port ? authority.substr(colon + 1) : out.scheme == "https" ? "443" : "80";
  return out;
}

int ask_whether_stopped(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<HttpTransfer*>(self)->stopped() ? 1 : 0;
}

}  // namespace

struct HttpTransfer::Curl {
  Curl() {
    start_http_library();
    easy = curl_easy_init();
    CHECK(easy != nullptr);
  }
  ~Curl() {
    curl_easy_cleanup(easy);
    free_lists();
  }
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  void free_lists() {
    for (curl_slist** list : {&headers, &proxy_headers, &connect_to}) {
      curl_slist_free_all(*list);
      *list = nullptr;
    }
  }

  CURL* easy = nullptr;
  curl_slist *headers = nullptr, *proxy_headers = nullptr, *connect_to = nullptr;
  char reason[CURL_ERROR_SIZE] = "";
};

HttpTransfer::HttpTransfer(std::shared_ptr<const HttpConfig> config, BodyBudget* budget)
    : config_(std::move(config)), budget_(budget), curl_(std::make_unique<Curl>()) {}

HttpTransfer::~HttpTransfer() { release_body(); }

void* HttpTransfer::handle() { return curl_->easy; }

void HttpTransfer::release_body() {
  if (budget_ != nullptr) budget_->used -= reserved_;
  reserved_ = 0;
  body_.clear();
  if (body_.capacity() > (4u << 20)) body_.shrink_to_fit();  // a usual body keeps its room for the next time
}

std::string HttpTransfer::peer() const {
  long redirects = 0;
  const char* ip = nullptr;
  curl_easy_getinfo(curl_->easy, CURLINFO_REDIRECT_COUNT, &redirects);
  const bool known = curl_easy_getinfo(curl_->easy, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip != nullptr;
  return known && redirects == 0 ? ip : "";
}

// The name that the certificate must have may be another than the host's. libcurl takes it from the URL, so the URL
// says the name, and where to connect to is said apart.
Result<void> HttpTransfer::set_tls(const HttpTransferRequest& request, std::string& url,
                                   std::vector<std::string>& headers) {
  const TlsConfig& tls = config_->tls;
  CURL* const easy = curl_->easy;
  if (!tls.ca_file.empty()) set(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.ca.empty()) set_blob(easy, CURLOPT_CAINFO_BLOB, tls.ca);
  if (!tls.cert_file.empty()) set(easy, CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.cert.empty()) set_blob(easy, CURLOPT_SSLCERT_BLOB, tls.cert);
  if (!tls.key.file.empty()) set(easy, CURLOPT_SSLKEY, tls.key.file.c_str());
  if (!tls.key.text.empty()) set_blob(easy, CURLOPT_SSLKEY_BLOB, tls.key.text);
  if (tls.insecure_skip_verify) {
    set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  // Go's client, and so Prometheus, speaks TLS 1.2 and later unless told otherwise.
  set(easy, CURLOPT_SSLVERSION,
      tls_version(tls.min_version.empty() ? "TLS12" : tls.min_version) | tls_version_max(tls.max_version));
  if (tls.server_name.empty() || !request.url.starts_with("https://")) return {};
  const UrlParts parts = split_url(request.url);
  url = fmt::format("https://{}:{}{}", tls.server_name, parts.port, parts.rest);
  const std::string place = fmt::format("{}:{}:{}:{}", tls.server_name, parts.port, parts.host, parts.port);
  curl_->connect_to = curl_slist_append(curl_->connect_to, place.c_str());
  set(easy, CURLOPT_CONNECT_TO, curl_->connect_to);
  headers.push_back(parts.port == "443" ? "Host: " + parts.host : fmt::format("Host: {}:{}", parts.host, parts.port));
  return {};
}

Result<void> HttpTransfer::prepare(const HttpTransferRequest& request) {
  release_body();
  CURL* const easy = curl_->easy;
  curl_easy_reset(easy);
  curl_->free_lists();
  curl_->reason[0] = 0;
  url_ = request.url;
  status_ = 0;
  status_text_.clear();
  content_type_.clear();
  too_large_ = over_budget_ = false;
  body_bytes_max_ = request.body_bytes_max;

  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_BUFFERSIZE, kReadBytes);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_USERAGENT, kUserAgent);
  set(easy, CURLOPT_FOLLOWLOCATION, config_->follow_redirects ? 1L : 0L);
  set(easy, CURLOPT_MAXREDIRS, kRedirectsMax);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(config_->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  if (request.timeout.count() > 0) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(request.timeout).count();
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(ms, 1)));
  }
  if (!request.unix_socket.empty()) set(easy, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  set(easy, CURLOPT_ACCEPT_ENCODING, request.compressed ? "gzip" : nullptr);
  std::vector<std::string> headers = request.headers;
  if (!request.compressed) headers.emplace_back("Accept-Encoding: identity");
  std::string url = request.url;
  TRY_VOID(set_tls(request, url, headers));
  set(easy, CURLOPT_URL, url.c_str());
  if (!request.post.empty()) {
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.post.size()));
    set(easy, CURLOPT_COPYPOSTFIELDS, request.post.c_str());
  }

  const ProxyConfig& proxy = config_->proxy;
  if (!proxy.from_environment) set(easy, CURLOPT_PROXY, proxy.url.c_str());  // "" turns the environment's off
  if (!proxy.no_proxy.empty()) set(easy, CURLOPT_NOPROXY, proxy.no_proxy.c_str());
  for (const auto& [name, value] : proxy.connect_headers) {
    curl_->proxy_headers = curl_slist_append(curl_->proxy_headers, fmt::format("{}: {}", name, value).c_str());
  }
  if (curl_->proxy_headers != nullptr) set(easy, CURLOPT_PROXYHEADER, curl_->proxy_headers);
  set(easy, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));

  for (const std::string& line : headers) curl_->headers = curl_slist_append(curl_->headers, line.c_str());
  set(easy, CURLOPT_HTTPHEADER, curl_->headers);
  set(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::take_body);
  set(easy, CURLOPT_WRITEDATA, this);
  set(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::take_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_ERRORBUFFER, curl_->reason);
  if (stopped) {
    set(easy, CURLOPT_NOPROGRESS, 0L);
    set(easy, CURLOPT_XFERINFOFUNCTION, &ask_whether_stopped);
    set(easy, CURLOPT_XFERINFODATA, this);
  }
  return {};
}

std::size_t HttpTransfer::take_body(char* data, std::size_t size, std::size_t count, void* self) {
  HttpTransfer& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t bytes = size * count;
  if (transfer.on_bytes) return transfer.on_bytes({data, bytes}) ? bytes : CURL_WRITEFUNC_ERROR;
  if (transfer.body_bytes_max_ > 0 && transfer.body_.size() + bytes > transfer.body_bytes_max_) {
    transfer.too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  if (transfer.budget_ != nullptr) {
    if (transfer.budget_->used.fetch_add(bytes) + bytes > transfer.budget_->max) {
      transfer.budget_->used -= bytes;
      transfer.over_budget_ = true;
      return CURL_WRITEFUNC_ERROR;
    }
    transfer.reserved_ += bytes;
  }
  transfer.body_.append(data, bytes);
  return bytes;
}

// Of redirects and interim answers the last one counts.
std::size_t HttpTransfer::take_header(char* data, std::size_t size, std::size_t count, void* self) {
  HttpTransfer& transfer = *static_cast<HttpTransfer*>(self);
  std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    const std::size_t blank = line.find(' ');
    transfer.status_text_ = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    while (!transfer.status_text_.empty() && static_cast<unsigned char>(transfer.status_text_.back()) <= ' ') {
      transfer.status_text_.pop_back();
    }
    transfer.release_body();
  }
  return size * count;
}

Result<void> HttpTransfer::finish(int code) {
  CURL* const easy = curl_->easy;
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  status_ = static_cast<int>(status);
  const char* type = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != nullptr) content_type_ = type;
  if (status_text_.size() <= 4 && status_ > 0) status_text_ = fmt::format("{} {}", status_, status_words(status_));
  if (code == CURLE_OK) return {};
  if (too_large_) return error(Code::kLimit, "body size limit exceeded");
  if (over_budget_) {
    return error(Code::kLimit, "the bodies of all scrapes under way exceed {} bytes", budget_->max);
  }
  const std::string_view method = "Get";
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return error(Code::kTimeout, "{} \"{}\": context deadline exceeded", method, url_);
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) return error(Code::kCancelled, "{} \"{}\": stopped", method, url_);
  if (code == CURLE_TOO_MANY_REDIRECTS) {
    return error(Code::kUnavailable, "{} \"{}\": stopped after {} redirects", method, url_, kRedirectsMax);
  }
  const char* words = curl_->reason[0] != 0 ? curl_->reason : curl_easy_strerror(static_cast<CURLcode>(code));
  return error(Code::kUnavailable, "{} \"{}\": {}", method, url_, words);
}

void start_http_library() {
  static std::once_flag once;  // what the library asks for; it is not undone
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::string_view status_words(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

}  // namespace trilobite::scrape
