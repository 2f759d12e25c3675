// Patterns with captures: "<ip> - <_> [<time>]". As a parser they extract, as a line filter ("|>") they test.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite::logql {

// Immutable; any thread.
class Pattern {
 public:
  // For `| pattern`: at least one named capture, none twice, no two captures in a row.
  static Result<Pattern> compile_parser(std::string_view text);
  // For `|>`: captures are <_> only. Empty text matches only the empty line.
  static Result<Pattern> compile_filter(std::string_view text);

  // Names of the captures that have one, in order.
  const std::vector<std::string>& names() const { return names_; }
  // The values of the first captures in the line; at most names().size(). A literal that is missing gives the rest of
  // the line to the capture in front of it.
  void extract(std::string_view line, std::vector<std::string_view>& values) const;
  // The whole line fits; every <_> takes at least one byte, and as few as it can.
  bool test(std::string_view line) const;

  // All of them occur in every line that passes test().
  std::vector<std::string> literals() const;

  // Captures and literals in turn.
  struct Piece {
    bool capture = false;
    std::string text;  // the literal, or the capture's name
    bool is_unnamed() const { return text == "_"; }  // of a capture
  };
  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  static Result<Pattern> split(std::string_view text);

  std::vector<Piece> pieces_;
  std::vector<std::string> names_;
};

}  // namespace trilobite::logql
