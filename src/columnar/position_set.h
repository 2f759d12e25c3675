// A set of positions 0 .. size-1: none, all, or some as bits. Operators on columns say with it which values passed.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace trilobite::columnar {

class PositionSet {
 public:
  static PositionSet none(std::size_t size) { return PositionSet(size, false); }
  static PositionSet all(std::size_t size) { return PositionSet(size, true); }

  std::size_t size() const { return size_; }
  // Cheap to know; a set of bits may be empty or full as well.
  bool is_none() const { return state_ == State::kNone; }
  bool is_all() const { return state_ == State::kAll; }
  std::size_t count() const {
    if (state_ != State::kSome) return is_all() ? size_ : 0;
    std::size_t out = 0;
    for (const std::uint64_t word : words_) out += static_cast<std::size_t>(std::popcount(word));
    return out;
  }
  bool has(std::size_t position) const {
    return state_ == State::kSome ? (words_[position / 64] >> (position % 64) & 1) != 0 : is_all();
  }

  void add(std::size_t position) {
    to_bits();
    words_[position / 64] |= std::uint64_t{1} << (position % 64);
  }
  void remove(std::size_t position) {
    to_bits();
    words_[position / 64] &= ~(std::uint64_t{1} << (position % 64));
  }
  void unite(const PositionSet& other) {
    if (other.is_none() || is_all()) return;
    if (other.is_all() || is_none()) {
      *this = other;
      return;
    }
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  void intersect(const PositionSet& other) {
    if (other.is_all() || is_none()) return;
    if (other.is_none() || is_all()) {
      *this = other;
      return;
    }
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }
  void subtract(const PositionSet& other) {
    if (other.is_none() || is_none()) return;
    if (other.is_all()) {
      *this = none(size_);
      return;
    }
    to_bits();
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  }
  // Bits that are none or all are told as such from now on.
  void settle() {
    if (state_ != State::kSome) return;
    const std::size_t kept = count();
    if (kept == 0) *this = none(size_);
    if (kept == size_) *this = all(size_);
  }

  template <class Visit>
  void for_each(const Visit& visit) const {
    if (is_none()) return;
    if (is_all()) {
      for (std::size_t position = 0; position < size_; ++position) visit(position);
      return;
    }
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1)
        visit(i * 64 + static_cast<std::size_t>(std::countr_zero(word)));
    }
  }

  // Those of the set for which `passes(position)` holds; it is asked in ascending order.
  template <class Passes>
  PositionSet filtered(const Passes& passes) const {
    PositionSet out = none(size_);
    if (is_none()) return out;
    if (!is_all()) {
      for_each([&](std::size_t position) {
        if (passes(position)) out.add(position);
      });
      return out;
    }
    for (std::size_t begin = 0; begin < size_; begin += 64) {
      const std::size_t width = size_ - begin < 64 ? size_ - begin : 64;
      std::uint64_t word = 0;
      for (std::size_t i = 0; i < width; ++i) word |= std::uint64_t{passes(begin + i)} << i;
      if (word != 0) out.add_word(begin / 64, word);
    }
    return out;
  }
  // Adds the positions 64 * index + i of the bits i of `word`. REQUIRES: they are below size().
  void add_word(std::size_t index, std::uint64_t word) {
    to_bits();
    words_[index] |= word;
  }

 private:
  enum class State : std::uint8_t { kNone, kAll, kSome };

  PositionSet(std::size_t size, bool all) : size_(size), state_(all ? State::kAll : State::kNone) {}
  void to_bits() {
    if (state_ == State::kSome) return;
    words_.assign((size_ + 63) / 64, is_all() ? ~std::uint64_t{0} : 0);
    if (is_all() && size_ % 64 != 0) words_.back() = (std::uint64_t{1} << (size_ % 64)) - 1;
    state_ = State::kSome;
  }

  std::size_t size_;
  State state_;
  std::vector<std::uint64_t> words_;  // for kSome; the bits behind size_ are 0
};

}  // namespace trilobite::columnar
