// Opening and reading split lines: the tree of templates from the header, the values when they are asked for.
#include <algorithm>
#include <cstring>
#include <limits>

#include "columnar/frame.h"
#include "columnar/int_stream.h"
#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kHeaderBytesMax = 64u << 20;   // uncompressed
constexpr std::size_t kRenderBytesMax = 256u << 10;  // a row that may be longer is put together piece by piece

// What slots have in the text that checks the shape of a template.
std::string_view stand_in(Field::Value value) {
  switch (value) {
    case Field::Value::kString:
      return "";
    case Field::Value::kBare:
      return "0";
    case Field::Value::kArray:
      break;
  }
  return "[]";
}

// The fields of a template follow from its pieces: with stand-ins for the values it is a line that the splitter must
// split at the same places.
Result<std::vector<Field>> fields_of(LineForm form, const std::vector<std::string>& pieces,
                                     const std::vector<Field::Value>& values) {
  std::string line = pieces[0];
  std::vector<TextSpan> want, got;
  for (std::size_t i = 0; i < values.size(); ++i) {
    want.push_back({static_cast<std::uint32_t>(line.size()), static_cast<std::uint32_t>(stand_in(values[i]).size())});
    line += stand_in(values[i]);
    line += pieces[i + 1];
  }
  std::vector<Field> fields;
  const bool ok = form == LineForm::kJson ? split_json(line, got, &fields) : split_logfmt(line, got, &fields);
  if (!ok || got != want) return error(Code::kCorrupt, "the pieces of a template are not of its form");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (fields[i].value != values[i]) return error(Code::kCorrupt, "slot {} of a template is not what it says", i);
  }
  return fields;
}

const SlotReader& reader_of(const std::unique_ptr<Slot>& slot) { return static_cast<const SlotReader&>(*slot); }

Result<Template> read_template(TreeReader& tree, const OpenTemplates& parent, std::size_t index, std::size_t rows_left,
                               unsigned depth) {
  Template out;
  TRY(form, tree.in.fixed<std::uint8_t>());
  TRY(rows, tree.in.varint());
  TRY(slots, tree.in.varint());
  if (form > static_cast<std::uint8_t>(LineForm::kLogfmt) || slots > kLineSlotsMax || rows == 0 || rows > rows_left)
    return error(Code::kCorrupt, "template {} of form {}, {} slots, {} rows of {}", index, form, slots, rows,
                 rows_left);
  out.form = static_cast<LineForm>(form);
  out.rows = static_cast<std::uint32_t>(rows);
  std::vector<Field::Value> values;
  for (std::size_t i = 0; i <= slots; ++i) {
    TRY(piece, tree.in.text());
    out.pieces.emplace_back(piece);
    if (i == slots || out.form == LineForm::kText) continue;
    TRY(value, tree.in.fixed<std::uint8_t>());
    if (value > static_cast<std::uint8_t>(Field::Value::kArray))
      return error(Code::kCorrupt, "slot {} of template {} is an unknown value {}", i, index, value);
    values.push_back(static_cast<Field::Value>(value));
  }
  if (out.form != LineForm::kText) {
    TRY(fields, fields_of(out.form, out.pieces, values));
    out.fields = std::move(fields);
  }
  for (std::size_t i = 0; i < slots; ++i) {
    TRY(slot, read_slot(tree, {.parent = &parent, .index = index, .rows = out.rows}, depth));
    out.slots.push_back(std::move(slot));
  }
  return out;
}

class OpenBlock final : public LineBlock {
 public:
  const Templates& lines() const override { return *lines_; }
  std::size_t bytes() const override { return state_.bytes; }
  std::size_t stored_bytes() const override { return static_cast<std::size_t>(state_.pages->end()); }

  Result<void> open(std::string_view header, DecodeShape shape, LineSource source) {
    state_.source = std::move(source);
    state_.shape = shape;
    ByteReader outer(header);
    TRY(version, outer.fixed<std::uint8_t>());
    if (version != kLinesVersion) return error(Code::kUnsupported, "split lines of version {}", version);
    std::string scratch;
    TRY(body, read_frame(outer, kHeaderBytesMax, scratch));
    if (!outer.done()) return error(Code::kCorrupt, "{} bytes behind the header", outer.left());
    ByteReader in(body);
    TRY(rows, in.varint());
    if (rows != shape.rows || rows > std::numeric_limits<std::uint32_t>::max())
      return error(Code::kCorrupt, "{} rows instead of {}", rows, shape.rows);
    TRY(pages, PageReader::open(in, header.size()));
    state_.pages = std::move(pages);
    TreeReader tree{.in = in, .state = state_};
    TRY(lines, OpenTemplates::read(tree, {.rows = shape.rows}, 1));
    lines_ = std::move(lines);
    if (!tree.in.done() || tree.next_stream != state_.pages->streams())
      return error(Code::kCorrupt, "{} bytes and {} streams of the header belong to nothing", tree.in.left(),
                   state_.pages->streams() - tree.next_stream);
    state_.bytes += body.size() * 2 + tree.slots * 256;
    return {};
  }

