// A log statement as bytes in a queue: a header, the arguments, the fields. Texts are copied in; what exists since
// compile time (format, target, file) is pointed to.
//
//   header | value_count * Value | field_count * (u32 key size, key, Value)
//   Value = u8 kind, then 8 bytes of bits, or for text u32 size and the bytes; nothing is aligned
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/args.h>
#include <fmt/format.h>

#include <trilobite/log.h>

#include "event.h"

namespace trilobite::log {

struct RecordHeader {
  std::int64_t time_ns;
  std::string_view target;
  std::string_view format;
  const char* file;
  std::uint32_t line;
  std::uint32_t value_count;
  std::uint32_t field_count;
  Level level;
};

// The parts of one statement, borrowed for the call.
struct Submission {
  const detail::Statement& statement;
  std::span<const Value> values;
  std::span<const Field> fields;
};

std::size_t record_size(const Submission& submission);
void write_record(std::byte* out, const Submission& submission, std::int64_t time_ns);
std::int64_t record_time(const std::byte* record);

// Turns records into events. The event is valid until the next call. One thread at a time.
class RecordReader {
 public:
  Event read(const std::byte* record);

 private:
  void format_message(std::string_view format);

  std::vector<Field> fields_;
  fmt::dynamic_format_arg_store<fmt::format_context> arguments_;
  fmt::basic_memory_buffer<char, 512> message_;
};

}  // namespace trilobite::log
