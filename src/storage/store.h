// The one seam between data and everything above: append, scan, look up labels, and housekeeping. The embedded engine
// implements it here; other back ends implement this and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/hash.h"
#include "columnar/batch.h"
#include "columnar/predicate.h"
#include "storage/scan_block.h"

namespace trilobite {

enum class Signal : std::uint8_t { kLogs = 1, kMetrics = 2, kTraces = 3, kExemplars = 4 };

enum class MatchOp : std::uint8_t { kEqual, kNotEqual, kRegex, kNotRegex };

// A condition on one label. Regexes are RE2, anchored at both ends, dot matches newline; an absent label is "".
struct Matcher {
  std::string name;
  MatchOp op = MatchOp::kEqual;
  std::string value;
};

struct TimeRange {
  TimeNs start = 0;  // inclusive
  TimeNs end = 0;    // exclusive
};

enum class Direction : std::uint8_t { kForward, kBackward };  // oldest or newest first

struct ScanRequest {
  std::string tenant;
  Signal signal = Signal::kLogs;
  TimeRange range;
  std::vector<Matcher> matchers;       // all must hold; none: every label set
  std::vector<Predicate> predicates;   // all must hold; the store may leave some to the caller, see Scan::applied
  std::vector<std::string> columns;    // wanted besides label set and time
  Direction direction =
      Direction::kForward;  // in which order blocks come; rows inside a batch are by (label set, time)
  std::shared_ptr<const CancelToken> cancel;  // may be null
};

struct ScanStats {
  std::uint64_t parts = 0, blocks = 0, blocks_skipped = 0;
  std::uint64_t rows = 0;               // looked at, before predicates
  std::uint64_t bytes = 0;              // decoded
  std::uint64_t bytes_compressed = 0;   // read from parts
  std::uint64_t head_rows = 0, head_bytes = 0;
  std::vector<std::string> warnings;    // what is known to be missing: see Store::warnings
};

// A scan under way. Sees every row acknowledged before it was opened, and keeps seeing it while parts are merged away.
class Scan {
 public:
  virtual ~Scan() = default;

  // The next batch, or nothing at the end. Any number of threads may call it at once: each call takes one block and
  // decodes it in the caller's thread. Batches come roughly in the order asked for: a block starts no earlier
  // (kForward: by its oldest row; kBackward: by its newest) than those handed out before, up to the number of callers.
  // Within one scan, the same label set is the same pointer. Equal rows (label set, time, all columns) come once.
  virtual Result<std::optional<Batch>> next() = 0;

  // The same rows as a block whose columns are read when asked for; null at the end. A scan is read with one of both.
  virtual Result<std::unique_ptr<ScanBlock>> next_block();

  // From now on only rows before (kBackward: at or after) `bound` are wanted; blocks that have none are skipped.
  // How `limit` stops early. Any thread.
  virtual void tighten(TimeNs bound) = 0;

  // One flag per predicate of the request: true if the rows that come out all pass it.
  virtual const std::vector<bool>& applied() const = 0;
  virtual ScanStats stats() const = 0;
};

// All samples of one label set in a range, times ascending, each time once. Buffers are used again from call to call.
struct SeriesSamples {
  LabelSetRef labels;
  std::vector<TimeNs> times;
  std::vector<double> values;
  StringColumn histograms;  // kHistogramColumn; empty: no sample has one. A float sample has empty text.
};

// A scan of samples that hands out whole series, each once, in no order.
class SeriesScan {
 public:
  virtual ~SeriesScan() = default;
  // False at the end. Any number of threads may call it at once, each with its own `out`.
  virtual Result<bool> next(SeriesSamples& out) = 0;
  // About how many series are to come, and how many samples at most: what a query may cost, before it is run.
  virtual std::size_t series() const = 0;
  virtual std::uint64_t samples_max() const = 0;
  virtual ScanStats stats() const = 0;
};

struct IndexRequest {
  std::string tenant;
  Signal signal = Signal::kLogs;
  TimeRange range;
  std::vector<Matcher> matchers;
};

// How much a label set has in a time range; from block statistics, so an upper bound at the edges of the range.
struct SeriesInfo {
  LabelSetRef labels;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // raw text
};

struct StoreStatistics {
  std::uint64_t bytes_disk = 0, bytes_wal = 0, bytes_head = 0;
  std::uint64_t rows_appended = 0;   // since start
  std::uint64_t bytes_appended = 0;  // raw, since start
  std::uint64_t rows_stored = 0;     // in parts and head
  std::uint64_t parts = 0, flushes = 0, merges = 0, series_head = 0;
  std::uint64_t parts_dropped = 0;   // by retention
  std::uint64_t parts_damaged = 0;   // put aside: their rows are in no answer
  bool writable = true;              // false after a failed sync or with a full disk
};

struct AppendOptions {
  // Hash of the request that the rows came in. A repeat of an accepted request within some minutes (also across a
  // restart) is acknowledged without storing it again: the answer may have got lost and the client retries.
  std::optional<Hash128> request;
};

// Any thread may call anything.
class Store {
 public:
  virtual ~Store() = default;

  // Durable and visible when it returns. Errors: kNoSpace, kOverload (retry later), kUnavailable (stopping or broken).
  virtual Result<void> append(std::string_view tenant, Signal signal, const Batch& batch,
                              const AppendOptions& options) = 0;

  virtual Result<std::unique_ptr<Scan>> scan(ScanRequest request) = 0;

  // Of Signal::kMetrics; direction, predicates and columns of the request are not looked at. Of two samples with one
  // time the one written last wins. This one collects what scan() gives (series_scan.cc); a store may do better.
  virtual Result<std::unique_ptr<SeriesScan>> scan_series(ScanRequest request);

  virtual Result<std::vector<std::string>> label_names(const IndexRequest& request) = 0;  // sorted
  virtual Result<std::vector<std::string>> label_values(const IndexRequest& request,
                                                        std::string_view name) = 0;  // sorted
  virtual Result<std::vector<SeriesInfo>> series(const IndexRequest& request) = 0;  // sorted by label set bytes

  // What is known to be missing from answers for this range: a sentence for each damaged part.
  virtual std::vector<std::string> warnings(const std::string& /*tenant*/, Signal, TimeRange) const { return {}; }

  // Another number than before when rows of the range may have come or gone since; rows beside it may change it, too.
  // Whoever reads it, then scans, and later reads the same number would find the same rows again. Only valid while the
  // store is open; none: this store does not know.
  virtual std::optional<std::uint64_t> version(std::string_view tenant, Signal signal, TimeRange range) const {
    static_cast<void>(tenant), static_cast<void>(signal), static_cast<void>(range);
    return std::nullopt;
  }

  virtual Result<void> flush() = 0;  // head to parts, now
  virtual StoreStatistics statistics() const = 0;
};

}  // namespace trilobite