 private:
  BlockState state_;
  std::unique_ptr<OpenTemplates> lines_;
};

}  // namespace

Result<std::unique_ptr<OpenTemplates>> OpenTemplates::read(TreeReader& tree, SlotPlace place, unsigned depth) {
  auto out = std::make_unique<OpenTemplates>(tree.state, place);
  TRY(count, tree.in.varint());
  if (count > kTemplatesMax || (count == 0) != (place.rows == 0))
    return error(Code::kCorrupt, "{} templates of {} rows", count, place.rows);
  if (count > 1) {
    TRY(stream, tree.take_stream());
    out->codes_stream_ = stream;
  }
  std::size_t rows_left = place.rows;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(entry, read_template(tree, *out, i, rows_left, depth));
    rows_left -= entry.rows;
    out->templates_.push_back(std::move(entry));
  }
  if (rows_left != 0) return error(Code::kCorrupt, "{} rows have no template", rows_left);
  return out;
}

Result<std::vector<std::uint16_t>> OpenTemplates::read_codes() const {
  std::vector<std::uint16_t> out(rows());
  state_.bytes += out.size() * sizeof(std::uint16_t);
  if (templates_.size() <= 1) return out;
  TRY(stream, state_.read(codes_stream_));
  TRY(packed, IntStream::open(stream.bytes, rows()));
  std::vector<std::int64_t> codes(rows());
  TRY_VOID(packed.read(codes));
  std::vector<std::uint32_t> counts(templates_.size());
  for (std::size_t row = 0; row < codes.size(); ++row) {
    const auto code = static_cast<std::uint64_t>(codes[row]);
    if (code >= templates_.size()) return error(Code::kCorrupt, "template {} of {}", code, templates_.size());
    ++counts[code];
    out[row] = static_cast<std::uint16_t>(code);
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != templates_[i].rows)
      return error(Code::kCorrupt, "template {} has {} rows instead of {}", i, counts[i], templates_[i].rows);
  }
  return out;
}

Result<std::span<const std::uint16_t>> OpenTemplates::codes() const {
  TRY(codes, codes_.get([&] { return read_codes(); }));
  return std::span<const std::uint16_t>(*codes);
}

Result<std::span<const std::uint32_t>> OpenTemplates::positions() const {
  TRY(positions, positions_.get([&]() -> Result<std::vector<std::uint32_t>> {
    TRY(codes, this->codes());
    std::vector<std::uint32_t> next(templates_.size()), out(rows());
    for (std::size_t row = 0; row < out.size(); ++row) out[row] = next[codes[row]]++;
    state_.bytes += out.size() * sizeof(std::uint32_t);
    return out;
  }));
  return std::span<const std::uint32_t>(*positions);
}

Result<std::span<const std::uint32_t>> OpenTemplates::rows_of(std::size_t index) const {
  TRY(rows_of, rows_of_.get([&]() -> Result<std::vector<std::vector<std::uint32_t>>> {
    TRY(codes, this->codes());
    std::vector<std::vector<std::uint32_t>> out(templates_.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i].reserve(templates_[i].rows);
    for (std::uint32_t row = 0; row < rows(); ++row) out[codes[row]].push_back(row);
    state_.bytes += rows() * sizeof(std::uint32_t);
    return out;
  }));
  return std::span<const std::uint32_t>((*rows_of)[index]);
}

Result<std::span<const TimeNs>> OpenTemplates::times() const {
  if (place_.parent == nullptr && state_.source.times != nullptr) {
    TRY(times, state_.source.times());
    if (times.size() != rows()) return error(Code::kCorrupt, "{} times of {} rows", times.size(), rows());
    return times;
  }
  TRY(times, times_.get([&]() -> Result<std::vector<TimeNs>> {
    std::vector<TimeNs> out(rows());
    state_.bytes += out.size() * sizeof(TimeNs);
    if (place_.parent == nullptr) return out;
    TRY(outer, place_.parent->times());
    TRY(outer_rows, place_.parent->rows_of(place_.index));
    for (std::size_t row = 0; row < out.size(); ++row) out[row] = outer[outer_rows[row]];
    return out;
  }));
  return std::span<const TimeNs>(*times);
}

