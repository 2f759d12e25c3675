// One request on a libcurl handle of its own, for whoever drives it: alone (http_fetch.h), when the handle keeps its
// connection open for the next request, or many at once (scrape_client.h), when those who drive them do.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scrape/http_config.h"

namespace trilobite::scrape {

struct HttpTransferRequest {
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string unix_socket;           // "": over the network
  std::string post;                  // a form; "": GET
  Nanoseconds timeout{0};            // of the whole; 0: none
  bool compressed = true;            // gzip is asked for and unpacked
  std::uint64_t body_bytes_max = 0;  // unpacked
};

// What all transfers may hold at once; null: no bound.
struct BodyBudget {
  std::atomic<std::uint64_t> used{0};
  std::uint64_t max = 0;
};

class HttpTransfer {
 public:
  explicit HttpTransfer(std::shared_ptr<const HttpConfig> config, BodyBudget* budget = nullptr);
  // For the requests from the next prepare() on.
  void use(std::shared_ptr<const HttpConfig> config) { config_ = std::move(config); }
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Gets the handle ready; whatever came before is forgotten, the connection is not.
  Result<void> prepare(const HttpTransferRequest& request);
  void* handle();  // CURL*

  // Called with unpacked bytes instead of keeping them; false ends the transfer. Set before prepare().
  std::function<bool(std::string_view)> on_bytes;
  std::function<bool()> stopped;  // asked about once a second

  // After the transfer ended with this CURLcode: the error in words, or nothing.
  Result<void> finish(int code);

  int status() const { return status_; }
  const std::string& status_text() const { return status_text_; }  // "404 Not Found"
  const std::string& content_type() const { return content_type_; }
  const std::string& body() const { return body_; }
  std::string& body() { return body_; }
  bool body_too_large() const { return too_large_; }
  void release_body();
  // The address in numbers that the answer came from; "" after redirects.
  std::string peer() const;

 private:
  struct Curl;
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
  Result<void> set_tls(const HttpTransferRequest& request, std::string& url, std::vector<std::string>& headers);

  std::shared_ptr<const HttpConfig> config_;
  BodyBudget* const budget_;
  std::unique_ptr<Curl> curl_;
  std::string url_, body_, status_text_, content_type_;
  std::uint64_t body_bytes_max_ = 0, reserved_ = 0;
  int status_ = 0;
  bool too_large_ = false, over_budget_ = false;
};

void start_http_library();  // once per process, before anything else of libcurl; any thread, any number of times

std::string_view status_words(int status);  // "Not Found"

}  // namespace trilobite::scrape
