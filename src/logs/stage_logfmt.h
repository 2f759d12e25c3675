// | logfmt: key=value pairs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "logs/row.h"
#include "logs/stage_json.h"

namespace trilobite::logql {

// Pairs of a line in order. A broken pair is skipped up to the next blank and noted as the error.
class LogfmtScanner {
 public:
  explicit LogfmtScanner(std::string_view line) : line_(line) {}

  // True: key() and value() are those of the next pair, or the pair was broken (then ok() is false). False: the end.
  bool next();
  bool ok() const { return ok_; }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }  // as it stands; without quotes
  bool escaped() const { return escaped_; }          // value() has escapes to resolve
  // "logfmt syntax error at pos 12 : unexpected '='" of the last broken pair.
  std::string error() const;

 private:
  bool fail(std::string_view what, std::size_t at);
  bool quoted_value();
  void plain_value();

  std::string_view line_;
  std::size_t at_ = 0;
  std::string_view key_, value_;
  bool ok_ = true, escaped_ = false;
  std::string_view what_;
  char byte_ = '\0';
  std::size_t error_at_ = 0;
};

class Logfmt {
 public:
  static Result<Logfmt> compile(const LogfmtStage& stage, LabelPlan& plan);
  // Takes all pairs, passes over broken ones and empty values.
  bool is_plain() const { return targets_.empty() && !strict_ && !keep_empty_; }
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;

 private:
  struct Target {
    NameId id;
    std::string key;  // sanitised
  };
  bool run_all(Row& row, std::string_view line) const;
  bool run_targets(Row& row, std::string_view line, StageScratch& scratch) const;

  bool strict_ = false, keep_empty_ = false;
  std::vector<Target> targets_;
};

}  // namespace trilobite::logql
