#include "scrape/http_fetch.h"

#include <curl/curl.h>

namespace trilobite::scrape {

HttpFetch::HttpFetch(const HttpConfig& config, std::function<bool()> stopped)
    : auth_(config), transfer_(std::make_shared<const HttpConfig>(config)) {
  transfer_.stopped = std::move(stopped);
}

Result<FetchAnswer> HttpFetch::run(HttpTransferRequest request) {
  TRY(headers, auth_.headers());
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());
  TRY_VOID(transfer_.prepare(request));
  const int code = curl_easy_perform(transfer_.handle());
  TRY_VOID(transfer_.finish(code));
  if (transfer_.status() == 401) auth_.forget_token();
  FetchAnswer answer{transfer_.status(), transfer_.status_text(), transfer_.content_type(),
                     std::move(transfer_.body())};
  transfer_.release_body();
  return answer;
}

Result<FetchAnswer> HttpFetch::send(HttpTransferRequest request) {
  transfer_.on_bytes = {};
  return run(std::move(request));
}

Result<FetchAnswer> HttpFetch::stream(HttpTransferRequest request, std::function<bool(std::string_view)> on_bytes) {
  transfer_.on_bytes = std::move(on_bytes);
  auto answer = run(std::move(request));
  transfer_.on_bytes = {};
  return answer;
}

}  // namespace trilobite::scrape
