// The sketches (line_sketch.h) of lines that are stored as templates and slots, without putting the lines together: the
// template's pieces are the fixed words, and a look at a slot's values as columns says whether gaps there are safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/lines.h"
#include "logs/line_sketch.h"

namespace trilobite::logql {

// Of one template of a block. One thread.
class TemplateSketch {
 public:
  // Reads the slots it must look at. `source` outlives this.
  static Result<TemplateSketch> of(const columnar::Template& source);

  // Which sketch the row at this position has; nothing when only its text can tell (sketch_line).
  std::optional<std::uint32_t> variant(std::size_t position) const {
    if (by_text_ || (!unsafe_.empty() && unsafe_[position])) return std::nullopt;
    const std::uint32_t message = message_of_.empty() ? 0 : message_of_[position];
    return message * levels_ + (level_of_ == nullptr ? 0 : level_of_->codes[position]);
  }
  LineSketch sketch(std::uint32_t variant) const;

 private:
  TemplateSketch(const columnar::Template& source, std::string_view then);
  Result<void> read();
  Result<void> check_slot(std::size_t index);
  Result<void> check_each(std::size_t index, std::string_view then);
  Result<bool> read_message(std::size_t index);
  Result<void> read_nested(const columnar::Templates& nested, std::string_view then);
  std::optional<std::uint32_t> message_variant(std::string_view text, std::string_view then);
  std::uint32_t add_message(LineSketch sketch);
  void place_message(std::size_t position, std::optional<std::uint32_t> variant);
  void mark(std::size_t position);

  const columnar::Template* source_;
  std::vector<std::string> pieces_;  // with what stands behind the whole
  bool by_text_ = false;
  std::vector<bool> unsafe_;  // positions; none: all are safe
  // The slots that are shown with their words.
  std::optional<std::size_t> message_, level_;
  std::vector<LineSketch> messages_;  // each ends with the piece behind it
  std::map<std::string, std::uint32_t> message_keys_;
  std::vector<std::uint32_t> message_of_;  // by position; none without a message
  const DictionaryColumn* level_of_ = nullptr;
  std::uint32_t levels_ = 1;
};

}  // namespace trilobite::logql
