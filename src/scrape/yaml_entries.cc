#include "scrape/yaml_entries.h"

#include <algorithm>

namespace trilobite::scrape {
namespace {

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// npos: the line is blank.
std::size_t indent_of(std::string_view line) { return line.find_first_not_of(" \r"); }
bool is_blank(std::string_view line) { return indent_of(line) == std::string_view::npos; }
bool is_comment(std::string_view line) { return !is_blank(line) && line[indent_of(line)] == '#'; }
bool has_dash(std::string_view line) {
  const std::size_t at = indent_of(line);
  return at != std::string_view::npos && line[at] == '-' && (at + 1 == line.size() || line[at + 1] == ' ');
}

// Of one entry; `begin` <= `dash` < `end`.
struct Span {
  std::size_t begin = 0, dash = 0, end = 0;
};

// `line` is the first that the entry's value stands on; those before `from` are another's.
Span start_of(const Lines& lines, std::size_t line, std::size_t from) {
  Span out;
  out.dash = line;
  while (out.dash > from && !has_dash(lines[out.dash])) --out.dash;
  out.begin = out.dash;
  while (out.begin > from && is_comment(lines[out.begin - 1])) --out.begin;
  return out;
}

// Behind the last line of the entry: what stands further left is something else, and so are comments above that.
std::size_t end_of(const Lines& lines, const Span& span, std::size_t bound) {
  const std::size_t margin = indent_of(lines[span.dash]);
  std::size_t end = span.dash + 1;
  for (std::size_t i = end; i < bound; ++i) {
    if (is_blank(lines[i])) continue;
    if (indent_of(lines[i]) <= margin) {
      if (is_comment(lines[i])) continue;
      break;
    }
    end = i + 1;
  }
  return end;
}

std::string text_of(const Lines& lines, const Span& span) {
  const std::string_view first = lines[span.dash];
  const std::size_t dash = indent_of(first);
  std::size_t margin = first.find_first_not_of(" \r", dash + 1);
  // The value begins below the dash.
  if (margin == std::string_view::npos || first[margin] == '#') margin = dash + 2;
  std::string out;
  for (std::size_t i = span.begin; i < span.end; ++i) {
    std::string line(lines[i]);
    if (i == span.dash) line[dash] = ' ';
    line.erase(0, std::min({margin, indent_of(line), line.size()}));
    if (i == span.dash && is_blank(line)) continue;
    out += line + "\n";
  }
  return out;
}

}  // namespace

std::vector<std::string> entry_texts(std::string_view document, const agent::yaml::Node& list) {
  const Lines lines = lines_of(document);
  std::vector<Span> spans;
  for (const agent::yaml::Node& entry : list.list) {
    const std::size_t line = entry.line > 0 ? static_cast<std::size_t>(entry.line - 1) : 0;
    const std::size_t from = spans.empty() ? 0 : spans.back().dash + 1;
    // Entries that share a line are not written with dashes.
    if (line >= lines.size() || line < from) return std::vector<std::string>(list.list.size());
    spans.push_back(start_of(lines, line, from));
    if (!has_dash(lines[spans.back().dash])) return std::vector<std::string>(list.list.size());
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    spans[i].end = end_of(lines, spans[i], i + 1 < spans.size() ? spans[i + 1].begin : lines.size());
    out.push_back(text_of(lines, spans[i]));
  }
  return out;
}

}  // namespace trilobite::scrape
