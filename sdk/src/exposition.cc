// Choosing a format and writing it.
#include <charconv>
#include <cmath>
#include <mutex>

#include "exposition_format.h"
#include "registry_state.h"

namespace trilobite::instruments {
namespace {

constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";
constexpr std::string_view kProtobufType = "application/vnd.google.protobuf";

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view piece = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return trimmed(piece);
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// One entry of Accept: what we can answer it with, and how much it is wanted.
struct Wish {
  bool known = false;
  Exposition format = Exposition::kText;
  double quality = 1;
};

Wish parse_wish(std::string_view entry) {
  Wish out;
  const std::string type = lowered(take_until(entry, ';'));
  bool is_family = false, is_delimited = true, is_version_known = true;
  while (!entry.empty()) {
    std::string_view parameter = take_until(entry, ';');
    const std::string key = lowered(take_until(parameter, '='));
    if (parameter.size() >= 2 && parameter.front() == '"' && parameter.back() == '"')
      parameter = parameter.substr(1, parameter.size() - 2);
    if (key == "q") {
      const auto [end, failure] = std::from_chars(parameter.data(), parameter.data() + parameter.size(), out.quality);
      if (failure != std::errc() || end != parameter.data() + parameter.size() || !(out.quality >= 0)) out.quality = 0;
    } else if (key == "proto") {
      is_family = parameter == "io.prometheus.client.MetricFamily";
    } else if (key == "encoding") {
      is_delimited = parameter == "delimited";
    } else if (key == "version" && type == kOpenMetricsType) {
      is_version_known = parameter == "1.0.0" || parameter == "0.0.1";
    }
  }
  if (type == kOpenMetricsType && is_version_known) {
    out.known = true;
    out.format = Exposition::kOpenMetrics;
  } else if (type == kProtobufType && is_family && is_delimited) {
    out.known = true;
    out.format = Exposition::kProtobuf;
  } else {
    out.known = type == "text/plain" || type == "text/*" || type == "*/*";
  }
  return out;
}

}  // namespace

TextOrError Registry::expose(Exposition format) const {
  auto gathered = gather(*this, format == Exposition::kText ? WithTexts::kYes : WithTexts::kNo);
  if (!gathered.ok()) return {.text = {}, .error = gathered.error()};
  switch (format) {
    case Exposition::kText:
      return {.text = to_text(*gathered)};
    case Exposition::kOpenMetrics:
      return {.text = to_openmetrics(*gathered)};
    case Exposition::kProtobuf:
      return {.text = to_protobuf(*gathered)};
  }
  return {.text = {}, .error = "unknown format"};
}

Exposition Registry::negotiate(std::string_view accept) const {
  Wish best{.quality = 0};
  while (!accept.empty()) {
    const Wish wish = parse_wish(take_until(accept, ','));
    if (wish.known && wish.quality > best.quality) best = wish;
  }
  if (best.format == Exposition::kText) return Exposition::kText;
  for (const auto& level : detail::walk(state())) {
    const std::lock_guard lock(level->mutex);
    if (!level->text_callbacks.empty()) return Exposition::kText;
  }
  return best.format;
}

std::string_view Registry::content_type(Exposition format) {
  switch (format) {
    case Exposition::kText:
      return "text/plain; charset=utf-8";
    case Exposition::kOpenMetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case Exposition::kProtobuf:
      return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
  }
  return {};
}

void append_sample_value(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (value == std::trunc(value) && std::fabs(value) < 1e15) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<std::int64_t>(value));
    out.append(digits, end.ptr);
  } else {
    char
        digits[400];  // the longest number has 309 digits before the point, the smallest 324 zeros after it and 17 more
    const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed);
    out.append(digits, end.ptr);
  }
}

void append_openmetrics_bound(std::string& out, double value) {
  append_sample_value(out, value);
  if (std::isfinite(value) && value == std::trunc(value)) out += ".0";
}

void append_labels(std::string& out, const Labels& labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) out += ',';
    out += labels[i].name;
    out += "=\"";
    for (const char c : labels[i].value) {
      if (c == '\n') {
        out += "\\n";
        continue;
      }
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
    out += '"';
  }
}

void append_help_escaped(std::string& out, std::string_view help) {
  for (const char c : help) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\') out += '\\';
      out += c;
    }
  }
}

}  // namespace trilobite::instruments
