#include "logs/pattern.h"

#include <algorithm>

namespace trilobite::logql {

namespace {

// Length of "<name>" at the front, 0 if it is not a capture. Names are [a-zA-Z_][a-zA-Z0-9_]*.
std::size_t capture_length(std::string_view text) {
  const auto letter = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.size() < 3 || text[0] != '<' || !letter(text[1])) return 0;
  std::size_t i = 2;
  while (i < text.size() && (letter(text[i]) || (text[i] >= '0' && text[i] <= '9'))) ++i;
  return i < text.size() && text[i] == '>' ? i + 1 : 0;
}

constexpr std::string_view kUnnamed = "_";

}  // namespace

Result<Pattern> Pattern::split(std::string_view text) {
  Pattern out;
  while (!text.empty()) {
    if (const std::size_t length = capture_length(text)) {
      const std::string_view name = text.substr(1, length - 2);
      if (!out.pieces_.empty() && out.pieces_.back().capture) {
        return error(Code::kInvalid, "found consecutive capture '<{}><{}>': invalid expression",
                     out.pieces_.back().text, name);
      }
      out.pieces_.push_back({.capture = true, .text = std::string(name)});
      if (name != kUnnamed) out.names_.emplace_back(name);
      text.remove_prefix(length);
      continue;
    }
    if (out.pieces_.empty() || out.pieces_.back().capture) out.pieces_.emplace_back();
    out.pieces_.back().text.push_back(text.front());
    text.remove_prefix(1);
  }
  return out;
}

Result<Pattern> Pattern::compile_parser(std::string_view text) {
  if (text.empty()) {
    return error(Code::kInvalid,
                 "parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL");
  }
  TRY(out, split(text));
  if (out.names_.empty()) return error(Code::kInvalid, "at least one capture is required");
  std::vector<std::string> sorted = out.names_;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) return error(Code::kInvalid, "duplicate capture name ({}): invalid expression", *twice);
  return out;
}

Result<Pattern> Pattern::compile_filter(std::string_view text) {
  TRY(out, split(text));
  if (!out.names_.empty()) {
    return error(Code::kInvalid, "named captures are not allowed: found '<{}>'", out.names_.front());
  }
  return out;
}

void Pattern::extract(std::string_view line, std::vector<std::string_view>& values) const {
  values.clear();
  if (line.empty()) return;
  std::size_t i = 0;
  if (!pieces_.front().capture) {
    if (line.substr(0, pieces_.front().text.size()) != pieces_.front().text) return;
    line.remove_prefix(pieces_.front().text.size());
    i = 1;
  }
  for (; i < pieces_.size(); i += 2) {
    const bool named = pieces_[i].text != kUnnamed;
    const std::size_t at = i + 1 < pieces_.size() ? line.find(pieces_[i + 1].text) : std::string_view::npos;
    if (named) values.push_back(line.substr(0, at));
    if (at == std::string_view::npos) return;
    line.remove_prefix(at + pieces_[i + 1].text.size());
  }
}

bool Pattern::test(std::string_view line) const {
  if (line.empty() || pieces_.empty()) return line.empty() && pieces_.empty();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].capture) continue;
    const std::size_t at = line.find(pieces_[i].text);
    if (at == std::string_view::npos) return false;
    // In front of the first literal there is nothing, in front of the others a capture that must not be empty.
    if ((i == 0) != (at == 0)) return false;
    line.remove_prefix(at + pieces_[i].text.size());
  }
  return pieces_.back().capture == !line.empty();
}

std::vector<std::string> Pattern::literals() const {
  std::vector<std::string> out;
  for (const Piece& piece : pieces_) {
    if (!piece.capture) out.push_back(piece.text);
  }
  return out;
}

}  // namespace trilobite::logql
