// Any bytes as a part file: opening, reading and verifying must end with values or an error. The first byte chooses
// whether the rest is the file itself, a footer and pages, or lines for a true part that is then damaged. To the last
// two a true tail and true checksums are added, since a fuzzer will not guess a hash.
#include <algorithm>
#include <cstdint>

#include "base/hash.h"
#include "columnar/memory_files.h"
#include "columnar/part.h"
#include "columnar/part_format.h"

namespace {

using namespace trilobite;

void read_all(FileSystem& files) {
  auto part = PartReader::open(files, "p");
  if (!part.ok()) return;
  (void)(*part)->verify().ok();
  const std::vector<std::string> names = (*part)->column_names();
  for (std::size_t block = 0; block < (*part)->blocks().size() && block < 4; ++block) {
    (void)(*part)->read_series(block).ok();
    (void)(*part)->read_times(block).ok();
    (void)(*part)->read_lines(block).ok();
    for (const std::string& name : names) {
      auto column = (*part)->read_column(block, name);
      if (!column.ok() || !column->is_text()) continue;
      for (std::size_t row = 0; row < column->size(); ++row) {
        if (column->text(row).size() > (1u << 30)) __builtin_trap();
      }
    }
  }
}

// The footer of the input, with the hashes of the pages that it names made true.
std::string with_true_hashes(std::string_view footer_bytes, std::string_view pages) {
  std::string file(columnar::kPartHead);
  file += pages;
  auto footer = columnar::read_footer(footer_bytes, file.size());
  std::string rewritten(footer_bytes);
  if (footer.ok()) {
    const auto fix = [&](auto& extent) {
      extent.hash = hash64(std::string_view(file).substr(extent.offset, extent.bytes));
    };
    const auto fix_page = [&](columnar::Page& page) {
      const std::uint64_t hashed = page.header_bytes.value_or(page.bytes);
      page.hash = hash64(std::string_view(file).substr(page.offset, hashed));
    };
    for (columnar::BlockPages& block : footer->blocks) {
      fix_page(block.series);
      fix_page(block.times);
      for (columnar::NamedPage& column : block.columns) fix_page(column.page);
    }
    for (columnar::Section& section : footer->sections) fix(section);
    rewritten = columnar::write_footer(*footer);
  }
  std::uint64_t hash = 0;
  return file + rewritten + columnar::write_tail(rewritten, hash);
}

// A true part of the input's lines; then some of its bytes are changed and its hashes made true again.
std::string damaged_part(std::string_view input) {
  Block block;
  StringColumn lines;
  const std::string_view damage = input.substr(0, 9);
  for (input.remove_prefix(damage.size()); !input.empty() && block.rows() < 500;) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(input.size(), line.size() + 1));
    block.series.push_back(static_cast<std::uint32_t>(block.rows() / 7));
    block.times.push_back(static_cast<TimeNs>(block.rows() * 1000));
    lines.push_back(line);
  }
  if (block.rows() == 0) return {};
  block.columns.push_back({"line", Column(std::move(lines))});
  MemoryFiles files;
  auto writer = PartWriter::create(files, "w", {.zstd_level = 1});
  (*writer)->add_block(block).value();
  (*writer)->add_section("labels", damage).value();
  (void)(*(*writer)->finish()).rows;
  std::string file = files.content("w");
  const columnar::Tail tail = *columnar::read_tail(std::string_view(file).substr(file.size() - columnar::Tail::kBytes));
  const std::size_t footer_at = file.size() - columnar::Tail::kBytes - tail.footer_bytes;
  for (std::size_t i = 0; i + 2 < damage.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(damage[i + at]); };
    file[(byte(0) | byte(1) << 8) % file.size()] ^= static_cast<char>(byte(2));
  }
  const std::size_t head = columnar::kPartHead.size();
  const std::string_view bytes = file;
  return with_true_hashes(bytes.substr(footer_at, tail.footer_bytes), bytes.substr(head, footer_at - head));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.size() < 12) return 0;
  MemoryFiles files;
  if (input[0] & 1) {
    files.set("p", std::string(input.substr(1)));
  } else if (input[0] & 2) {
    files.set("p", damaged_part(input.substr(1)));
  } else {
    const std::size_t wanted = data[1] | std::size_t{data[2]} << 8;
    const std::size_t footer = std::min<std::size_t>(wanted, size - 3);
    files.set("p", with_true_hashes(input.substr(3, footer), input.substr(3 + footer)));
  }
  read_all(files);
  return 0;
}
