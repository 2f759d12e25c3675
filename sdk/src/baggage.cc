#include "baggage.h"

#include <algorithm>

namespace trilobite::trace {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// A token of HTTP.
bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Visible ASCII but for `"`, `,`, `;` and `\`.
bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\'; });
}

bool are_properties(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
}

}  // namespace

std::vector<BaggageMember> baggage_members(std::string_view header) {
  std::vector<BaggageMember> members;
  for (std::size_t start = 0; start < header.size() && members.size() < kBaggageMembersMax;) {
    const std::size_t end = std::min(header.find(',', start), header.size());
    const std::string_view piece = trimmed(header.substr(start, end - start));
    start = end + 1;
    if (end > kBaggageBytesMax) break;
    const std::size_t semicolon = std::min(piece.find(';'), piece.size());
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos || equals > semicolon) continue;
    const BaggageMember member{
        .key = trimmed(piece.substr(0, equals)),
        .value = trimmed(piece.substr(equals + 1, semicolon - equals - 1)),
        .properties = semicolon < piece.size() ? trimmed(piece.substr(semicolon + 1)) : std::string_view()};
    if (is_key(member.key) && is_value(member.value) && are_properties(member.properties)) members.push_back(member);
  }
  return members;
}

std::string valid_baggage(std::string_view header) {
  std::string out;
  for (const BaggageMember& member : baggage_members(header)) {
    if (!out.empty()) out += ',';
    out += member.key;
    out += '=';
    out += member.value;
    if (!member.properties.empty()) {
      out += ';';
      out += member.properties;
    }
  }
  return out;
}

}  // namespace trilobite::trace