Result<void> OpenTemplates::append(std::size_t row, std::string& out) const {
  TRY(codes, this->codes());
  TRY(positions, this->positions());
  const Template& entry = templates_[codes[row]];
  for (std::size_t i = 0; i < entry.slots.size(); ++i) {
    out += entry.pieces[i];
    TRY_VOID(entry.slots[i]->append(positions[row], out));
  }
  out += entry.pieces.back();
  return {};
}

Result<const OpenTemplates::Loaded*> OpenTemplates::loaded() const {
  return loaded_.get([&]() -> Result<Loaded> {
    Loaded out;
    TRY(codes, this->codes());
    TRY(positions, this->positions());
    out.codes = codes.data();
    out.positions = positions.data();
    for (const Template& entry : templates_) {
      std::size_t longest = 0;
      for (const std::string& piece : entry.pieces) longest += piece.size();
      for (const auto& slot : entry.slots) {
        TRY_VOID(reader_of(slot).load());
        longest += reader_of(slot).bytes_longest();
      }
      out.longest.push_back(longest);
    }
    return out;
  });
}

Result<void> OpenTemplates::load() const {
  TRY_VOID(loaded());
  return {};
}

std::size_t OpenTemplates::bytes_longest() const {
  std::size_t out = 0;
  for (const std::size_t longest : loaded_.ready()->longest) out = std::max(out, longest);
  return out;
}

char* OpenTemplates::render(std::size_t row, char* out) const {
  const Loaded& loaded = *loaded_.ready();
  const Template& entry = templates_[loaded.codes[row]];
  const std::size_t position = loaded.positions[row];
  for (std::size_t i = 0;; ++i) {
    const std::string& piece = entry.pieces[i];
    std::memcpy(out, piece.data(), piece.size());
    out += piece.size();
    if (i == entry.slots.size()) return out;
    out = reader_of(entry.slots[i]).render(position, out);
  }
}

Result<StringColumn> OpenTemplates::all() const {
  constexpr std::size_t kStartBytes = 64u << 10, kRowsToGuess = 256;
  TRY(loaded, this->loaded());
  StringColumn out;
  out.ends.reserve(rows());
  const auto bytes_max = std::min<std::size_t>(state_.shape.bytes_max, std::numeric_limits<std::uint32_t>::max());
  std::string& bytes = out.bytes;
  std::size_t used = 0;
  for (std::size_t row = 0; row < rows(); ++row) {
    const std::size_t longest = loaded->longest[loaded->codes[row]];
    if (longest > kRenderBytesMax) {
      bytes.resize(used);
      TRY_VOID(append(row, bytes));
      used = bytes.size();
    } else {
      if (bytes.size() - used < longest) {
        // Grown once from what the first rows need, not from what the header claims.
        const std::size_t guess = row < kRowsToGuess ? used * 2 : used * rows() / row / 32 * 33;
        bytes.resize(std::max({std::min(guess, bytes_max), used + longest + kStartBytes, bytes.size() / 8 * 9}));
      }
      used = static_cast<std::size_t>(render(row, bytes.data() + used) - bytes.data());
    }
    if (used > bytes_max) return error(Code::kCorrupt, "lines are longer than {} bytes", bytes_max);
    out.ends.push_back(static_cast<std::uint32_t>(used));
  }
  bytes.resize(used);
  return out;
}

Result<std::size_t> lines_header_bytes(std::string_view bytes) {
  ByteReader in(bytes);
  TRY_VOID(in.fixed<std::uint8_t>());
  TRY_VOID(in.varint());
  TRY_VOID(in.text());
  return bytes.size() - in.left();
}

Result<std::shared_ptr<const LineBlock>> open_lines(std::string_view header, DecodeShape shape, LineSource source) {
  auto out = std::make_shared<OpenBlock>();
  if (auto opened = out->open(header, shape, std::move(source)); !opened.ok())
    return std::move(opened).error().within("cannot open split lines");
  return std::shared_ptr<const LineBlock>(std::move(out));
}

}  // namespace trilobite::columnar
