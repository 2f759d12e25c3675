#include "api/cors.h"

#include "logs/regex.h"

namespace trilobite::api {
namespace {

class RegexPolicy final : public CorsPolicy {
 public:
  RegexPolicy(logql::Regex regex, bool all) : regex_(std::move(regex)), all_(all) {}

  void apply(const http::Request& request, http::Response& response) const override {
    const std::string_view origin = request.header("origin");
    if (origin.empty()) return;
    auto& headers = response.headers;
    headers.emplace_back("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin");
    headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    headers.emplace_back("Access-Control-Expose-Headers", "Date");
    headers.emplace_back("Vary", "Origin");
    if (all_) {
      headers.emplace_back("Access-Control-Allow-Origin", "*");
    } else if (regex_.matches(origin)) {
      headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
    }
  }

 private:
  logql::Regex regex_;
  bool all_;
};

}  // namespace

Result<std::shared_ptr<const CorsPolicy>> make_cors_policy(std::string_view origins) {
  TRY(regex, logql::Regex::compile(origins, {.anchored = true}));
  return std::shared_ptr<const CorsPolicy>(std::make_shared<RegexPolicy>(std::move(regex), origins == ".*"));
}

bool comes_from_another_origin(const http::Request& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.header("host");
}

}  // namespace trilobite::api
