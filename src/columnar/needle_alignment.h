// The ways in which a text can lie over the pieces and slots of one template. Inside a piece it is in every row; else
// it asks something of one slot, or of consecutive slots that the bytes of pieces join: the first ends so, those
// between are so, the last begins so.
#pragma once

#include <vector>

#include "base/result.h"
#include "columnar/lines.h"
#include "columnar/text_match.h"

namespace trilobite::columnar {

struct SlotMatch {
  std::size_t slot = 0;
  TextMatch match;  // its text is part of the text asked for
};

struct Alignments {
  bool always = false;    // holds in every row
  bool too_many = false;  // to be of use: look at the rows' text instead
  // Else it holds where all matches of one of these do. Those that foresee_slot() settles are not among them.
  std::vector<std::vector<SlotMatch>> some;

  bool never() const { return !always && !too_many && some.empty(); }
};

Result<Alignments> align(const Template& line, const TextMatch& test);

}  // namespace trilobite::columnar
