// The metrics themselves: handles to numbers that a registry (metrics.h) exposes. Handles are as small as a pointer;
// copies share the number, which lives as long as a handle or its registry. All calls from any thread, none of them
// locks (native histograms and summaries take a short spin lock), none throws.
//
// A counter or histogram belongs to the first thread that writes it: that thread adds without a bus lock, in about a
// nanosecond; other threads add atomically to a second number, and readers take the sum of both.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trilobite::instruments {

namespace detail {

inline std::uintptr_t this_thread() noexcept {
#if defined(__GNUC__) && !defined(__clang__)
  return reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
#else
  static thread_local char place;
  return reinterpret_cast<std::uintptr_t>(&place);
#endif
}

struct Counted {
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  virtual ~Counted() = default;
  std::uint32_t references = 0;
};
void destroy(Counted* object) noexcept;

// What a handle points to; the other kinds are in src/metric_cells.h.
struct Cell : Counted {
  Cell();
  std::int64_t created_ms;  // since 1970
};

// Shared ownership.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* cell) noexcept : cell_(cell) { retain(); }
  Ref(const Ref& other) noexcept : cell_(other.cell_) { retain(); }
  Ref(Ref&& other) noexcept : cell_(other.cell_) { other.cell_ = nullptr; }
  Ref& operator=(Ref other) noexcept {
    T* const mine = cell_;
    cell_ = other.cell_;
    other.cell_ = mine;
    return *this;
  }
  ~Ref() {
    if (cell_ != nullptr && __atomic_sub_fetch(&cell_->references, 1, __ATOMIC_ACQ_REL) == 0) destroy(cell_);
  }
  // Requires that the object is a T.
  template <class Other>
  explicit Ref(Ref<Other>&& other) noexcept : cell_(static_cast<T*>(other.release())) {}
  T* release() noexcept {
    T* const mine = cell_;
    cell_ = nullptr;
    return mine;
  }
  T* get() const noexcept { return cell_; }
  // Both require an object.
  T* operator->() const noexcept {
    if (cell_ == nullptr) __builtin_unreachable();  // or GCC warns of writes to null on a path that is none
    return cell_;
  }
  T& operator*() const noexcept { return *operator->(); }

 private:
  void retain() noexcept {
    if (cell_ != nullptr) __atomic_add_fetch(&cell_->references, 1, __ATOMIC_RELAXED);
  }
  T* cell_ = nullptr;
};

