// Every bound of this room that is not configuration, with the reason for its value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace trilobite::scrape {

using namespace std::chrono_literals;

// Jobs that are put over the API: how many, the text of one, and its name as the name of a file.
inline constexpr std::size_t kJobsMax = 1000;
inline constexpr std::size_t kJobBytesMax = 1u << 20;
inline constexpr std::size_t kFileNameBytesMax = 255;

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

// Where in its interval a target is scraped first: one of so many places, at most so far apart. A hundred targets a
// second cost ten wake-ups then.
inline constexpr std::int64_t kOffsetSteps = 150;
inline constexpr auto kOffsetStepMax = 100ms;

// Bodies that the thread of the sockets takes in itself before it looks at them again, a millisecond's work. After one
// that took long the workers do it all for a while.
inline constexpr std::size_t kOwnJobsMax = 4;
inline constexpr std::size_t kOwnJobsBytesMax = 256 << 10;
inline constexpr std::size_t kUnpackedTimes = 10;  // what gzip makes of an exposition, about
inline constexpr auto kOwnJobSlow = 20ms;
inline constexpr auto kOwnJobsPause = 1s;

// Redirects that are followed, as Go's client.
inline constexpr long kRedirectsMax = 10;

// What the pages show of an error.
inline constexpr std::size_t kErrorBytesShown = 2000;

// What one read of a socket takes at most: the answer of a usual target.
inline constexpr long kReadBytes = 64 << 10;

// Connections to targets, idle ones included.
inline constexpr std::size_t kConnectionsMax = 20'000;

// How long the address of a name is used for new connections, as libcurl does.
inline constexpr auto kNamesKept = 60s;

// What targets are told that asks them: Prometheus, for exporters that look at it.
inline constexpr char kUserAgent[] = "Prometheus/3.14.0 (Trilobite)";

// Handles kept ready between scrapes, with the memory of a body each: as many as are in use at once, mostly.
inline constexpr std::size_t kTransfersKeptMax = 64;

}  // namespace trilobite::scrape
