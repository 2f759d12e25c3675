// Series that a writer knows by name: what the store finds of them once, and looks up no more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/hash.h"
#include "columnar/label_set.h"

namespace trilobite {

// Kept by whoever appends to a series again and again, beside its label set. The hash is of use to any number of
// threads; the rest belongs to the store, which checks what it finds there, so that a place is never wrong, only of no
// use: after a flush, or with another store.
struct SeriesPlace {
  explicit SeriesPlace(const LabelSet& labels)
      : hash(hash128(labels.bytes())), label_bytes(static_cast<std::uint32_t>(labels.bytes().size())) {}

  const Hash128 hash;  // of the bytes of the labels
  const std::uint32_t label_bytes;
  std::uint32_t wal_number = UINT32_MAX;   // in the segment being written
  std::uint32_t head_number = UINT32_MAX;  // in the head's table
};

namespace storage {

// A series that brings its labels along: as a reader of the WAL knows it.
struct NamedSeries {
  explicit NamedSeries(LabelSetRef set) : labels(std::move(set)), place(*labels) {}
  LabelSetRef labels;
  SeriesPlace place;
};

// How the label sets of a batch are told apart: by their hashes, or by places, which have them. A batch whose series
// have names has no label sets of its own.
struct SeriesKeys {
  SeriesKeys() = default;
  SeriesKeys(std::span<const Hash128> given) : hashes(given) {}            // NOLINT: one is as good as the other
  SeriesKeys(const std::vector<Hash128>& given) : hashes(given) {}         // NOLINT
  SeriesKeys(std::span<SeriesPlace* const> given) : places(given) {}       // NOLINT
  SeriesKeys(std::span<NamedSeries* const> given) : named(given) {}        // NOLINT
  std::span<const Hash128> hashes;
  std::span<SeriesPlace* const> places;
  std::span<NamedSeries* const> named;

  std::size_t size() const { return std::max({hashes.size(), places.size(), named.size()}); }
};

}  // namespace storage
}  // namespace trilobite
