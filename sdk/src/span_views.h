// Spans as log lines show them: the current one of a record and those around it, outermost first.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event.h"
#include "span_data.h"

namespace trilobite::trace {

class SpanViews {
 public:
  // innermost: what current_span() was; may be null. attribute_bytes: innermost->attributes.size() at that time; the
  // spans around it are shown with all attributes they have by now. Valid until the next call.
  std::span<const log::SpanView> of(const SpanData* innermost, std::uint32_t attribute_bytes);

 private:
  struct Texts {
    std::string fields;
    std::string ids;  // trace id, span id, parent id
  };
  log::SpanView view(const SpanData& span, std::uint32_t attribute_bytes, Texts& texts);

  std::vector<std::unique_ptr<Texts>> texts_;
  std::vector<const SpanData*> chain_;
  std::vector<log::SpanView> views_;
};

}  // namespace trilobite::trace
