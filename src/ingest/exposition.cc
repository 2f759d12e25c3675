#include "ingest/exposition.h"

#include <algorithm>

#include "ingest/exposition_readers.h"

namespace trilobite::ingest {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
  });
}

}  // namespace

std::optional<ExpositionFormat> exposition_format(std::string_view content_type) {
  const std::string_view media = trimmed(content_type.substr(0, content_type.find(';')));
  if (same(media, "text/plain")) return ExpositionFormat::kText;
  if (same(media, "application/openmetrics-text")) return ExpositionFormat::kOpenMetrics;
  if (same(media, "application/vnd.google.protobuf")) return ExpositionFormat::kProtobuf;
  return std::nullopt;
}

std::unique_ptr<ExpositionReader> read_exposition(std::string_view body, ExpositionFormat format,
                                                  ExpositionOptions options) {
  if (options.classic_to_custom) {
    ExpositionOptions plain = options;
    plain.classic_to_custom = false;
    return with_custom_buckets(read_exposition(body, format, plain), options.classic_histograms);
  }
  switch (format) {
    case ExpositionFormat::kOpenMetrics:
      return read_openmetrics(body, options);
    case ExpositionFormat::kProtobuf:
      return read_protobuf_exposition(body, options);
    default:
      return read_text_exposition(body);
  }
}

ExpositionFamily& family_of(std::vector<ExpositionFamily>& families, std::string name) {
  constexpr std::size_t kLookBack = 16;
  const std::size_t from = families.size() > kLookBack ? families.size() - kLookBack : 0;
  for (std::size_t i = families.size(); i > from; --i) {
    if (families[i - 1].name == name) return families[i - 1];
  }
  families.push_back({});
  families.back().name = std::move(name);
  return families.back();
}

NumberLabel number_label_of(std::string_view type) {
  if (type == "histogram") return NumberLabel::kBound;
  return type == "summary" ? NumberLabel::kQuantile : NumberLabel::kNone;
}

}  // namespace trilobite::ingest
