#include "agent/labels.h"

#include <algorithm>

namespace trilobite::agent {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Pairs>
auto lower_bound(Pairs& pairs, std::string_view name) {
  return std::lower_bound(pairs.begin(), pairs.end(), name, [](const Labels::Pair& pair, std::string_view wanted) {
    return std::string_view(pair.first).compare(wanted) < 0;
  });
}

}  // namespace

Labels::Labels(std::initializer_list<Pair> pairs) {
  for (const Pair& pair : pairs) set(pair.first, pair.second);
}

const std::string* Labels::find(std::string_view name) const {
  const auto at = lower_bound(pairs_, name);
  return at != pairs_.end() && at->first == name ? &at->second : nullptr;
}

std::string_view Labels::get(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

void Labels::set(std::string_view name, std::string_view value) {
  const auto at = lower_bound(pairs_, name);
  if (at != pairs_.end() && at->first == name) {
    at->second.assign(value);
  } else {
    pairs_.emplace(at, name, value);
  }
}

bool Labels::erase(std::string_view name) {
  const auto at = lower_bound(pairs_, name);
  if (at == pairs_.end() || at->first != name) return false;
  pairs_.erase(at);
  return true;
}

bool valid_label_name(std::string_view name) {
  if (name.empty() || is_digit(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

std::string sanitize_label_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (!is_letter(c) && !is_digit(c)) c = '_';
  }
  if (!out.empty() && is_digit(out.front())) out.insert(out.begin(), '_');
  return out;
}

}  // namespace trilobite::agent