template <class Number>
void add_atomically(Number& number, Number amount) noexcept {
  if constexpr (static_cast<Number>(0.5) == 0) {
    __atomic_fetch_add(&number, amount, __ATOMIC_RELAXED);
  } else {
    Number before, after;
    __atomic_load(&number, &before, __ATOMIC_RELAXED);
    do {
      after = before + amount;
    } while (!__atomic_compare_exchange(&number, &before, &after, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  }
}

// Requires that only the calling thread writes the number.
template <class Number>
void add_alone(Number& number, Number amount) noexcept {
  Number value;
  __atomic_load(&number, &value, __ATOMIC_RELAXED);
  value += amount;
  __atomic_store(&number, &value, __ATOMIC_RELAXED);
}

template <class Number>
void store(Number& number, Number value) noexcept {
  __atomic_store(&number, &value, __ATOMIC_RELAXED);
}

template <class Number>
Number load(const Number& number) noexcept {
  Number value;
  __atomic_load(&number, &value, __ATOMIC_RELAXED);
  return value;
}

// Whether the calling thread owns what is marked by owner. The first to ask becomes the owner. A thread that gets the
// identity of one that ended inherits what that one owned.
inline bool owns(std::uintptr_t& owner) noexcept {
  const std::uintptr_t me = this_thread();
  std::uintptr_t current = __atomic_load_n(&owner, __ATOMIC_RELAXED);
  if (current == me) [[likely]]
    return true;
  return current == 0 && __atomic_compare_exchange_n(&owner, &current, me, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

struct ExemplarSlot;

// One cache line, so that neighbours do not slow each other down.
template <class Number>
struct alignas(64) CounterCell : Cell {
  ~CounterCell() override;
  void add(Number amount) noexcept {
    if (owns(owner)) [[likely]] {
      add_alone(owned, amount);
    } else {
      add_atomically(shared, amount);
    }
  }
  Number value() const noexcept { return load(owned) + load(shared); }

  std::uintptr_t owner = 0;
  Number owned = 0;   // written by the owner only
  Number shared = 0;  // written by all others
  ExemplarSlot* exemplar = nullptr;
};

template <class Number>
struct alignas(64) GaugeCell : Cell {
  Number number = 0;
};

void keep_exemplar(CounterCell<double>& cell, double amount) noexcept;
void keep_exemplar(CounterCell<std::uint64_t>& cell, double amount) noexcept;

}  // namespace detail

// Only goes up. Amounts below zero and NaN are ignored.
class Counter {
 public:
  using Cell = detail::CounterCell<double>;
  explicit Counter(detail::Ref<detail::Counted>&& cell) noexcept
      : cell_(static_cast<detail::Ref<detail::Counted>&&>(cell)) {}

  void add(double amount = 1) const noexcept {
    if (amount >= 0) cell_->add(amount);
  }
  // The same, and remembers the current span as an example of what was counted.
  void add_with_exemplar(double amount = 1) const noexcept {
    add(amount);
    if (amount >= 0) detail::keep_exemplar(*cell_, amount);
  }
  double value() const noexcept { return cell_->value(); }

 private:
  detail::Ref<Cell> cell_;
};

class IntCounter {
 public:
  using Cell = detail::CounterCell<std::uint64_t>;
  explicit IntCounter(detail::Ref<detail::Counted>&& cell) noexcept
      : cell_(static_cast<detail::Ref<detail::Counted>&&>(cell)) {}

  void add(std::uint64_t amount = 1) const noexcept { cell_->add(amount); }
  void add_with_exemplar(std::uint64_t amount = 1) const noexcept {
    add(amount);
    detail::keep_exemplar(*cell_, static_cast<double>(amount));
  }
  std::uint64_t value() const noexcept { return cell_->value(); }

 private:
  detail::Ref<Cell> cell_;
};

template <class Number>
class BasicGauge {
 public:
  using Cell = detail::GaugeCell<Number>;
  explicit BasicGauge(detail::Ref<detail::Counted>&& cell) noexcept
      : cell_(static_cast<detail::Ref<detail::Counted>&&>(cell)) {}

  void set(Number value) const noexcept { detail::store(cell_->number, value); }
  void add(Number amount = 1) const noexcept { detail::add_atomically(cell_->number, amount); }
  void sub(Number amount = 1) const noexcept { detail::add_atomically(cell_->number, static_cast<Number>(0) - amount); }
  Number value() const noexcept { return detail::load(cell_->number); }

 private:
  detail::Ref<Cell> cell_;
};

using Gauge = BasicGauge<double>;
class IntGauge : public BasicGauge<std::int64_t> {
 public:
  using BasicGauge::BasicGauge;
  // A number without sign, at most the largest one with a sign.
  void set_clamped(std::uint64_t value) const noexcept {
    set(value > static_cast<std::uint64_t>(INT64_MAX) ? INT64_MAX : static_cast<std::int64_t>(value));
  }
};

// Adds while it lives: for requests in flight.
template <class G>
class Held {
 public:
  explicit Held(G gauge) : gauge_(static_cast<G&&>(gauge)) { gauge_.add(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { gauge_.sub(); }

 private:
  G gauge_;
};

class Histogram {
 public:
  explicit Histogram(detail::Ref<detail::Counted>&& cell) noexcept
      : cell_(static_cast<detail::Ref<detail::Counted>&&>(cell)) {}

  // NaN is counted in the bucket +Inf, as Prometheus' libraries do.
  void observe(double value) const noexcept;
  // The same, and remembers the current span as an example for the value's bucket.
  void observe_with_exemplar(double value) const noexcept;
  // As count calls of observe.
  void observe_many(double value, std::uint64_t count) const noexcept;

  std::uint64_t count() const noexcept;
  double sum() const noexcept;

 private:
  detail::Ref<detail::Counted> cell_;
};

class Summary {
 public:
  explicit Summary(detail::Ref<detail::Counted>&& cell) noexcept
      : cell_(static_cast<detail::Ref<detail::Counted>&&>(cell)) {}

  void observe(double value) const noexcept;

 private:
  detail::Ref<detail::Counted> cell_;
};

}  // namespace trilobite::instruments

// The name to use. It is a directive, so that programs which have a namespace of this name keep theirs: Trilobite does.
namespace trilobite::metrics {
using namespace trilobite::instruments;  // NOLINT(google-build-using-namespace)
}  // namespace trilobite::metrics
