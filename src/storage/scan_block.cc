#include "storage/scan_block.h"

#include "columnar/lines.h"
#include "storage/column_builder.h"
#include "storage/store.h"

namespace trilobite {
namespace {

class BatchBlock final : public ScanBlock {
 public:
  explicit BatchBlock(Batch batch) : batch_(std::move(batch)) {
    label_sets = batch_.label_sets;
    times = batch_.times;
    for (std::uint32_t row = 0; row < batch_.rows(); ++row) {
      const std::uint32_t label_set = batch_.label_set_of_row[row];
      if (runs.empty() || runs.back().label_set != label_set) runs.push_back({label_set, row, row});
      runs.back().end = row + 1;
    }
  }

  const columnar::LineBlock* lines() const override { return nullptr; }
  Result<const Column*> column(std::string_view name) override {
    const Column* found = batch_.find(name);
    return found != nullptr ? found : &absent_;
  }

 private:
  const Batch batch_;
  const Column absent_;
};

// Below this share of a block's rows lines are put together one by one.
constexpr std::size_t kFewRows = 4;

Result<StringColumn> put_together(const columnar::Templates& lines, const std::vector<std::uint32_t>& rows) {
  StringColumn out;
  out.ends.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    TRY_VOID(lines.append(row, out.bytes));
    out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
  }
  return out;
}

}  // namespace

std::size_t ScanBlock::count() const {
  if (rows) return rows->size();
  std::size_t out = 0;
  for (const Run& run : runs) out += run.end - run.begin;
  return out;
}

std::unique_ptr<ScanBlock> block_of(Batch batch) { return std::make_unique<BatchBlock>(std::move(batch)); }

Result<Batch> to_batch(ScanBlock& block, const std::vector<std::string>& columns) {
  std::vector<std::uint32_t> all;
  if (!block.rows) {
    for (const ScanBlock::Run& run : block.runs) {
      for (std::uint32_t row = run.begin; row < run.end; ++row) all.push_back(row);
    }
  }
  const std::vector<std::uint32_t>& rows = block.rows ? *block.rows : all;
  Batch out;
  out.label_sets = block.label_sets;
  out.times.reserve(rows.size());
  out.label_set_of_row.reserve(rows.size());
  auto run = block.runs.begin();
  for (const std::uint32_t row : rows) {
    while (row >= run->end) ++run;
    out.label_set_of_row.push_back(run->label_set);
    out.times.push_back(block.times[row]);
  }
  for (const std::string& name : columns) {
    if (name == kLineColumn && block.lines() != nullptr && rows.size() < block.times.size() / kFewRows) {
      TRY(lines, put_together(block.lines()->lines(), rows));
      out.columns.push_back({name, Column(std::move(lines))});
      continue;
    }
    TRY(column, block.column(name));
    out.columns.push_back({name, rows.size() == column->size() ? *column : storage::gather(*column, rows)});
  }
  return out;
}

Result<std::unique_ptr<ScanBlock>> Scan::next_block() {
  TRY(batch, next());
  if (!batch) return std::unique_ptr<ScanBlock>();
  return block_of(std::move(*batch));
}

}  // namespace trilobite
