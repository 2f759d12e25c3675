// Records, as trilobite/log_record.h lays them out, turned back into events.
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

#include "call_site.h"
#include "event.h"
#include "span_views.h"

namespace trilobite::log {

namespace detail {

// A statement whose parts are known at run time only.
struct Statement {
  std::string_view target;
  std::string_view format;
  const char* file;
  std::uint32_t line;
  Level level;
};

}  // namespace detail

// The parts of one statement, borrowed for the call.
struct Submission {
  const detail::Statement& statement;
  std::span<const Value> values;
  std::span<const Field> fields;
};

std::size_t framed_size(const Submission& submission);
void put_record(detail::Producer& producer, const Submission& submission, std::int64_t ticks);
std::int64_t record_ticks(const std::byte* record);

// The event's time is in ticks, for the caller to replace. The event is valid until the next call. One thread at a
// time.
class RecordReader {
 public:
  // Without messages_wanted events may have their messages in pieces.
  RecordReader(std::string default_target, bool messages_wanted)
      : sites_(std::move(default_target)), messages_wanted_(messages_wanted) {}
  Event read(const std::byte* record);
  static void release(const std::byte* record);  // what it refers to; it is not read again

 private:
  void format_message(std::string_view format);

  CallSites sites_;
  const bool messages_wanted_;
  trace::SpanViews spans_;
  std::vector<Value> values_;
  std::vector<Field> fields_;
  fmt::dynamic_format_arg_store<fmt::format_context> arguments_;
  std::string message_;
};

}  // namespace trilobite::log
