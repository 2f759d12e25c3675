// What spans need of the process-wide logger: what its filter says about them, and a way for lines of their own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "filter.h"
#include "record.h"

namespace trilobite::log::detail {

enum class SpanVerdict : std::uint32_t {
  kAbsent = 0,
  kExists = 1,
  kAsk = 2,  // it depends on the span's name and fields, and on the span around it
};

// cached belongs to the type of span: its answer stays valid as long as the filter does.
SpanVerdict span_verdict(std::string_view target, Level level, std::uint32_t& cached) noexcept;
SpanAnswer ask_about_span(const SpanQuestion& question) noexcept;

// Logs a line whose statement is known at run time only; its texts have to stay for ever. No level is asked.
void submit(const Statement& statement, std::span<const Field> fields) noexcept;

}  // namespace trilobite::log::detail
