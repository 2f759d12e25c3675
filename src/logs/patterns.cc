#include "logs/patterns.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <tuple>

#include "base/hash.h"
#include "columnar/label_set.h"
#include "logs/limits.h"
#include "logs/line_sketch.h"
#include "logs/template_sketch.h"
#include "query/parallel_scan.h"

namespace trilobite::logql {
namespace {

constexpr std::string_view kUnknownLevel = "unknown";
constexpr std::uint8_t kLevelsMax = 255;
// What is the same in fewer lines than this may be so by chance.
constexpr std::uint64_t kConstantLinesMin = 8;

bool always(std::string_view) { return true; }
bool has_no_digit(std::string_view text) { return text.find_first_of("0123456789") == std::string_view::npos; }

// Lines of one sketch and one level.
struct Cell {
  LineSketch sketch;
  std::uint8_t level = 0;
  std::uint64_t count = 0;
  boost::unordered_flat_map<TimeNs, std::uint64_t> steps;
};

// Names of levels as small numbers; 0 is unknown.
class Levels {
 public:
  std::uint8_t add(std::string_view name) {
    if (name.empty()) return 0;
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::uint8_t>(found - names_.begin());
    if (names_.size() == kLevelsMax) return 0;
    names_.emplace_back(name);
    return static_cast<std::uint8_t>(names_.size() - 1);
  }
  const std::string& name(std::uint8_t level) const { return names_[level]; }

 private:
  std::vector<std::string> names_{std::string(kUnknownLevel)};
};

// The level of each row of a block: of its metadata, else of its labels.
class RowLevels {
 public:
  static Result<RowLevels> of(ScanBlock& block, Levels& levels) {
    RowLevels out(levels);
    TRY(metadata, block.column(kMetadataColumn));
    if (metadata->size() > 0) out.metadata_ = metadata;
    if (out.metadata_ == nullptr) return out;
    if (const auto* coded = std::get_if<DictionaryColumn>(&out.metadata_->values())) {
      out.codes_ = &coded->codes;
      for (std::size_t i = 0; i < coded->dictionary.size(); ++i) {
        TRY(level, out.level_in(coded->dictionary[i]));
        out.level_of_code_.push_back(level);
      }
    }
    return out;
  }

  void begin_run(const LabelSet& labels) {
    std::string_view name = labels.get("detected_level");
    if (name.empty()) name = labels.get("level");
    of_run_ = levels_->add(name);
  }

  Result<std::uint8_t> operator[](std::uint32_t row) {
    std::uint8_t level = 0;
    if (codes_ != nullptr) {
      level = level_of_code_[(*codes_)[row]];
    } else if (metadata_ != nullptr) {
      TRY(found, level_in(metadata_->text(row)));
      level = found;
    }
    return level != 0 ? level : of_run_;
  }

 private:
  explicit RowLevels(Levels& levels) : levels_(&levels) {}
  Result<std::uint8_t> level_in(std::string_view metadata) {
    if (metadata.empty()) return std::uint8_t{0};
    TRY(labels, LabelSet::from_bytes(std::string(metadata)));
    return levels_->add(labels.get("detected_level"));
  }

  Levels* levels_;
  const Column* metadata_ = nullptr;
  const std::vector<std::uint32_t>* codes_ = nullptr;
  std::vector<std::uint8_t> level_of_code_;
  std::uint8_t of_run_ = 0;
};

// One thread's share of the rows.
class PatternCounter {
 public:
  explicit PatternCounter(const PatternRequest& request) : step_(request.step) {}

  Result<void> consume(ScanBlock& block) {
    TRY(levels, RowLevels::of(block, levels_));
    variants_.clear();
    templates_.clear();
    const columnar::Templates* lines = block.lines() == nullptr ? nullptr : &block.lines()->lines();
    const Column* plain = nullptr;
    if (lines != nullptr) {
      TRY(codes, lines->codes());
      TRY(positions, lines->positions());
      codes_ = codes;
      positions_ = positions;
      templates_.resize(lines->templates().size());
    } else {
      TRY(column, block.column(kLineColumn));
      if (column->size() == 0) return {};  // every line is empty
      plain = column;
    }
    std::size_t next = 0;
    for (const ScanBlock::Run& run : block.runs) {
      levels.begin_run(*block.label_sets[run.label_set]);
      const std::uint32_t count = block.rows ? 0 : run.end - run.begin;
      const auto consume_row = [&](std::uint32_t row) -> Result<void> {
        TRY(level, levels[row]);
        TRY(cell, plain != nullptr ? cell_of_line(plain->text(row), level) : cell_of_row(*lines, row, level));
        if (cell != nullptr) add(*cell, block.times[row]);
        return {};
      };
      for (std::uint32_t i = 0; i < count; ++i) TRY_VOID(consume_row(run.begin + i));
      if (!block.rows) continue;
      for (; next < block.rows->size() && (*block.rows)[next] < run.end; ++next) {
        TRY_VOID(consume_row((*block.rows)[next]));
      }
    }
    return {};
  }

  void merge(PatternCounter& other) {
    for (Cell& cell : other.cells_) {
      const std::uint8_t level = levels_.add(other.levels_.name(cell.level));
      Cell& own = cell_for(cell.sketch, level);
      own.count += cell.count;
      for (const auto& [step, count] : cell.steps) own.steps[step] += count;
    }
    other.cells_.clear();
  }

  std::size_t bytes() const { return samples_ * kPatternSampleBytes; }
  std::vector<PatternSeries> finish() const;

