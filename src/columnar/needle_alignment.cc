#include "columnar/needle_alignment.h"

#include <algorithm>

#include "columnar/slot_search.h"

namespace trilobite::columnar {
namespace {

// Few texts need more than ten; where every blank of a needle may be any blank of a template there is no end.
constexpr std::size_t kAlignmentsMax = 64;
constexpr std::size_t kStepsMax = 4096;

bool in_set(const std::array<std::uint64_t, 4>& set, char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return (set[byte >> 6] >> (byte & 63) & 1) != 0;
}

class Aligner {
 public:
  Aligner(const Template& line, const TextMatch& test) : line_(line), test_(test), slots_(line.slots.size()) {
    if (!test.fold_ascii) return;
    for (const std::string& piece : line.pieces) lowered_.push_back(lower_ascii(piece));
  }

  Result<Alignments> run() && {
    if (test_.trivial()) {
      out_.always = true;
    } else if (test_.at_begin()) {
      TRY_VOID(from_piece(0, test_.text));
    } else {
      for (std::size_t i = 0; i <= slots_ && !done(); ++i) {
        TRY_VOID(begin_in_piece(i));
        if (i < slots_ && !done()) TRY_VOID(begin_in_slot(i));
      }
    }
    if (out_.always || out_.too_many) out_.some.clear();
    if (out_.always) out_.too_many = false;
    return std::move(out_);
  }

 private:
  using Place = TextMatch::Place;

  bool done() const { return out_.always || out_.too_many; }
  std::string_view piece(std::size_t i) const { return test_.fold_ascii ? lowered_[i] : line_.pieces[i]; }
  void step() {
    if (++steps_ > kStepsMax) out_.too_many = true;
  }
  void emit() {
    if (chain_.empty()) {
      out_.always = true;
    } else if (out_.some.size() == kAlignmentsMax) {
      out_.too_many = true;
    } else {
      out_.some.push_back(chain_);
    }
  }

  // Goes on with `next` if the slot may pass the test.
  template <class Next>
  Result<void> with(std::size_t slot, Place place, std::string_view text, const Next& next) {
    step();
    if (done()) return {};
    const TextMatch test{place, text, test_.fold_ascii};
    TRY(verdict, foresee_slot(*line_.slots[slot], test));
    if (verdict == Verdict::kNever) return {};
    if (verdict == Verdict::kSome) chain_.push_back({slot, test});
    TRY_VOID(next());
    if (verdict == Verdict::kSome) chain_.pop_back();
    return {};
  }

  Result<void> begin_in_piece(std::size_t i) {
    const std::string_view piece = this->piece(i), text = test_.text;
    if (!test_.at_end() && piece.find(text) != std::string_view::npos) {
      emit();
      return {};
    }
    if (i == slots_) {
      if (test_.at_end() && piece.ends_with(text)) emit();
      return {};
    }
    // The end of the piece is a beginning of the text; all of it only if the end must be the line's.
    const std::size_t longest = std::min(piece.size(), test_.at_end() ? text.size() : text.size() - 1);
    for (std::size_t at = piece.size() - longest; at < piece.size() && !done(); ++at) {
      at = piece.find(text[0], at);
      if (at == std::string_view::npos) break;
      const std::string_view tail = piece.substr(at);
      if (text.starts_with(tail)) TRY_VOID(from_slot(i, text.substr(tail.size())));
    }
    return {};
  }

  Result<void> begin_in_slot(std::size_t i) {
    const std::string_view text = test_.text;
    if (!may_begin(i, text[0])) return {};
    if (!test_.at_end()) {
      TRY_VOID(with(i, Place::kAnywhere, text, [&]() -> Result<void> {
        emit();
        return {};
      }));
    }
    return split(i, 1, Place::kEnd, text);
  }

  // What is left of the text begins where the slot begins.
  Result<void> from_slot(std::size_t i, std::string_view rest) {
    if (!test_.at_end()) {
      TRY_VOID(with(i, Place::kBegin, rest, [&]() -> Result<void> {
        emit();
        return {};
      }));
    }
    return split(i, 0, Place::kWhole, rest);
  }

  // The slot takes the first `taken_min` or more bytes of the text as its end or whole, the next piece what follows.
  Result<void> split(std::size_t i, std::size_t taken_min, Place place, std::string_view text) {
    const std::string_view next = piece(i + 1);
    const std::size_t taken_end = test_.at_end() ? text.size() + 1 : text.size();
    for (std::size_t taken = taken_min; taken < taken_end && !done(); ++taken) {
      // Nothing that the slot cannot hold lies before `taken`.
      if (taken > 0 && !may_begin(i, text[taken - 1])) break;
      if (!next.empty() && taken < text.size() && next[0] != text[taken]) continue;
      const std::string_view rest = text.substr(taken);
      if (!fits(i + 1, rest)) continue;
      TRY_VOID(with(i, place, text.substr(0, taken), [&] { return from_piece(i + 1, rest); }));
    }
    return {};
  }

  // Whether the rest can go on in this piece.
  bool fits(std::size_t i, std::string_view rest) const {
    const std::string_view piece = this->piece(i);
    if (!test_.at_end() && rest.size() <= piece.size()) return piece.starts_with(rest);
    if (!rest.starts_with(piece)) return false;
    return i < slots_ || (test_.at_end() && rest.size() == piece.size());
  }

  Result<void> from_piece(std::size_t i, std::string_view rest) {
    if (!fits(i, rest)) return {};
    const std::string_view piece = this->piece(i);
    if (i == slots_ || (!test_.at_end() && rest.size() <= piece.size())) {
      emit();
      return {};
    }
    return from_slot(i, rest.substr(piece.size()));
  }

  bool may_begin(std::size_t slot, char c) const {
    const auto& set = line_.slots[slot]->bytes_possible();
    if (in_set(set, c)) return true;
    return test_.fold_ascii && c >= 'a' && c <= 'z' && in_set(set, static_cast<char>(c & ~0x20));
  }

  const Template& line_;
  const TextMatch& test_;
  const std::size_t slots_;
  std::vector<std::string> lowered_;  // pieces
  std::vector<SlotMatch> chain_;
  std::size_t steps_ = 0;
  Alignments out_;
};

}  // namespace

Result<Alignments> align(const Template& line, const TextMatch& test) { return Aligner(line, test).run(); }

}  // namespace trilobite::columnar
