// Exemplars: the span in which something was counted.
#include <mutex>
#include <new>

#include "current_span.h"
#include "metric_cells.h"

namespace trilobite::instruments::detail {
namespace {

// The innermost span; null when it is not sampled, as nobody could look such an example up.
trace::SpanData* sampled_span() noexcept {
  trace::SpanData* span = trace::shown_span(trace::current_span());
  return span != nullptr && (span->flags & trace::kFlagSampled) != 0 ? span : nullptr;
}

template <class Number>
void keep(CounterCell<Number>& cell, double amount) noexcept {
  if (sampled_span() == nullptr) return;
  ExemplarSlot* slot = __atomic_load_n(&cell.exemplar, __ATOMIC_ACQUIRE);
  if (slot == nullptr) {
    auto* fresh = new (std::nothrow) ExemplarSlot;
    if (fresh == nullptr) return;
    if (__atomic_compare_exchange_n(&cell.exemplar, &slot, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      slot = fresh;
    } else {
      delete fresh;
    }
  }
  slot->keep(amount);
}

}  // namespace

void keep_exemplar(CounterCell<double>& cell, double amount) noexcept { keep(cell, amount); }
void keep_exemplar(CounterCell<std::uint64_t>& cell, double amount) noexcept { keep(cell, amount); }

void ExemplarSlot::keep(double observed) noexcept {
  const trace::SpanData* span = sampled_span();
  if (span == nullptr || !lock.try_lock()) return;
  present = true;
  trace_id = span->trace_id;
  span_id = span->span_id;
  value = observed;
  time_ms = wall_now_ms();
  lock.unlock();
}

std::optional<Exemplar> ExemplarSlot::read() {
  Exemplar out;
  trace::TraceId trace;
  trace::SpanId span;
  {
    const std::lock_guard hold(lock);
    if (!present) return std::nullopt;
    trace = trace_id;
    span = span_id;
    out.value = value;
    out.time_ms = time_ms;
  }
  out.trace_id = trace::to_hex(trace);
  out.span_id = trace::to_hex(span);
  return out;
}

}  // namespace trilobite::instruments::detail
