// Folds the panes of every window of a grid together. A state type has merge(later) and a default that is empty.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "query/windows.h"

namespace trilobite::query {

// The two-stack queue: merges are amortised O(1) per step, in order of time, and nothing is ever subtracted, so that an
// infinity that left the window leaves no trace.
template <class State>
class SlidingFold {
 public:
  explicit SlidingFold(std::span<const State> panes) : panes_(panes), front_(panes.size()) {}

  // REQUIRES: neither first nor last goes back from call to call.
  State window(std::size_t first, std::size_t last) {
    if (first >= front_end_) turn_over(first);
    for (; back_end_ < last; ++back_end_) back_.merge(panes_[back_end_]);
    if (first >= front_end_) return back_;
    State result = front_[first];
    result.merge(back_);
    return result;
  }

 private:
  // Everything from `first` to the end of the back becomes the front: front_[i] folds panes i .. front_end_ - 1.
  void turn_over(std::size_t first) {
    if (back_end_ < first) back_end_ = first;
    for (std::size_t i = back_end_; i-- > first;) {
      front_[i] = panes_[i];
      if (i + 1 < back_end_) front_[i].merge(front_[i + 1]);
    }
    front_end_ = back_end_;
    back_ = State{};
  }

  std::span<const State> panes_;
  std::vector<State> front_;
  std::size_t front_end_ = 0;
  std::size_t back_end_ = 0;
  State back_;
};

// Calls emit(step, state) for every step.
template <class State, class Emit>
void fold_windows(std::span<const State> panes, const Windows& windows, Emit&& emit) {
  const std::size_t steps = windows.grid().steps();
  if (windows.tumbling()) {
    for (std::size_t step = 0; step < steps; ++step) {
      const auto [first, last] = windows.panes_of(step);
      State state;
      for (std::size_t pane = first; pane < last; ++pane) state.merge(panes[pane]);
      emit(step, state);
    }
    return;
  }
  SlidingFold<State> fold(panes);
  for (std::size_t step = 0; step < steps; ++step) {
    const auto [first, last] = windows.panes_of(step);
    emit(step, fold.window(first, last));
  }
}

}  // namespace trilobite::query
