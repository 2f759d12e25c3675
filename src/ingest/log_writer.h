// The write path of logs: every source (Loki push, OTLP, the built-in agent) hands its entries to LogWriter, which
// checks them against the limits as Loki does, discovers service_name and detected_level, appends what is valid to the
// Store, and publishes it to live tails.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "columnar/batch.h"
#include "ingest/limits.h"
#include "ingest/tail_hub.h"
#include "storage/store.h"

namespace trilobite::ingest {

// What a decoder produces: streams by reference into `batch`, before any limit or discovery.
struct LogPush {
  Batch batch;                     // columns line and (optional) metadata
  std::optional<Hash128> request;  // of the body, so that a retried request is stored once
};

struct PushOutcome {
  std::uint64_t rows_accepted = 0, bytes_accepted = 0;
  std::uint64_t rows_rejected = 0;
  // Set when some entries were refused although the others are stored: Loki answers 400 with this text.
  std::optional<Error> partial;
  int status = 0;  // HTTP status that the configuration asks for instead of the usual one; 0: the usual one
};

struct WriterStats {
  std::uint64_t rows = 0, bytes = 0, requests = 0;
  struct Discarded {
    std::string reason;
    std::uint64_t rows = 0, bytes = 0;
  };
  std::vector<Discarded> discarded;  // sorted by reason
  std::uint64_t streams = 0;         // with a row in the last hour
};

// Any thread.
class LogWriter {
 public:
  // All but the limits must outlive the writer.
  LogWriter(Store& store, TailHub& tails, const Clock& clock, LimitsByTenant limits);
  ~LogWriter();

  // Errors: those of Store::append, and kOverload when a rate limit refuses the whole request.
  Result<PushOutcome> write(std::string_view tenant, LogPush push);
  WriterStats stats() const;
  std::vector<std::pair<std::string, std::uint64_t>> streams_by_tenant() const;  // sorted

  std::shared_ptr<const LogLimits> limits_of(std::string_view tenant) const;
  // From now on these; streams are looked at anew. Rates and counts of active streams start over.
  void set_limits(LimitsByTenant limits);
  // Rows that never became a push, for the counters.
  void count_discarded(std::string_view reason, std::uint64_t rows, std::uint64_t bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace trilobite::ingest
