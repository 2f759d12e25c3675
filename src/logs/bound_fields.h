// What a parser finds in every line of a template, known without a line: which labels, in which order, and which slots
// their values are. Found by running the parser itself on a line made of the template with numbers in its slots.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/lines.h"
#include "logs/arena.h"

namespace trilobite::logql {

struct BoundField {
  // How the value of the label comes from the text of the slot.
  enum class Text : std::uint8_t {
    kJsonString,    // escapes are resolved
    kJsonBare,      // as it stands; null is no label
    kLogfmtQuoted,  // escapes are resolved; wrong ones, and nothing, are no label
    kLogfmtBare,    // as it stands; nothing is no label
    kRaw,           // as it stands
  };
  std::string name;  // as labels are named, before collisions with those of the stream
  std::size_t slot = 0;
  Text text = Text::kJsonBare;
  // Where the value is a part of the slot's text, which then is constant or a dictionary: by text. None: it is all.
  std::vector<std::string_view> parts;
};

// In the order of the line. The same name may come twice. Arrays are left out: they are no labels.
using BoundFields = std::vector<BoundField>;

// Nothing where the template does not settle what the parser finds in its lines, or that they have no error.
std::optional<BoundFields> bind_json(const columnar::Template& lines);
std::optional<BoundFields> bind_logfmt(const columnar::Template& lines);

// No line of the template is JSON, which the json parser sees at its first byte: it finds nothing but an error.
bool is_never_json(const columnar::Template& lines);

// The label's value; nothing where the parser puts none. May be in the arena.
std::optional<std::string_view> field_value(BoundField::Text text, std::string_view raw, Arena& arena);

}  // namespace trilobite::logql
