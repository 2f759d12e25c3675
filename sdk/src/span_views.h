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
  SpanViews() = default;
  SpanViews(const SpanViews&) = delete;
  SpanViews& operator=(const SpanViews&) = delete;

  // innermost: what current_span() was; may be null. attribute_bytes: innermost->attributes.size() at that time; the
  // spans around it are shown with all attributes they have by now. Valid until the next call.
  std::span<const log::SpanView> of(SpanData* innermost, std::uint32_t attribute_bytes);

 private:
  struct Texts {
    std::string fields;
    std::string ids;  // trace id, span id, parent id
  };
  struct Seen {
    const SpanData* span;
    std::uint32_t attribute_bytes;
    bool operator==(const Seen&) const = default;
  };
  // The views of one innermost span with those around it.
  struct Chain {
    SpanRef held;  // so that none of them becomes another span
    std::vector<Seen> seen;
    std::vector<std::unique_ptr<Texts>> texts;
    std::vector<log::SpanView> views;
  };
  static constexpr std::size_t kChains = 16;  // spans that threads log in by turns

  static log::SpanView view(const SpanData& span, std::uint32_t attribute_bytes, Texts& texts);

  Chain chains_[kChains];
  std::vector<Seen> seen_;  // innermost first
  std::uint64_t version_ = 0;
};

}  // namespace trilobite::trace