 private:
  Result<Cell*> cell_of_row(const columnar::Templates& lines, std::uint32_t row, std::uint8_t level) {
    const std::uint16_t code = codes_[row];
    std::optional<TemplateSketch>& shape = templates_[code];
    if (!shape) {
      TRY(made, TemplateSketch::of(lines.templates()[code]));
      shape.emplace(std::move(made));
    }
    const std::optional<std::uint32_t> variant = shape->variant(positions_[row]);
    if (!variant) {
      line_.clear();
      TRY_VOID(lines.append(row, line_));
      return cell_of_line(line_, level);
    }
    const std::uint64_t key = std::uint64_t{*variant} << 24 | std::uint64_t{code} << 8 | level;
    const auto [at, fresh] = variants_.try_emplace(key, 0u);
    if (fresh) at->second = index_of(cell_for(shape->sketch(*variant), level));
    return &cells_[at->second];
  }

  Result<Cell*> cell_of_line(std::string_view line, std::uint8_t level) {
    if (line.empty()) return static_cast<Cell*>(nullptr);
    return &cell_for(sketch_line(line), level);
  }

  std::uint32_t index_of(const Cell& cell) const { return static_cast<std::uint32_t>(&cell - cells_.data()); }

  // The cell of the sketch, or of all that is too rare to be kept apart.
  Cell& cell_for(const LineSketch& sketch, std::uint8_t level) {
    key_.assign(1, static_cast<char>(level));
    sketch.append_key(key_);
    const auto found = cell_of_key_.find(key_);
    if (found != cell_of_key_.end()) {
      cells_[found->second].sketch.merge(sketch);
      return cells_[found->second];
    }
    if (cells_.size() >= kPatternsKept) return rest(level);
    cell_of_key_.emplace(key_, static_cast<std::uint32_t>(cells_.size()));
    cells_.push_back({sketch, level, 0, {}});
    return cells_.back();
  }

  Cell& rest(std::uint8_t level) {
    LineSketch anything;
    anything.literals.emplace_back();
    anything.gaps.emplace_back();
    key_.assign(1, static_cast<char>(level));
    anything.append_key(key_);
    const auto [at, fresh] = cell_of_key_.try_emplace(key_, static_cast<std::uint32_t>(cells_.size()));
    if (fresh) cells_.push_back({std::move(anything), level, 0, {}});
    cells_[at->second].sketch.gaps[0].reset();
    return cells_[at->second];
  }

  void add(Cell& cell, TimeNs time) {
    const TimeNs past = time % step_;
    const auto [at, fresh] = cell.steps.try_emplace(time - (past < 0 ? past + step_ : past), 0u);
    samples_ += fresh ? 1 : 0;
    ++at->second;
    ++cell.count;
  }

  TimeNs step_;
  std::size_t samples_ = 0;
  Levels levels_;
  std::vector<Cell> cells_;
  boost::unordered_flat_map<std::string, std::uint32_t> cell_of_key_;
  // Of the block under way.
  std::span<const std::uint16_t> codes_;
  std::span<const std::uint32_t> positions_;
  std::vector<std::optional<TemplateSketch>> templates_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> variants_;  // template, variant and level to cell
  std::string line_, key_;
};

// Sketches can differ and yet read the same, so they are merged by text once more.
std::vector<PatternSeries> PatternCounter::finish() const {
  std::map<std::pair<std::string, std::string>, std::map<TimeNs, std::uint64_t>> merged;
  for (const Cell& cell : cells_) {
    if (cell.count == 0) continue;
    std::string text = cell.sketch.pattern(cell.count >= kConstantLinesMin ? always : has_no_digit);
    auto& steps = merged[{std::move(text), levels_.name(cell.level)}];
    for (const auto& [step, count] : cell.steps) steps[step] += count;
  }
  std::vector<PatternSeries> out;
  for (auto& [name, steps] : merged) {
    PatternSeries series{name.first, name.second, {steps.begin(), steps.end()}, 0};
    for (const auto& [step, count] : steps) series.count += count;
    out.push_back(std::move(series));
  }
  return out;
}

}  // namespace

Result<std::vector<PatternSeries>> find_patterns(query::QueryContext& context, const PatternRequest& request) {
  ScanRequest scan_request;
  scan_request.tenant = context.tenant();
  scan_request.range = request.range;
  scan_request.matchers = request.matchers;
  scan_request.columns = {std::string(kLineColumn), std::string(kMetadataColumn)};
  scan_request.cancel = context.cancel();
  TRY(scan, context.store().scan(std::move(scan_request)));
  std::vector<PatternCounter> counters(query::scan_workers(context), PatternCounter(request));
  TRY_VOID(query::scan_blocks(context, *scan, counters.size(), [&](std::size_t i, ScanBlock& block) -> Result<bool> {
    TRY_VOID(counters[i].consume(block));
    if (counters[i].bytes() * counters.size() <= context.limits().memory_max) return true;
    return error(Code::kLimit,
                 "patterns of so many steps take more than {} bytes; take a longer step or a shorter time",
                 context.limits().memory_max);
  }));
  for (std::size_t i = 1; i < counters.size(); ++i) counters[0].merge(counters[i]);
  std::vector<PatternSeries> out = counters[0].finish();
  std::sort(out.begin(), out.end(), [](const PatternSeries& a, const PatternSeries& b) {
    return std::tie(b.count, a.pattern, a.level) < std::tie(a.count, b.pattern, b.level);
  });
  if (out.size() > request.series_max) out.resize(request.series_max);
  return out;
}

}  // namespace trilobite::logql
