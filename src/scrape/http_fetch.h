// One request after another, for discovery: blocks, and ends early when told to.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "scrape/http_auth.h"
#include "scrape/http_transfer.h"

namespace trilobite::scrape {

struct FetchAnswer {
  int status = 0;
  std::string status_text, content_type, body;
};

// One thread at a time.
class HttpFetch {
 public:
  HttpFetch(const HttpConfig& config, std::function<bool()> stopped);

  // kUnavailable without an answer; kLimit when the body is too large. Any status is an answer. Adds the configured
  // credentials to request.headers.
  Result<FetchAnswer> send(HttpTransferRequest request);
  // The body goes to `on_bytes` as it comes, whatever the status.
  Result<FetchAnswer> stream(HttpTransferRequest request, std::function<bool(std::string_view)> on_bytes);

 private:
  Result<FetchAnswer> run(HttpTransferRequest request);

  HttpAuth auth_;
  HttpTransfer transfer_;
};

}  // namespace trilobite::scrape
