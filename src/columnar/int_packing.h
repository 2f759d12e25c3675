// Runs of integers as vectors of 1,024, each with its own frame of reference: base, width, bit-packed distances from
// the base, and a list of exceptions, so that one outlier does not widen its 1,023 neighbours. The part that several
// codecs share (integers, lengths, run lengths).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "columnar/bit_packing.h"

namespace trilobite::columnar {

// One vector, at most kVectorRows.
void pack_vector(std::span<const std::int64_t> values, std::string& out);
Result<void> unpack_vector(ByteReader& in, std::span<std::int64_t> values);
// The value at `position` of a vector of `count`, without unpacking the others.
Result<std::int64_t> unpack_one(ByteReader& in, std::size_t count, std::size_t position);

// Any number; the count is not stored.
void pack_ints(std::span<const std::int64_t> values, std::string& out);
Result<void> unpack_ints(ByteReader& in, std::span<std::int64_t> values);

// Lengths of texts: unpacks `count` of them and checks that all are at least 0 and the sum is at most `bytes_max`.
// The result are the ends.
Result<std::vector<std::uint32_t>> unpack_lengths(ByteReader& in, std::size_t count, std::size_t bytes_max);

}  // namespace trilobite::columnar
