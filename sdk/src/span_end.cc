// How a span ends: it leaves the thread, tells its times, goes to the exporter.
#include <trilobite/trace.h>

#include "current_span.h"
#include "span_lines.h"
#include "trace_state.h"

namespace trilobite::trace {

void Span::end(std::int64_t time_ns) noexcept {
  SpanData* const data = data_;
  if (data == nullptr) return;
  data_ = nullptr;
  if (!own_) {
    if (entered_) leave_current(data);
    data->release();
    return;
  }
  std::int64_t now_ns = data->timed ? tracer_now_ns() : 0;
  std::int64_t entered_ns = 0;
  if (entered_ && pop_current(data, entered_ns) && data->timed) {
    data->busy_ns.fetch_add(now_ns - entered_ns, std::memory_order_relaxed);
  }
  if (data->timed) {
    if (time_ns != 0) now_ns = time_ns - tracer_offset_ns();
    data->end_ns.store(now_ns < data->start_ns ? data->start_ns : now_ns, std::memory_order_relaxed);
    write_closed(*data);
  }
  if (data->recording()) {
    if (SpanProcessor* const processor = trace_state.processor.load(std::memory_order_acquire)) {
      processor->on_end(data);  // takes the reference
      return;
    }
  }
  data->release();
}

}  // namespace trilobite::trace
