#include "otlp_answer.h"

#include <algorithm>

#include "protobuf_reader.h"
#include "utf8.h"

namespace trilobite::otlp {
namespace {

constexpr std::size_t kErrorTextMax = 200;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < kErrorTextMax) {
    const std::size_t length = log::utf8_length(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (length == 0 || (length == 1 && (c < 0x20 || c == 0x7f))) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      text.remove_prefix(1);
      continue;
    }
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// google.protobuf.Duration: seconds = 1, nanos = 2.
std::optional<std::int64_t> duration_ms(std::string_view message) {
  constexpr std::uint64_t kSecondsMax = 1'000'000'000;
  std::uint64_t seconds = 0, nanos = 0;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == 1) seconds = field->value;
    if (field->number == 2) nanos = field->value;
  }
  if (!reader.valid() || seconds > kSecondsMax || nanos >= 1'000'000'000) return std::nullopt;
  return static_cast<std::int64_t>(seconds * 1'000 + nanos / 1'000'000);
}

// google.protobuf.Any with a google.rpc.RetryInfo { retry_delay = 1 }.
std::optional<std::int64_t> retry_delay_of_any(std::string_view any) {
  std::string_view type, value;
  ProtobufReader reader(any);
  while (const auto field = reader.next()) {
    if (field->number == 1) type = field->bytes;
    if (field->number == 2) value = field->bytes;
  }
  if (!reader.valid() || !type.ends_with("google.rpc.RetryInfo")) return std::nullopt;
  ProtobufReader info(value);
  while (const auto field = info.next()) {
    if (field->number == 1 && field->is_delimited) return duration_ms(field->bytes);
  }
  return std::nullopt;
}

}  // namespace

std::optional<PartialSuccess> read_export_response(std::string_view body) {
  PartialSuccess result;
  ProtobufReader reader(body);
  while (const auto field = reader.next()) {
    if (field->number != 1) continue;
    if (!field->is_delimited) return std::nullopt;
    ProtobufReader partial(field->bytes);
    while (const auto inner = partial.next()) {
      if (inner->number == 1 && !inner->is_delimited) result.rejected = inner->value;
      if (inner->number == 2 && inner->is_delimited) result.message = printable(inner->bytes);
    }
    if (!partial.valid()) return std::nullopt;
  }
  if (!reader.valid()) return std::nullopt;
  if (static_cast<std::int64_t>(result.rejected) < 0) result.rejected = 0;  // the field is a signed one
  return result;
}

std::optional<RpcStatus> read_rpc_status(std::string_view body) {
  RpcStatus status;
  ProtobufReader reader(body);
  while (const auto field = reader.next()) {
    if (field->number == 2 && field->is_delimited) status.message = printable(field->bytes);
    if (field->number == 3 && field->is_delimited && !status.retry_delay_ms) {
      status.retry_delay_ms = retry_delay_of_any(field->bytes);
    }
  }
  if (!reader.valid()) return std::nullopt;
  return status;
}

std::string error_text(std::string_view content_type, std::string_view body) {
  if (content_type.find("protobuf") != std::string_view::npos) {
    const auto status = read_rpc_status(body);
    return status ? status->message : std::string();
  }
  return printable(body);
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+') {
      value = 62;
    } else if (c == '/') {
      value = 63;
    } else {
      return std::nullopt;
    }
    bits = (bits << 6) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count);
      bits &= (1u << count) - 1;
    }
  }
  return out;
}

}  // namespace trilobite::otlp
