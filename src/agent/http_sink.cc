#include "agent/http_sink.h"

#include <fstream>
#include <sstream>

#include "agent/http_client.h"
#include "base/compress.h"

namespace trilobite::agent {
namespace {

constexpr std::size_t kAnswerBytesMax = 4096;  // an error's text; the rest is not looked at

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

HttpOptions options_of(const ClientConfig& config) {
  HttpOptions options;
  options.tls = config.tls;
  options.proxy_url = config.proxy_url;
  options.user_agent = "trilobite-agent";
  options.timeout = options.connect_timeout = config.timeout;
  options.answer_bytes_max = kAnswerBytesMax;
  return options;
}

class HttpSink final : public Sink {
 public:
  HttpSink(ClientConfig config, std::unique_ptr<HttpClient> client)
      : config_(std::move(config)), client_(std::move(client)) {}

  SendOutcome send(std::string_view tenant, std::string_view push_body) override {
    HttpRequest request{config_.url, {}, {}};
    if (auto prepared = prepare(tenant, request); !prepared.ok()) {
      return {Delivery::kRetry, std::move(prepared).error().message};
    }
    const std::string packed = snappy_compress(push_body);
    request.post = packed;
    auto answer = client_->send(request);
    if (!answer.ok()) return {Delivery::kRetry, std::move(answer).error().within("cannot push").message};
    return outcome_of(std::move(*answer));
  }

 private:
  Result<void> prepare(std::string_view tenant, HttpRequest& request) {
    request.headers = {"Content-Type: application/x-protobuf", "Expect:"};  // no round trip before the body
    const std::string_view org = tenant.empty() ? std::string_view(config_.tenant_id) : tenant;
    if (!org.empty()) request.headers.push_back(fmt::format("X-Scope-OrgID: {}", org));
    for (const auto& [name, value] : config_.headers) request.headers.push_back(fmt::format("{}: {}", name, value));
    std::string token = config_.bearer_token;
    if (!config_.bearer_token_file.empty()) {
      TRY(secret, read_secret(config_.bearer_token_file));
      token = std::move(secret);
    }
    if (!token.empty()) request.headers.push_back(fmt::format("Authorization: Bearer {}", token));
    if (!config_.basic_user.empty()) {
      std::string password = config_.basic_password;
      if (!config_.basic_password_file.empty()) {
        TRY(secret, read_secret(config_.basic_password_file));
        password = std::move(secret);
      }
      client_->set_basic(config_.basic_user, std::move(password));
    }
    return {};
  }

  SendOutcome outcome_of(HttpAnswer answer) const {
    if (answer.status / 100 == 2) return {};
    while (!answer.body.empty() && answer.body.back() == '\n') answer.body.pop_back();
    const bool again = answer.status == 429 || answer.status / 100 == 5;
    return {again ? Delivery::kRetry : Delivery::kRefused,
            fmt::format("{} answers {}: {}", config_.url, answer.status, answer.body), answer.status == 429};
  }

  const ClientConfig config_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_http_sink(const ClientConfig& config) {
  TRY(client, HttpClient::make(options_of(config)));
  return std::unique_ptr<Sink>(std::make_unique<HttpSink>(config, std::move(client)));
}

}  // namespace trilobite::agent
