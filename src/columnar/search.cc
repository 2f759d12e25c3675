#include "columnar/search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace trilobite::columnar {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// How common a byte is in logs, 0 rare to 255 common; only the order matters. Letters by their frequency in English
// words, digits and the punctuation of JSON above them, capitals and other bytes below.
constexpr std::array<std::uint8_t, 256> make_ranks() {
  std::array<std::uint8_t, 256> rank{};
  for (std::size_t byte = 0; byte < 256; ++byte) rank[byte] = byte < 0x20 ? 5 : byte < 0x80 ? 60 : 20;
  constexpr std::string_view kCommon = " \"e0:1,a2t3o4-in5r.6s7d8c9l/bfpmu_=hgky[]{}wvxTI()EADSRNOCzj%qL";
  std::uint8_t next = 255;
  for (const char byte : kCommon) rank[static_cast<std::uint8_t>(byte)] = next -= 2;
  return rank;
}
constexpr std::array<std::uint8_t, 256> kRank = make_ranks();

bool equal(const char* at, const std::string& needle) { return std::memcmp(at, needle.data(), needle.size()) == 0; }

#ifdef __x86_64__
// 32 candidate positions at a time. `starts` is the number of positions at which the needle could begin.
__attribute__((target("avx2"))) std::size_t search_avx2(const char* text, std::size_t starts, std::size_t from,
                                                        const std::string& needle, std::size_t first,
                                                        std::size_t second) {
  const __m256i wanted_first = _mm256_set1_epi8(needle[first]);
  const __m256i wanted_second = _mm256_set1_epi8(needle[second]);
  std::size_t at = from;
  for (; at + 32 <= starts; at += 32) {
    const __m256i firsts = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at + first));
    const __m256i seconds = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at + second));
    const __m256i hits =
        _mm256_and_si256(_mm256_cmpeq_epi8(firsts, wanted_first), _mm256_cmpeq_epi8(seconds, wanted_second));
    for (auto mask = static_cast<std::uint32_t>(_mm256_movemask_epi8(hits)); mask != 0; mask &= mask - 1) {
      const std::size_t start = at + static_cast<std::size_t>(std::countr_zero(mask));
      if (equal(text + start, needle)) return start;
    }
  }
  for (; at < starts; ++at) {
    if (text[at + first] == needle[first] && text[at + second] == needle[second] && equal(text + at, needle)) return at;
  }
  return kNone;
}
#endif

}  // namespace

Searcher::Searcher(std::string_view needle) : needle_(needle) {
  if (needle_.size() < 2) return;
  const auto rank = [&](std::size_t i) { return kRank[static_cast<std::uint8_t>(needle_[i])]; };
  std::size_t rarest = 0;
  for (std::size_t i = 1; i < needle_.size(); ++i) {
    if (rank(i) < rank(rarest)) rarest = i;
  }
  std::size_t next = rarest == 0 ? 1 : 0;
  for (std::size_t i = 0; i < needle_.size(); ++i) {
    if (i != rarest && rank(i) < rank(next)) next = i;
  }
  first_ = std::min(rarest, next);
  second_ = std::max(rarest, next);
}

std::size_t Searcher::find(std::string_view text, std::size_t from) const {
  if (from > text.size()) return kNone;
  if (needle_.empty()) return from;
  if (needle_.size() == 1) return text.find(needle_[0], from);
  static const bool wide = has_wide();
  return wide ? find_wide(text, from) : find_portable(text, from);
}

std::size_t Searcher::find_portable(std::string_view text, std::size_t from) const {
  if (text.size() < needle_.size()) return kNone;
  const std::size_t starts = text.size() - needle_.size() + 1;
  while (from < starts) {
    const void* hit = std::memchr(text.data() + from + first_, needle_[first_], starts - from);
    if (hit == nullptr) return kNone;
    const std::size_t start = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data()) - first_;
    if (text[start + second_] == needle_[second_] && equal(text.data() + start, needle_)) return start;
    from = start + 1;
  }
  return kNone;
}

bool Searcher::has_wide() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

std::size_t Searcher::find_wide(std::string_view text, std::size_t from) const {
#ifdef __x86_64__
  if (text.size() < needle_.size()) return kNone;
  return search_avx2(text.data(), text.size() - needle_.size() + 1, from, needle_, first_, second_);
#else
  return find_portable(text, from);
#endif
}

}  // namespace trilobite::columnar
