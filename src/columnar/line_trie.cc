#include "columnar/line_trie.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace trilobite::columnar {
namespace {

constexpr std::size_t kNodesMax = 16'384;
constexpr std::size_t kEdgesMax = 24;  // of one node; keeps a failing search short

// Bytes that may stand in a value of logfmt without a second look.
template <bool kQuoted>
constexpr auto kPlain = [] {
  std::array<bool, 256> out{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) {
    out[c] = c != '"' && (kQuoted ? c != '\\' : c != ' ' && c != '=');
  }
  return out;
}();

template <bool kQuoted>
const char* plain_end(const char* at, const char* end) {
  while (at < end && kPlain<kQuoted>[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

}  // namespace

const char* LineTrie::value_end(Value value, const char* at, const char* end) {
  switch (value) {
    case Value::kJsonString:
      at = json_string_plain_end(at, end);
      return at < end && *at == '"' ? at : nullptr;
    case Value::kJsonBare:
      return json_bare_end(at, end);
    case Value::kLogfmtQuoted:
      at = plain_end<true>(at, end);
      return at < end && *at == '"' ? at : nullptr;
    case Value::kLogfmtBare:
      at = plain_end<false>(at, end);
      return at == end || *at == ' ' ? at : nullptr;
    case Value::kEnd:
      break;
  }
  return nullptr;
}

std::uint32_t LineTrie::match(std::string_view line, std::vector<TextSpan>& slots) const {
  const char *begin = line.data(), *at = begin, *end = begin + line.size();
  for (std::uint32_t node = 0;;) {
    const auto left = static_cast<std::size_t>(end - at);
    const Edge* found = nullptr;
    for (const Edge& edge : nodes_[node]) {
      const std::size_t size = edge.piece.size();
      if (size > left || (edge.value == Value::kEnd && size != left) || std::memcmp(at, edge.piece.data(), size) != 0)
        continue;
      found = &edge;
      break;
    }
    if (found == nullptr) return kNone;
    if (found->value == Value::kEnd) return found->to;
    at += found->piece.size();
    const char* stop = value_end(found->value, at, end);
    if (stop == nullptr) return kNone;
    slots.push_back({static_cast<std::uint32_t>(at - begin), static_cast<std::uint32_t>(stop - at)});
    at = stop;
    node = found->to;
  }
}

void LineTrie::add(LineForm form, std::string_view line, std::span<const TextSpan> slots, std::uint32_t number) {
  if (form == LineForm::kText || nodes_.size() + slots.size() > kNodesMax) return;
  for (const TextSpan& slot : slots) {
    if (form == LineForm::kJson && line[slot.begin - 1] != '"' && line[slot.begin] == '[') return;
  }
  std::uint32_t node = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i <= slots.size(); ++i) {
    const std::string_view piece = line.substr(at, (i < slots.size() ? slots[i].begin : line.size()) - at);
    Value value = Value::kEnd;
    if (i < slots.size()) {
      const bool quoted = piece.back() == '"';
      if (form == LineForm::kJson)
        value = quoted ? Value::kJsonString : Value::kJsonBare;
      else
        value = quoted ? Value::kLogfmtQuoted : Value::kLogfmtBare;
      at = slots[i].begin + slots[i].size;
    }
    std::vector<Edge>& edges = nodes_[node];
    const auto known = std::find_if(edges.begin(), edges.end(),
                                    [&](const Edge& edge) { return edge.value == value && edge.piece == piece; });
    if (known != edges.end()) {
      node = known->to;
      continue;
    }
    if (edges.size() == kEdgesMax) return;
    const auto to = value == Value::kEnd ? number : static_cast<std::uint32_t>(nodes_.size());
    const auto place =
        std::find_if(edges.begin(), edges.end(), [&](const Edge& edge) { return edge.piece.size() < piece.size(); });
    edges.insert(place, {std::string(piece), value, to});
    if (value == Value::kEnd) return;
    nodes_.emplace_back();  // ends the life of `edges`
    node = to;
  }
}

}  // namespace trilobite::columnar
