#include "logs/block_fields.h"

namespace trilobite::logql {

std::optional<BoundFields> bind_fields(FieldParser parser, const columnar::Template& lines) {
  switch (parser) {
    case FieldParser::kJson: return bind_json(lines);
    case FieldParser::kLogfmt: return bind_logfmt(lines);
    case FieldParser::kPattern:
    case FieldParser::kNone: break;
  }
  return std::nullopt;
}

Result<BlockFields> BlockFields::open(ScanBlock& block, FieldParser parser) {
  BlockFields out;
  if (parser == FieldParser::kNone || block.lines() == nullptr) return out;
  const columnar::Templates& lines = block.lines()->lines();
  TRY(codes, lines.codes());
  TRY(positions, lines.positions());
  out.parser_ = parser;
  out.templates_ = lines.templates();
  out.codes_ = codes;
  out.positions_ = positions;
  out.entries_.resize(out.templates_.size());
  return out;
}

TemplateFields* BlockFields::of(std::uint32_t row) {
  if (entries_.empty()) return nullptr;
  const std::size_t code = codes_[row];
  Entry& entry = entries_[code];
  if (!entry.bound) {
    entry.bound = true;
    if (auto fields = bind_fields(parser_, templates_[code])) {
      entry.fields = std::make_unique<TemplateFields>(templates_[code], std::move(*fields));
    }
  }
  return entry.fields.get();
}

Result<bool> process_row(PipelineWorker& worker, TimeNs time, std::uint32_t row, BlockText& text, BlockFields& fields) {
  if (TemplateFields* known = fields.of(row)) {
    return worker.process(time, *known, fields.position(row), text.metadata(row));
  }
  TRY(line, text.line(row));
  return worker.process(time, line, text.metadata(row));
}

}  // namespace trilobite::logql
