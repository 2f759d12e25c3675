#include "storage/part_output.h"

#include <algorithm>

#include "storage/label_index.h"
#include "storage/schema.h"
#include "storage/series_table.h"

namespace trilobite::storage {
namespace {

// Equal coded texts that follow each other count once, as the head counts them: see SeriesStats.
std::size_t coded_bytes(const Column& column, std::size_t begin, std::size_t end) {
  const auto* coded = std::get_if<DictionaryColumn>(&column.values());
  std::size_t out = 0;
  for (std::size_t row = begin; row < end; ++row) {
    const bool again = row > begin && (coded ? coded->codes[row] == coded->codes[row - 1]
                                             : column.text(row) == column.text(row - 1));
    if (!again) out += column.text(row).size();
  }
  return out;
}

std::size_t text_bytes(const Column& column, std::size_t begin, std::size_t end) {
  if (const auto* text = std::get_if<StringColumn>(&column.values())) {
    return text->ends[end - 1] - (begin == 0 ? 0 : text->ends[begin - 1]);
  }
  std::size_t out = 0;
  for (std::size_t row = begin; row < end; ++row) out += column.text(row).size();
  return out;
}

// What each series has in the part.
void add_stats(const Block& block, Signal signal, std::vector<SeriesStats>& stats) {
  for (std::size_t begin = 0; begin < block.rows();) {
    const auto from = block.series.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto end = static_cast<std::size_t>(std::upper_bound(from, block.series.end(), *from) - block.series.begin());
    std::uint64_t bytes = 0;
    for (const Block::Entry& entry : block.columns) {
      const ColumnSchema* schema = find_column(signal, entry.name);
      const bool coded = schema != nullptr && schema->kind == ColumnKind::kTextCoded;
      if (entry.column.is_text()) bytes += (coded ? coded_bytes : text_bytes)(entry.column, begin, end);
    }
    stats[*from].add(end - begin, block.times[begin], block.times[end - 1], bytes);
    begin = end;
  }
}

Result<PartInfo> write_file(FileSystem& files, const std::string& path, Signal signal, PartInput input,
                            PartOptions options, const std::function<Result<void>()>& between_blocks) {
  TRY(writer, PartWriter::create(files, path, options));
  SeriesTable table;
  table.stats.resize(input.sets.size());
  for (;;) {
    TRY_VOID(between_blocks());
    TRY(block, input.blocks->next());
    if (!block) break;
    TRY_VOID(writer->add_block(*block));
    add_stats(*block, signal, table.stats);
  }
  input.blocks.reset();  // its buffers make room for those of the sections
  std::size_t label_bytes = 0;
  for (const LabelSetRef& set : input.sets) label_bytes += set->bytes().size();
  table.label_bytes.bytes.reserve(label_bytes);
  for (const LabelSetRef& set : input.sets) table.label_bytes.push_back(set->bytes());
  TRY_VOID(writer->add_section("series", table.encode()));
  table = {};
  TRY_VOID(writer->add_section("index", LabelIndex::encode(input.sets)));
  return writer->finish();
}

}  // namespace

Result<PartMeta> write_part(FileSystem& files, const Layout& layout, PartMeta meta, PartInput input,
                            PartOptions options, const std::function<Result<void>()>& between_blocks) {
  const std::string folder = layout.part_folder(meta.tenant, meta.signal, meta.window);
  const std::string path = layout.part(meta.tenant, meta.signal, meta.window, meta.id);
  TRY_VOID(files.make_directories(folder));
  auto info = write_file(files, path, meta.signal, std::move(input), options, between_blocks);
  Result<void> synced = info.ok() ? files.sync_directory(folder) : Result<void>();
  if (!info.ok() || !synced.ok()) {
    static_cast<void>(files.remove(path));  // no manifest names it; else the next start removes it
    return (info.ok() ? std::move(synced).error() : std::move(info).error()).within("cannot write part {}", meta.id);
  }
  meta.info = *info;
  return meta;
}

}  // namespace trilobite::storage
