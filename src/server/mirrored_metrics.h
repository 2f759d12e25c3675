// Metrics whose numbers another room counts: it gives them as a struct, each update takes them over. So rooms below
// need no registry, and what they count costs them what it did.
#pragma once

#include <trilobite/metrics.h>

#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace trilobite::server {

// update() by one thread at a time.
template <class Stats>
class MirroredMetrics {
 public:
  explicit MirroredMetrics(instruments::Registry registry) : registry_(std::move(registry)) {}

  // total: a member of Stats or a function of it, of a number that only rises.
  template <class Total>
  void counter(std::string_view name, std::string_view help, Total total, const instruments::Labels& labels = {}) {
    using Number = std::remove_cvref_t<std::invoke_result_t<Total, const Stats&>>;
    if constexpr (std::is_floating_point_v<Number>) {
      follow(registry_.create_counter(name, help, labels).or_log(), total);
    } else {
      follow(registry_.create_intcounter(name, help, labels).or_log(), total);
    }
  }
  // value: a member of Stats or a function of it.
  template <class Value>
  void gauge(std::string_view name, std::string_view help, Value value, const instruments::Labels& labels = {}) {
    rows_.push_back([gauge = registry_.create_gauge(name, help, labels).or_log(), value](const Stats& stats) {
      gauge.set(static_cast<double>(std::invoke(value, stats)));
    });
  }

  void update(const Stats& stats) const {
    for (const auto& row : rows_) row(stats);
  }

 private:
  template <class Counter, class Total>
  void follow(Counter counter, Total total) {
    rows_.push_back([counter = std::move(counter), total](const Stats& stats) {
      const auto now = std::invoke(total, stats);
      const auto shown = counter.value();
      if (now > shown) counter.add(now - shown);
    });
  }

  instruments::Registry registry_;
  std::vector<std::function<void(const Stats&)>> rows_;
};

}  // namespace trilobite::server
