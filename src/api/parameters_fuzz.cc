// Any text is a time, a span, a number or selectors, or an error that says so.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/prometheus_parameters.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto time = api::parse_prometheus_time(text);
  if (time.ok()) CHECK(*time % 1'000'000 == 0);
  static_cast<void>(api::parse_prometheus_span(text));
  static_cast<void>(api::parse_go_integer(text));
  http::Request request;
  request.query = {{"match[]", std::string(text)}, {"start", std::string(text)}, {"limit", std::string(text)}};
  static_cast<void>(api::prometheus_matchers(request));
  static_cast<void>(api::prometheus_range(request));
  static_cast<void>(api::prometheus_limit(request));
  return 0;
}
