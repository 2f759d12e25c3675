// Answers of receivers: whatever the bytes are, reading them ends and stays inside them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "otlp_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite::otlp;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_export_response(text));
  static_cast<void>(read_rpc_status(text));
  static_cast<void>(error_text("application/x-protobuf", text));
  static_cast<void>(error_text("text/plain", text));
  static_cast<void>(percent_decoded(text));
  static_cast<void>(base64_decoded(text));
  return 0;
}
