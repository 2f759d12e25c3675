#include "scrape/http_auth.h"

#include <fstream>
#include <iterator>

#include "agent/http_client.h"
#include "scrape/http_fetch.h"
#include "scrape/json_value.h"
#include "scrape/limits.h"

namespace trilobite::scrape {
namespace {

std::string base64(std::string_view text) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t bytes = std::min<std::size_t>(3, text.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < bytes ? static_cast<unsigned char>(text[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) out += j <= bytes ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

Result<std::string> first_line_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error(Code::kIo, "cannot read {}", path);
  std::string text(std::istreambuf_iterator<char>(in), {});
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  std::size_t begin = 0;
  while (begin < text.size() && blank(text[begin])) ++begin;
  text.erase(0, begin);
  // A header is one line; what is more would be headers of the file's choice.
  if (text.find_first_of("\r\n") != std::string::npos) return error(Code::kInvalid, "{} has more than one line", path);
  return text;
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", agent::url_escape(name), agent::url_escape(value));
  }
  return out;
}

std::chrono::nanoseconds steady_now() { return SystemClock().steady(); }

}  // namespace

Result<std::string> secret_text(const Secret& secret) {
  if (secret.file.empty()) return secret.text;
  return first_line_of_file(secret.file);
}

// RFC 6749, section 4.4.
Result<std::string> HttpAuth::token() {
  const std::lock_guard lock(mutex_);
  if (!token_.empty() && steady_now() < until_) return token_;
  const OAuth2Config& oauth2 = config_.oauth2;
  TRY(secret, secret_text(oauth2.client_secret));
  std::vector<std::pair<std::string, std::string>> fields{{"grant_type", "client_credentials"}};
  if (!oauth2.scopes.empty()) {
    std::string scopes;
    for (const std::string& scope : oauth2.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
    fields.emplace_back("scope", scopes);
  }
  for (const auto& param : oauth2.endpoint_params) fields.push_back(param);
  HttpConfig plain;
  plain.tls = oauth2.tls;
  plain.proxy = oauth2.proxy;
  HttpFetch fetch(plain, {});
  HttpTransferRequest request;
  request.url = oauth2.token_url;
  request.timeout = 30s;
  request.body_bytes_max = 1u << 20;
  request.post = form(fields);
  const std::string user = agent::url_escape(oauth2.client_id) + ":" + agent::url_escape(secret);
  request.headers = {"Authorization: Basic " + base64(user), "Content-Type: application/x-www-form-urlencoded"};
  auto answer = fetch.send(std::move(request));
  if (!answer.ok()) return std::move(answer).error().within("oauth2: cannot fetch token");
  if (answer->status != 200) return error(Code::kUnavailable, "oauth2: cannot fetch token: {}", answer->status_text);
  json::Document document;
  const json::Value root = document.parse(answer->body);
  const std::string_view token = root["access_token"].text();
  if (token.empty()) {
    return error(Code::kUnavailable, "oauth2: server response missing access_token");
  }
  const std::int64_t seconds = root["expires_in"].there() ? root["expires_in"].number() : 3600;
  token_ = token;
  until_ = steady_now() + std::chrono::seconds(std::max<std::int64_t>(seconds - 10, 1));
  return token_;
}

void HttpAuth::forget_token() {
  const std::lock_guard lock(mutex_);
  token_.clear();
}

Result<std::vector<std::string>> HttpAuth::headers() {
  std::vector<std::string> out;
  if (config_.basic_auth) {
    TRY(user, secret_text(config_.basic_username));
    TRY(password, secret_text(config_.basic_password));
    out.push_back("Authorization: Basic " + base64(user + ":" + password));
  } else if (!config_.authorization_type.empty()) {
    TRY(credentials, secret_text(config_.authorization));
    out.push_back(fmt::format("Authorization: {} {}", config_.authorization_type, credentials));
  } else if (config_.oauth2_given) {
    TRY(bearer, token());
    out.push_back("Authorization: Bearer " + bearer);
  }
  for (const HeaderConfig& header : config_.headers) {
    for (const std::string& value : header.values) out.push_back(fmt::format("{}: {}", header.name, value));
    for (const std::string& value : header.secrets) out.push_back(fmt::format("{}: {}", header.name, value));
    for (const std::string& file : header.files) {
      TRY(value, first_line_of_file(file));
      out.push_back(fmt::format("{}: {}", header.name, value));
    }
  }
  return out;
}

}  // namespace trilobite::scrape
