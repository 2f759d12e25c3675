// Any bytes are a target, a form and a list of encodings, or an error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "server/request_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  http::Request request;
  if (server::parse_target(text, request).ok()) CHECK(!request.path.empty());
  http::Parameters form;
  static_cast<void>(server::parse_form(text, form));
  static_cast<void>(server::accepts_gzip(text));
  return 0;
}
