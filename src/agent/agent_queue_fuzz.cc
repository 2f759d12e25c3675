// Segments of the queue may hold anything after a crash: reading them must end in records or an error.
#include <cstdint>

#include "agent/file_position.h"
#include "agent/queue_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite::agent;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string_view rest = input;
  while (!rest.empty()) {
    const auto record = take_record(rest);
    if (!record.ok()) break;
  }
  static_cast<void>(decode_commit(input));
  static_cast<void>(decode_snapshot(input));
  static_cast<void>(decode_file_position(input));
  return 0;
}
