#include "agent/logfmt.h"

namespace trilobite::agent {
namespace {

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

char unescape(char c) {
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    default: return c;
  }
}

// The value that starts at `at`, behind the opening quote. False: it does not end.
bool take_quoted(std::string_view line, std::size_t& at, std::string& value) {
  for (; at < line.size(); ++at) {
    if (line[at] == '"') {
      ++at;
      return true;
    }
    if (line[at] == '\\' && at + 1 < line.size()) {
      value.push_back(unescape(line[++at]));
    } else {
      value.push_back(line[at]);
    }
  }
  return false;
}

}  // namespace

void parse_logfmt(std::string_view line, const std::function<void(std::string_view key, std::string value)>& found) {
  std::size_t at = 0;
  while (at < line.size()) {
    while (at < line.size() && is_blank(line[at])) ++at;
    const std::size_t begin = at;
    while (at < line.size() && !is_blank(line[at]) && line[at] != '=' && line[at] != '"') ++at;
    const std::string_view key = line.substr(begin, at - begin);
    std::string value;
    bool good = !key.empty();
    if (at < line.size() && line[at] == '=') {
      ++at;
      if (at < line.size() && line[at] == '"') {
        ++at;
        good = take_quoted(line, at, value) && good;
      } else {
        const std::size_t start = at;
        while (at < line.size() && !is_blank(line[at]) && line[at] != '"' && line[at] != '=') ++at;
        value = line.substr(start, at - start);
      }
    }
    // Whatever follows directly is not a pair: skip to the next blank.
    if (at < line.size() && !is_blank(line[at])) {
      good = false;
      while (at < line.size() && !is_blank(line[at])) ++at;
    }
    if (good) found(key, std::move(value));
  }
}

}  // namespace trilobite::agent
