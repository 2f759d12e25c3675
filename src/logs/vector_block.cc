#include "logs/vector_block.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "base/bytes.h"
#include "logs/block_fields.h"
#include "logs/bound_pattern.h"

namespace trilobite::logql {
namespace {

constexpr std::size_t kGroupTableMax = 1u << 16;  // entries of a run x group code table; beyond, a hash table

// Numbers of groups by run and code, found once each.
class GroupCache {
 public:
  GroupCache(std::size_t runs, std::uint64_t codes) : codes_(codes) {
    if (codes <= kGroupTableMax && runs * codes <= kGroupTableMax) table_.assign(runs * codes, kUnknown);
  }
  template <class Find>
  std::uint32_t get(std::size_t run, std::uint64_t code, Find find) {
    const std::uint64_t place = run * codes_ + code;
    std::uint32_t& group = table_.empty() ? map_.try_emplace(place, kUnknown).first->second : table_[place];
    if (group == kUnknown) group = find();
    return group;
  }

 private:
  static constexpr std::uint32_t kUnknown = UINT32_MAX;
  std::uint64_t codes_;
  std::vector<std::uint32_t> table_;
  std::unordered_map<std::uint64_t, std::uint32_t> map_;
};

// How many codes the columns have together; nothing where that is beyond counting.
std::optional<std::uint64_t> code_count(const std::vector<GroupColumn>& columns) {
  std::uint64_t out = 1;
  for (const GroupColumn& column : columns) {
    if (column.of_run) continue;
    if (__builtin_mul_overflow(out, std::max<std::uint64_t>(column.values.size(), 1), &out)) return std::nullopt;
  }
  if (out > (std::uint64_t{1} << 40)) return std::nullopt;
  return out;
}

std::uint64_t code_at(const std::vector<GroupColumn>& columns, std::size_t n) {
  std::uint64_t out = 0;
  for (const GroupColumn& column : columns) {
    if (!column.of_run && !column.codes.empty()) out = out * column.values.size() + column.codes[n];
  }
  return out;
}

}  // namespace

Result<void> VectorBlock::prefilter(ScanBlock& block, const Column* metadata) {
  if (plan_.tests.empty()) return {};
  std::vector<std::uint32_t> rows;
  TRY(done, for_each_template(block, metadata, [&](VectorTemplate& lines, RowSelection& positions) -> Result<void> {
    TRY_VOID(lines.filter(positions));
    const auto take = [&](std::uint32_t position) { rows.push_back(lines.rows_of()[position]); };
    positions.make_explicit();
    for (const std::uint32_t position : positions.rows()) take(position);
    for (const std::uint32_t position : lines.unsettled()) take(position);
    return {};
  }));
  if (!done) return {};
  std::sort(rows.begin(), rows.end());
  // Where a side of an `or` is not settled, a position may be there twice.
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  block.rows = std::move(rows);
  return {};
}

Result<bool> VectorBlock::sample(ScanBlock& block, const Column* metadata, query::GroupTable& groups, Samples& out) {
  out.any_by_row = false;
  out.groups.assign(block.times.size(), kDropped);
  if (plan_.unwrap != nullptr) out.values.resize(block.times.size());
  return for_each_template(block, metadata, [&](VectorTemplate& lines, RowSelection& positions) -> Result<void> {
    TRY_VOID(lines.filter(positions));
    if (lines.has_error()) {
      lines.give_up(positions);
      positions.clear();
    }
    values_.clear();
    if (plan_.unwrap != nullptr && !positions.empty()) TRY_VOID(lines.unwrap(positions, values_));
    if (!positions.empty()) TRY_VOID(add_samples(lines, positions, groups, out));
    for (const std::uint32_t position : lines.unsettled()) out.groups[lines.rows_of()[position]] = kByRow;
    out.any_by_row = out.any_by_row || !lines.unsettled().empty();
    return {};
  });
}

Result<void> VectorBlock::add_samples(VectorTemplate& lines, const RowSelection& positions, query::GroupTable& groups,
                                      Samples& out) {
  TRY(grouped, lines.group(positions, columns_));
  const auto codes = code_count(columns_);
  if (!grouped || !codes) {
    lines.give_up(positions);
    return {};
  }
  const bool by_run = std::any_of(columns_.begin(), columns_.end(), [](const GroupColumn& c) { return c.of_run; });
  GroupCache cache(by_run ? runs_.runs.size() : 1, *codes);
  std::string key;
  const auto find_group = [&](std::size_t run, std::size_t n) {
    key.clear();
    ByteWriter writer(key);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const GroupColumn& column = columns_[i];
      const VectorPlan::Name name = plan_.group[i];
      const std::string_view value = column.of_run          ? runs_.base[run].values[name].value_or("")
                                     : column.codes.empty() ? column.values[0]
                                                            : column.values[column.codes[n]];
      if (value.empty()) continue;  // a label set has no empty values
      writer.text(plan_.labels[name].name);
      writer.text(value);
    }
    return groups.find_or_add(key);
  };
  std::size_t run = 0;
  for (std::size_t n = 0; n < positions.count(); ++n) {
    const std::uint32_t row = lines.rows_of()[positions.all() ? n : positions.rows()[n]];
    if (by_run) run = runs_.run_of(row, run);
    out.groups[row] = cache.get(run, code_at(columns_, n), [&] { return find_group(run, n); });
    if (!values_.empty()) out.values[row] = values_[n];
  }
  return {};
}

