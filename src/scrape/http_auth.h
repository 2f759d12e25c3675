// What a request carries to be let in: basic auth, a token, OAuth 2, headers from the configuration. Files are read
// again each time, so that secrets can be replaced while we run.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "scrape/http_config.h"

namespace trilobite::scrape {

Result<std::string> secret_text(const Secret& secret);  // a file's without blanks at the ends

// Any thread.
class HttpAuth {
 public:
  explicit HttpAuth(const HttpConfig& config) : config_(config) {}

  // "Name: value" lines. Reads files and may fetch a token, which blocks: see may_block().
  Result<std::vector<std::string>> headers();
  bool may_block() const { return config_.oauth2_given; }
  // The server did not like the token: the next call fetches another.
  void forget_token();

 private:
  Result<std::string> token();

  const HttpConfig config_;
  std::mutex mutex_;  // guards token_ and until_; held while a token is fetched, so that it is fetched once
  std::string token_;
  std::chrono::nanoseconds until_{0};  // steady
};

}  // namespace trilobite::scrape
