#include "columnar/id_filter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"

namespace trilobite::columnar {
namespace {

constexpr std::uint64_t kFingerprintMask = (1u << kIdFingerprintBits) - 1;
constexpr unsigned kTries = 20;  // one fails once in some hundred times

// Where an id's fingerprint is spread to: three neighbouring segments, one place in each.
struct Layout {
  std::uint32_t segment = 0;   // places, a power of two
  std::uint32_t segments = 0;  // that a first place may be in

  std::uint64_t places() const { return (segments + std::uint64_t{2}) * segment; }
  std::array<std::uint32_t, 3> places_of(std::uint64_t hash) const {
    __extension__ using Wide = unsigned __int128;
    const std::uint32_t mask = segment - 1;
    const auto first = static_cast<std::uint32_t>(static_cast<Wide>(hash) * (std::uint64_t{segments} * segment) >> 64);
    const auto one = static_cast<std::uint32_t>(hash >> 18) & mask, two = static_cast<std::uint32_t>(hash) & mask;
    return {first, (first + segment) ^ one, (first + 2 * segment) ^ two};
  }
};

std::uint64_t fingerprint_of(std::uint64_t hash) { return (hash ^ hash >> 32) & kFingerprintMask; }

// The sizes that its authors found to succeed.
Layout layout_of(std::size_t ids) {
  const double count = static_cast<double>(std::max<std::size_t>(ids, 2));
  Layout out;
  out.segment = 1u << std::min(18, static_cast<int>(std::floor(std::log(count) / std::log(3.33) + 2.25)));
  const double factor = std::max(1.125, 0.875 + 0.25 * std::log(1e6) / std::log(count));
  const auto places = static_cast<std::uint64_t>(count * factor);
  const std::uint64_t segments = (places + out.segment - 1) / out.segment;
  out.segments = static_cast<std::uint32_t>(segments > 2 ? segments - 2 : 1);
  return out;
}

// Order in which ids can be given their fingerprints, each the last user of one of its places; false when there is
// none.
struct Peeled {
  std::vector<std::uint64_t> hashes;
  std::vector<std::uint32_t> places;
};

bool peel(const Layout& layout, std::span<const std::uint64_t> hashes, Peeled& out) {
  struct Place {
    std::uint64_t hashes = 0;  // exclusive or of those that use it
    std::uint32_t users = 0;
  };
  std::vector<Place> table(layout.places());
  for (const std::uint64_t hash : hashes) {
    for (const std::uint32_t place : layout.places_of(hash)) {
      table[place].hashes ^= hash;
      ++table[place].users;
    }
  }
  std::vector<std::uint32_t> alone;
  for (std::uint32_t place = 0; place < table.size(); ++place) {
    if (table[place].users == 1) alone.push_back(place);
  }
  out.hashes.clear();
  out.places.clear();
  while (!alone.empty()) {
    const std::uint32_t place = alone.back();
    alone.pop_back();
    if (table[place].users != 1) continue;
    const std::uint64_t hash = table[place].hashes;
    out.hashes.push_back(hash);
    out.places.push_back(place);
    for (const std::uint32_t other : layout.places_of(hash)) {
      table[other].hashes ^= hash;
      if (--table[other].users == 1) alone.push_back(other);
    }
  }
  return out.hashes.size() == hashes.size();
}

std::string write_filter(const Layout& layout, std::uint8_t seed, const Peeled& peeled) {
  std::vector<std::uint8_t> table(layout.places());
  for (std::size_t i = peeled.hashes.size(); i-- > 0;) {
    std::uint64_t fingerprint = fingerprint_of(peeled.hashes[i]);
    for (const std::uint32_t place : layout.places_of(peeled.hashes[i])) {
      if (place != peeled.places[i]) fingerprint ^= table[place];
    }
    table[peeled.places[i]] = static_cast<std::uint8_t>(fingerprint);
  }
  std::string out;
  ByteWriter writer(out);
  writer.fixed(seed);
  writer.fixed(static_cast<std::uint8_t>(std::countr_zero(layout.segment)));
  writer.fixed(layout.segments);
  std::uint64_t bits = 0;
  unsigned filled = 0;
  for (const std::uint8_t entry : table) {
    bits |= static_cast<std::uint64_t>(entry) << filled;
    for (filled += kIdFingerprintBits; filled >= 8; filled -= 8, bits >>= 8) out.push_back(static_cast<char>(bits));
  }
  out.push_back(static_cast<char>(bits));
  return out;
}

}  // namespace

std::string build_id_filter(std::string_view ids, std::size_t width) {
  std::vector<std::uint64_t> hashes(ids.size() / width);
  const Layout layout = layout_of(hashes.size());
  Peeled peeled;
  for (unsigned seed = 0; seed < kTries; ++seed) {
    for (std::size_t i = 0; i < hashes.size(); ++i) hashes[i] = hash64(ids.substr(i * width, width), seed);
    std::span<const std::uint64_t> distinct = hashes;
    if (seed > 0) {  // the first failure may come from ids that are there twice
      std::sort(hashes.begin(), hashes.end());
      const auto end = std::unique(hashes.begin(), hashes.end());
      distinct = distinct.first(static_cast<std::size_t>(end - hashes.begin()));
      if (distinct.size() < hashes.size() / 2) return {};
    }
    if (peel(layout, distinct, peeled)) return write_filter(layout, static_cast<std::uint8_t>(seed), peeled);
  }
  return {};
}

Result<bool> id_filter_may_have(std::string_view filter, std::string_view id) {
  ByteReader in(filter);
  TRY(seed, in.fixed<std::uint8_t>());
  TRY(segment_bits, in.fixed<std::uint8_t>());
  TRY(segments, in.fixed<std::uint32_t>());
  if (segment_bits > 18 || segments == 0)
    return error(Code::kCorrupt, "filter of {} * 2^{} places", segments, segment_bits);
  const Layout layout{1u << segment_bits, segments};
  TRY(table, in.bytes(in.left()));
  if (table.size() != layout.places() * kIdFingerprintBits / 8 + 1)
    return error(Code::kCorrupt, "filter of {} bytes for {} places", table.size(), layout.places());
  const std::uint64_t hash = hash64(id, seed);
  std::uint64_t left = fingerprint_of(hash);
  for (const std::uint32_t place : layout.places_of(hash)) {
    const std::size_t bit = std::size_t{place} * kIdFingerprintBits;
    const unsigned low = static_cast<unsigned char>(table[bit / 8]);
    const unsigned high = bit / 8 + 1 < table.size() ? static_cast<unsigned char>(table[bit / 8 + 1]) : 0u;
    left ^= (low | high << 8) >> bit % 8 & kFingerprintMask;
  }
  return left == 0;
}

}  // namespace trilobite::columnar
