// What happens to each line of a log query: filters, parsers, formatters, and for metric queries the sample's value.
//
// Life cycle: Pipeline (plan) is compiled once per query and immutable; every worker thread makes its own
// PipelineWorker, tells it when the stream changes, and gives it line after line.
//
//   auto pipeline = Pipeline::compile(range, sample_grouping(range, outer), {.now = now});
//   PipelineWorker worker(*pipeline);
//   worker.begin_stream(labels);
//   if (worker.process(time, line, metadata)) use(worker.line(), worker.value(), worker.group());
//
// Parsers are lazy: with a known set of wanted labels (grouping, filters, unwrap) a parser extracts only those and
// stops as soon as it has them, exactly as Loki does, so a broken rest of a line is an error only where somebody needs
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logs/ast.h"

namespace trilobite::logql {

inline constexpr std::string_view kErrorLabel = "__error__";
inline constexpr std::string_view kErrorDetailsLabel = "__error_details__";

enum class LabelCategory : std::uint8_t { kStream, kMetadata, kParsed };

struct RowLabel {
  std::string_view name;
  std::string_view value;
  LabelCategory category = LabelCategory::kStream;
};

// What a range aggregation counts of a line.
enum class SampleKind : std::uint8_t { kNone /* log query */, kOne, kBytes, kUnwrap };

// The grouping that applies to the samples of `range`: its own, or that of `outer` where a sum can push it down (Loki's
// rule; it decides whether broken lines are an error). None: all labels count. `outer` may be null.
std::optional<Grouping> sample_grouping(const RangeAggregation& range, const VectorAggregation* outer);

struct PipelineOptions {
  TimeNs now = 0;  // what `now` in a template says
};

class PipelineWorker;
class TemplateFields;
struct VectorPlan;
enum class FieldParser : std::uint8_t;

class Pipeline {
 public:
  // For a log query: all labels are wanted.
  static Result<Pipeline> compile(const LogExpr& log, const PipelineOptions& options);
  // For samples: `grouping` says which labels are wanted and what group() gives.
  static Result<Pipeline> compile(const RangeAggregation& range, const std::optional<Grouping>& grouping,
                                  const PipelineOptions& options);
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  ~Pipeline();

  // Necessary conditions on the line column, for ScanRequest::predicates. Those that a store has applied need not be
  // looked at again: see PipelineWorker.
  const std::vector<Predicate>& predicates() const;

  // Nothing but filters that predicates() says in full: where they are applied, every row passes with its stream's
  // labels and structured metadata, and the line is not looked at when the kind is kOne.
  bool only_predicates() const;
  bool needs_line() const;      // false: process() may be given "" for the line
  bool needs_metadata() const;  // false: process() may be given "" for the metadata (no wanted label can come from it)
  SampleKind sample_kind() const;

  struct Plan;
  const Plan& plan() const { return *plan_; }  // pipeline_plan.h

 private:
  friend class PipelineWorker;
  explicit Pipeline(std::unique_ptr<const Plan> plan);
  std::unique_ptr<const Plan> plan_;
};

// One thread at a time. The pipeline must outlive it.
class PipelineWorker {
 public:
  // `applied` is Scan::applied() for the pipeline's predicates (a prefix of the scan's; may be empty: none applied).
  explicit PipelineWorker(const Pipeline& pipeline, const std::vector<bool>& applied = {});
  PipelineWorker(PipelineWorker&&) noexcept;
  ~PipelineWorker();

  // The following rows belong to this stream. The set must stay alive until the next call. Cheap for a set seen before
  // (found by its address, which therefore must not be reused for another set while the worker lives).
  void begin_stream(const LabelSet& labels);

  // False: the line is dropped. `metadata` are canonical bytes of a LabelSet (Batch's kMetadataColumn), "" for none.
  // All results below are valid until the next call; views may point into `line` and `metadata`.
  bool process(TimeNs time, std::string_view line, std::string_view metadata);

  // The parser that may be given fields of split lines instead of a line; kNone where a stage needs the line.
  FieldParser field_parser() const;
  // What is done to a row, in order, for those who do it to many rows at once.
  const VectorPlan& vector_plan() const;
  // The same as process() with the line at `position` of the template, but line() is empty. REQUIRES: the fields are
  // those of field_parser().
  Result<bool> process(TimeNs time, TemplateFields& fields, std::size_t position, std::string_view metadata);

  // After process(): where the query unrolls an array, goes on to the row of its next element and says in `passes`
  // whether that passes. False: there is none. The line and metadata given to process() must still be there.
  bool process_next(bool& passes);

  std::string_view line() const;  // the original view where no stage changed it
  double value() const;           // of the sample, by sample_kind(); 1 for log queries

  // All final labels, sorted by name, including __error__ and __error_details__. A value may be empty where a parser or
  // label_format made it so: Loki shows such labels of lines.
  std::span<const RowLabel> labels();
  // "" when the row has no error; for samples an error must fail the query.
  std::string_view error() const;

  // For samples: canonical LabelSet bytes of the group that the row belongs to (all labels but the unwrapped one where
  // no grouping was given; empty for by ()). While error() is not empty: of all labels, as the error text shows them.
  std::string_view group();
  // Grows by one when group() differs from that of the row asked for before; a way to skip hashing. Ask after group().
  std::uint64_t group_version() const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace trilobite::logql
