// Any bytes as an answer of a server: read or refused, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/log_answer.h"
#include "cli/websocket.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite::cli;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_query_answer(text));
  static_cast<void>(parse_tail_frame(text));
  static_cast<void>(parse_list_answer(text));
  static_cast<void>(parse_series_answer(text));
  static_cast<void>(parse_statistics_answer(text));
  static_cast<void>(parse_promql_statistics(text));
  static_cast<void>(parse_metadata_answer(text, "up"));
  static_cast<void>(parse_estimate_answer(text));
  static_cast<void>(error_of_answer(std::string(text)));
  FrameReader frames;
  for (std::size_t at = 0; at < size; at += 7) {
    frames.add(text.substr(at, 7));
    for (auto message = frames.next(); message.ok() && *message; message = frames.next()) {
    }
  }
  return 0;
}
