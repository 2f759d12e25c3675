// Brings one encoded export request after the other to an OTLP receiver: HTTP with protobuf bodies, or gRPC, which is
// a POST over HTTP/2 with five bytes before the message and its status in the trailers.
//
// A request that fails in a way that may pass (no connection, no answer in time, 429, 502, 503, 504, and gRPC's
// equivalents) is repeated after a pause: Retry-After where the receiver names one, otherwise a random time up to a
// limit that grows with each attempt. Everything else ends the request at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outcome.h"

namespace trilobite::otlp {

enum class Protocol : std::uint8_t { kHttpProtobuf, kGrpc };
enum class Compression : std::uint8_t { kNone, kGzip };

struct RetryOptions {
  std::int64_t pause_min_ms = 1'000;   // upper limit of the first pause
  std::int64_t pause_max_ms = 30'000;  // of the later ones
  std::int64_t give_up_ms = 60'000;    // no attempt begins later than this after the first one, Retry-After or not
  bool all_server_errors = false;      // repeat after any 5xx, as remote write does; OTLP names its few
};

struct TransportOptions {
  std::string url;  // whole: http://localhost:4318/v1/traces, or for gRPC http://localhost:4317
  Protocol protocol = Protocol::kHttpProtobuf;
  std::string grpc_path;  // kGrpc: "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
  std::vector<std::pair<std::string, std::string>> headers;
  Compression compression = Compression::kNone;
  std::string content_type = "application/x-protobuf";  // kHttpProtobuf; other pushes may set theirs
  std::string content_encoding;                         // for bodies that are compressed already (snappy)
  std::int64_t timeout_ms = 10'000;                     // of one attempt
  RetryOptions retry;
  std::string ca_file;           // PEM; empty: the system's
  std::string client_cert_file;  // PEM; empty: none
  std::string client_key_file;

  // For tests: replaces waiting between attempts, and the random part of pauses (in 0..1).
  std::function<void(std::int64_t pause_ms)> pause_instead{};
  std::function<double()> jitter_instead{};
};

struct SendReport {
  enum class End : std::uint8_t {
    kDelivered,  // all of it; or all but `rejected` items
    kRefused,    // the receiver will not take it, or the request cannot be made
    kGaveUp,     // repeated until the time for it was over
    kStopped,    // stop() was called
  };
  End end = End::kDelivered;
  std::uint64_t rejected = 0;  // items the receiver counted as rejected (partial success)
  std::string message;         // why; or the receiver's remark on a delivered request
  int status = 0;              // of the last answer; 0: there was none
  int attempts = 0;
  bool delivered() const { return end == End::kDelivered; }
};

class Transport {
 public:
  // Fails when the options cannot work: no URL, another scheme than http and https, a header with a line feed.
  static log::Outcome<std::unique_ptr<Transport>> open(TransportOptions options);
  virtual ~Transport() = default;

  // Blocks until the request is delivered or has failed. One thread at a time.
  virtual SendReport send(std::string_view body) = 0;

  // From now on a running send() has this long until it ends, and makes no further pauses. Any thread.
  virtual void stop(std::int64_t grace_ms) noexcept = 0;
};

}  // namespace trilobite::otlp