// Positions of all templates at once, for a block with explicit rows.
void VectorBlock::select(const ScanBlock& block, const columnar::Templates& lines, std::uint64_t present) {
  const std::span<const std::uint16_t> codes = lines.codes().value();
  const std::span<const std::uint32_t> positions = lines.positions().value();
  chosen_.resize(lines.templates().size());
  for (auto& one : chosen_) one.clear();
  std::size_t run = 0;
  for (const std::uint32_t row : *block.rows) {
    run = runs_.run_of(row, run);
    if (runs_.base[run].present == present) chosen_[codes[row]].push_back(positions[row]);
  }
}

RowSelection VectorBlock::select_of_template(std::size_t index, const ScanBlock& block,
                                             std::span<const std::uint32_t> rows_of, std::uint64_t present) {
  std::vector<std::uint32_t> positions;
  if (block.rows) {
    positions = std::move(chosen_[index]);
  } else {
    auto from = rows_of.begin();
    for (std::size_t run = 0; run < runs_.runs.size(); ++run) {
      from = std::lower_bound(from, rows_of.end(), runs_.runs[run].begin);
      const auto to = std::lower_bound(from, rows_of.end(), runs_.runs[run].end);
      if (runs_.base[run].present == present) {
        const auto before = static_cast<std::ptrdiff_t>(positions.size());
        positions.resize(positions.size() + static_cast<std::size_t>(to - from));
        std::iota(positions.begin() + before, positions.end(), static_cast<std::uint32_t>(from - rows_of.begin()));
      }
      from = to;
    }
  }
  if (positions.size() == rows_of.size()) return RowSelection(rows_of.size());
  return RowSelection(rows_of.size(), std::move(positions));
}

// What the parser finds in the lines of a template; nothing where that depends on the line.
Result<std::optional<BoundFields>> VectorBlock::bind(const columnar::Template& lines) const {
  if (plan_.parser == FieldParser::kNone) return std::optional<BoundFields>(BoundFields());
  if (plan_.pattern == nullptr) return bind_fields(plan_.parser, lines);
  return bind_pattern(*plan_.pattern, lines, [this](std::string_view name) { return plan_.find(name).has_value(); });
}

Result<bool> VectorBlock::for_each_template(ScanBlock& block, const Column* metadata, const Visit& visit) {
  if (block.lines() == nullptr || plan_.useless()) return false;
  auto base = base_labels_of_runs(plan_, block, metadata);
  if (!base) return false;
  base_ = std::move(*base);
  runs_ = {block.runs, base_};
  const columnar::Templates& lines = block.lines()->lines();
  TRY_VOID(lines.codes());
  TRY_VOID(lines.positions());
  std::vector<std::uint64_t> classes;
  for (const BaseLabels& one : base_) classes.push_back(one.present);
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  for (const std::uint64_t present : classes) {
    if (block.rows) select(block, lines, present);
    for (std::size_t index = 0; index < lines.templates().size(); ++index) {
      const columnar::Template& one = lines.templates()[index];
      if (block.rows && chosen_[index].empty()) continue;
      TRY(rows_of, lines.rows_of(index));
      RowSelection positions = select_of_template(index, block, rows_of, present);
      if (positions.empty()) continue;
      TRY(fields, bind(one));
      VectorTemplate columns(plan_, runs_, one, rows_of, fields ? std::move(*fields) : BoundFields(), present);
      if (!fields && plan_.parser == FieldParser::kJson && is_never_json(one)) {
        columns.set_error(kJsonError);
      } else if (!fields) {
        columns.give_up(positions);
        positions.clear();
      }
      TRY_VOID(visit(columns, positions));
    }
  }
  return true;
}

}  // namespace trilobite::logql
