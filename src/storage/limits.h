// Every limit of the storage room, with the reason for its value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace trilobite::storage {

// Text of a block in a part. Split lines want many rows of few shapes, so that lines of some 300 bytes fill a block up
// to kBlockRowsMax. A merge holds one block per input.
inline constexpr std::size_t kBlockBytesMax = 24u << 20;

// Parts that one merge reads. More would save rewriting, and cost one block of memory each.
inline constexpr std::size_t kMergeFanInMax = 8;
// A merge must be worth its rewriting: this many inputs, or the result at least kMergeGainMin times the largest of
// them.
inline constexpr std::size_t kMergeFanInMin = 4;
inline constexpr double kMergeGainMin = 1.7;
// A window that got no new part for this long is merged with less gain: nothing more is to come.
inline constexpr std::chrono::nanoseconds kWindowQuietAge = std::chrono::minutes(2);
inline constexpr double kMergeGainQuietMin = 1.1;
// Parts from here on have full blocks and follow each other in time: to merge them rewrites everything once more, saves
// no bytes, and takes from a query what it prunes by time. They are left alone while a window has few of them.
inline constexpr std::uint64_t kPartGrownBytes = 8u << 20;
inline constexpr std::size_t kPartsGrownMax = 16;
// Of samples: a series' chunks get longer, and every part that a query meets costs it a look for each series. 64 MiB
// are some hundred million of them.
inline constexpr std::uint64_t kSamplePartGrownBytes = 64u << 20;
// Parts above this are not merged again: the gain for a query is nil.
inline constexpr std::uint64_t kMergePartBytesMax = std::uint64_t{4} << 30;

// Chunks of the head start small, because thousands of windows may be open at once, and double up to the maximum.
inline constexpr std::uint32_t kChunkRowsMin = 256, kChunkRowsMax = 8192;
inline constexpr std::size_t kChunkBytesMin = 32u << 10, kChunkBytesMax = 1u << 20;

// What one write and sync of the WAL carries; more would only add latency.
inline constexpr std::size_t kGroupBytesMax = 4u << 20;
// Of the WAL at a start: records that are decoded and wait for the head. A thread that waits has enough to do next.
inline constexpr std::size_t kReplayBytesMax = 4u << 20;
// A single record (one request) of the WAL. Requests are limited far below this at the API.
inline constexpr std::size_t kRecordBytesMax = 512u << 20;

// How long and how many request hashes are remembered, to recognise a client that repeats a request whose answer was
// lost.
inline constexpr std::chrono::nanoseconds kRequestAgeMax = std::chrono::minutes(10);
inline constexpr std::size_t kRequestsMax = 65'536;

// The active head may grow to this many times head_bytes_max while the one before it is written; then appends wait, and
// after kAppendWaitMax they are told to come back later.
inline constexpr std::size_t kHeadGrowthMax = 2;
inline constexpr std::chrono::nanoseconds kAppendWaitMax = std::chrono::seconds(5);

// The manifest is rewritten when it is this large and this many times larger than its content.
inline constexpr std::uint64_t kManifestRewriteBytes = 256u << 10;
inline constexpr std::uint64_t kManifestRewriteFactor = 4;

// Part files kept open, and memory of their label indexes kept decoded.
inline constexpr std::size_t kPartsOpenMax = 256;
inline constexpr std::size_t kPartIndexBytesMax = 256u << 20;

// Memory for decoded blocks of parts unless the configuration says otherwise: all values of some 30 blocks.
inline constexpr std::size_t kBlockCacheBytesDefault = 192u << 20;

// Decoded size of a part's label sections; protects against a damaged length.
inline constexpr std::size_t kSectionBytesMax = std::size_t{2} << 30;

// Tenant names; as long as a file name may be after escaping.
inline constexpr std::size_t kTenantBytesMax = 255;

// Damage reports that wait to be dealt with; a part is named once.
inline constexpr std::size_t kDamageReportsMax = 4096;

// How often the free space of the disk is looked up while appending.
inline constexpr std::chrono::nanoseconds kDiskSpaceInterval = std::chrono::seconds(1);

}  // namespace trilobite::storage
