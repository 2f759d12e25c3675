// For tests: keeps the spans that end while it lives.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "line_format.h"
#include "trace_state.h"

namespace trilobite::trace {

class RecordedSpans final : public SpanProcessor {
 public:
  RecordedSpans() : before_(set_span_processor(this)) {}
  ~RecordedSpans() override {
    set_span_processor(before_);
    for (SpanData* span : spans_) span->release();
  }
  RecordedSpans(const RecordedSpans&) = delete;
  RecordedSpans& operator=(const RecordedSpans&) = delete;

  void on_end(SpanData* span) noexcept override {
    const std::lock_guard lock(mutex_);
    spans_.push_back(span);
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return spans_.size();
  }
  // In the order of their ends.
  SpanData& operator[](std::size_t i) {
    const std::lock_guard lock(mutex_);
    return *spans_.at(i);
  }

 private:
  SpanProcessor* before_;
  std::mutex mutex_;
  std::vector<SpanData*> spans_;
};

// `key=value key=value`, later ones of a key too.
inline std::string text_of(const AttributeBytes& attributes) {
  std::string out;
  attributes.each(attributes.size(), [&](const log::Field& field) {
    out += out.empty() ? "" : " ";
    out += std::string(field.key) + "=";
    log::append_readable_value(out, field.value);
  });
  return out;
}

}  // namespace trilobite::trace
