// Every bound of this room that is not configuration, with the reason for its value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace trilobite::scrape {

using namespace std::chrono_literals;

// A body without a configured body_size_limit. The largest exporters known (kube-state-metrics of big clusters) send
// some ten megabytes; what sends more is broken or hostile, or has a body_size_limit that says otherwise.
inline constexpr std::uint64_t kBodyBytesMax = 128u << 20;
// All bodies that are in memory at once. A scrape that would go beyond fails and says so.
inline constexpr std::uint64_t kBodiesBytesMax = 512u << 20;
// Samples of one scrape without a configured sample_limit: each costs a few hundred bytes for as long as it is exposed.
inline constexpr std::uint64_t kSamplesMax = 1'000'000;

// Answers of service discovery.
inline constexpr std::uint64_t kDiscoveryBytesMax = 256u << 20;
// Changes of a discovery that come close together are applied once.
inline constexpr auto kDiscoverySettle = 100ms;
// A failed list or watch of Kubernetes is tried again after this, doubled up to the second.
inline constexpr auto kRetryFirst = 1s;
inline constexpr auto kRetryLast = 30s;

// A timestamp this near to its place on the grid of the interval is put there: times that differ by whole intervals
// cost no space (Prometheus: two milliseconds, at most a hundredth of the interval).
inline constexpr auto kAlignTolerance = 2ms;

// Redirects that are followed, as Go's client.
inline constexpr long kRedirectsMax = 10;

// What the pages show of an error.
inline constexpr std::size_t kErrorBytesShown = 2000;

// What one read of a socket takes at most: the answer of a usual target.
inline constexpr long kReadBytes = 64 << 10;

// Handles kept ready between scrapes, with the memory of a body each: as many as are in use at once, mostly.
inline constexpr std::size_t kTransfersKeptMax = 64;

}  // namespace trilobite::scrape
