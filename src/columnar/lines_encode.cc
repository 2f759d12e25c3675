// Splitting the lines of a block: shapes, templates, then the slots of each template column by column.
#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "base/hash.h"
#include "columnar/frame.h"
#include "columnar/int_stream.h"
#include "columnar/line_slots.h"
#include "columnar/line_trie.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kKeysMax = 16'384;  // distinct templates looked at in one block; more are text
constexpr std::uint32_t kNoTemplate = ~0u;
constexpr std::size_t kLineSlotsBlockMax = 1536;  // leaves some of kSlotsMax for nested ones

// A template as the splitter sees it: its form and its text with a mark for each slot.
struct Key {
  std::string_view text;
  std::uint32_t slots = 0;
  std::uint32_t rows = 0;
  std::uint32_t first_row = 0;
};

struct SplitRows {
  std::vector<std::uint32_t> key_of_row;    // kNoTemplate: text
  std::vector<std::uint32_t> slots_of_row;  // where its slots begin in `slots`
  std::vector<TextSpan> slots;              // positions in the base text
  std::vector<Key> keys;
  std::vector<std::string> key_texts;  // what the keys are views of, in large pieces
};

class KeyTable {
 public:
  explicit KeyTable(SplitRows& out) : out_(out), places_(1024) {}

  std::uint32_t find_or_add(std::string_view key, std::uint32_t slots, std::uint32_t row) {
    const std::uint64_t hash = hash64(key);
    const std::size_t mask = places_.size() - 1;
    std::size_t at = hash & mask;
    for (; places_[at].number != 0; at = (at + 1) & mask) {
      const Place& place = places_[at];
      if (place.hash == hash && out_.keys[place.number - 1].text == key) return place.number - 1;
    }
    if (out_.keys.size() == kKeysMax) return kNoTemplate;
    out_.keys.push_back({keep(key), slots, 0, row});
    places_[at] = {hash, static_cast<std::uint32_t>(out_.keys.size())};
    if (out_.keys.size() * 2 > places_.size()) grow();
    return static_cast<std::uint32_t>(out_.keys.size()) - 1;
  }

 private:
  struct Place {
    std::uint64_t hash = 0;
    std::uint32_t number = 0;  // + 1
  };

  std::string_view keep(std::string_view key) {
    constexpr std::size_t kPieceBytes = 64u << 10;
    if (out_.key_texts.empty() || out_.key_texts.back().capacity() - out_.key_texts.back().size() < key.size()) {
      out_.key_texts.emplace_back().reserve(std::max(kPieceBytes, key.size()));
    }
    std::string& piece = out_.key_texts.back();
    const std::size_t begin = piece.size();
    piece += key;
    return std::string_view(piece).substr(begin);
  }

  void grow() {
    std::vector<Place> old(places_.size() * 2);
    old.swap(places_);
    for (const Place& place : old) {
      if (place.number == 0) continue;
      std::size_t at = place.hash & (places_.size() - 1);
      while (places_[at].number != 0) at = (at + 1) & (places_.size() - 1);
      places_[at] = place;
    }
  }

  SplitRows& out_;
  std::vector<Place> places_;
};

// Nested values are few words, and what differs in spelling is worth a template of its own: a number's digits behind
// the point decide whether it has a scale.
char spelling_of(std::string_view value) {
  const std::size_t point = value.find('.');
  std::size_t digits = 0;
  for (const char c : value) digits += c >= '0' && c <= '9';
  if (point == std::string_view::npos) return digits + (value[0] == '-') == value.size() ? 'i' : 'w';
  if (digits + 1 + (value[0] == '-') != value.size()) return 'w';
  return static_cast<char>(0x80 + std::min<std::size_t>(value.size() - point - 1, 64));
}

class Splitter {
 public:
  Splitter(const SlotValues& values, SplitRows& out) : values_(values), out_(out), table_(out) {}

  void run() {
    out_.key_of_row.resize(values_.size());
    out_.slots_of_row.resize(values_.size());
    for (std::size_t row = 0; row < values_.size(); ++row) {
      if (values_.depth > 1) values_.prefetch(row);
      const std::string_view line = values_[row];
      out_.slots_of_row[row] = static_cast<std::uint32_t>(out_.slots.size());
      const std::uint32_t key = split(line, static_cast<std::uint32_t>(row));
      out_.key_of_row[row] = key;
      if (key == kNoTemplate) continue;
      ++out_.keys[key].rows;
      const std::uint32_t base = values_.spans[row].begin;
      if (row == kRowsToGuess) reserve();
      for (const TextSpan& slot : slots_) out_.slots.push_back({base + slot.begin, slot.size});
    }
  }

 private:
  static constexpr std::size_t kRowsToGuess = 512;

  // Growing by doubling would touch twice the memory.
  void reserve() { out_.slots.reserve(out_.slots.size() * values_.size() / kRowsToGuess * 9 / 8); }

  std::uint32_t split(std::string_view line, std::uint32_t row) {
    slots_.clear();
    if (line.size() > kSplitLineBytesMax || out_.slots.size() > (1u << 31)) return kNoTemplate;
    LineForm form = LineForm::kText;
    if (values_.depth == 1) {
      if (const std::uint32_t known = trie_.match(line, slots_); known != LineTrie::kNone) return known;
      slots_.clear();
      if (!line.empty() && (line[0] == '{' || line[0] == ' ' || line[0] == '\t') && split_json(line, slots_, nullptr)) {
        form = LineForm::kJson;
      } else {
        slots_.clear();
        if (split_logfmt(line, slots_, nullptr)) form = LineForm::kLogfmt;
      }
    }
    if (form == LineForm::kText) {
      slots_.clear();
      if (!split_text(line, values_.depth, slots_)) return kNoTemplate;
    }
    make_key(line, form);
    const std::size_t known = out_.keys.size();
    const std::uint32_t key = table_.find_or_add(key_, static_cast<std::uint32_t>(slots_.size()), row);
    if (out_.keys.size() > known) trie_.add(form, line, slots_, key);
    return key;
  }

  void make_key(std::string_view line, LineForm form) {
    key_.clear();
    key_.push_back(static_cast<char>(form));
    std::size_t end = 0;
    for (const TextSpan& slot : slots_) {
      key_.append(line.substr(end, slot.begin - end));
      end = slot.begin + slot.size;
      // A JSON array is told from a number or word by its first byte.
      const bool array =
          form == LineForm::kJson && slot.size > 0 && line[slot.begin] == '[' && line[slot.begin - 1] != '"';
      key_.push_back(array ? '\2' : '\1');
      if (values_.depth > 1) key_.push_back(spelling_of(line.substr(slot.begin, slot.size)));
    }
    key_.append(line.substr(end));
  }

  const SlotValues& values_;
  SplitRows& out_;
  KeyTable table_;
  LineTrie trie_;
  std::vector<TextSpan> slots_;
  std::string key_;
};

// Which keys become templates, in the order of first appearance; the others are text.
std::vector<std::uint32_t> choose_templates(const SplitRows& split, const SlotValues& values, std::size_t slots_left) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t key = 0; key < split.keys.size(); ++key) {
    if (split.keys[key].rows >= kTemplateRowsMin) out.push_back(key);
  }
  std::stable_sort(out.begin(), out.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return split.keys[a].rows > split.keys[b].rows; });
  std::size_t slots = 0, kept = 0;
  const std::size_t slots_max = std::min(slots_left, values.depth == 1 ? kLineSlotsBlockMax : kSlotsMax);
  for (const std::uint32_t key : out) {
    if (kept + 1 == kTemplatesMax || slots + split.keys[key].slots + 1 > slots_max) break;
    slots += split.keys[key].slots;
    ++kept;
  }
  out.resize(kept);
  std::sort(out.begin(), out.end());
  return out;
}

// A value that is one slot from end to end gains nothing from being split, unless it is a number.
bool is_bare_word(const Key& key) { return key.slots == 1 && key.text.size() == 3 && key.text[2] == 'w'; }

class TemplatesWriter {
 public:
  TemplatesWriter(const SlotValues& values, const SplitRows& split, LinesWriter& writer)
      : values_(values), split_(split), writer_(writer) {}

  void write(const std::vector<std::uint32_t>& chosen) {
    gather_rows(chosen);
    const bool has_text = !rows_.back().empty();
    const std::size_t count = chosen.size() + has_text;
    ByteWriter tree(writer_.tree);
    tree.varint(count);
    for (std::size_t i = 0; i < chosen.size(); ++i) writer_.slots += split_.keys[chosen[i]].slots;
    writer_.slots += has_text;
    if (count > 1) writer_.pages.add(encode_int_stream(codes_));
    for (std::size_t i = 0; i < chosen.size(); ++i) write_template(split_.keys[chosen[i]], rows_[i]);
    if (has_text) write_text(rows_.back());
  }

 private:
  void gather_rows(const std::vector<std::uint32_t>& chosen) {
    std::vector<std::uint32_t> template_of_key(split_.keys.size(), static_cast<std::uint32_t>(chosen.size()));
    rows_.resize(chosen.size() + 1);
    for (std::uint32_t i = 0; i < chosen.size(); ++i) {
      template_of_key[chosen[i]] = i;
      rows_[i].reserve(split_.keys[chosen[i]].rows);
    }
    codes_.resize(values_.size());
    for (std::uint32_t row = 0; row < values_.size(); ++row) {
      const std::uint32_t key = split_.key_of_row[row];
      const std::size_t at = key == kNoTemplate ? chosen.size() : template_of_key[key];
      rows_[at].push_back(row);
      codes_[row] = static_cast<std::int64_t>(at);
    }
  }

  void start_template(LineForm form, std::size_t rows, std::size_t slots) {
    ByteWriter tree(writer_.tree);
    tree.fixed(static_cast<std::uint8_t>(form));
    tree.varint(rows);
    tree.varint(slots);
  }

  // Pieces stand in the base text of any row that has the template.
  void write_template(const Key& key, const std::vector<std::uint32_t>& rows) {
    const auto form = static_cast<LineForm>(key.text[0]);
    start_template(form, rows.size(), key.slots);
    ByteWriter tree(writer_.tree);
    const TextSpan line = values_.spans[key.first_row];
    const TextSpan* slots = split_.slots.data() + split_.slots_of_row[key.first_row];
    std::uint32_t end = line.begin;
    for (std::uint32_t i = 0; i < key.slots; ++i) {
      const std::string_view piece(values_.base + end, slots[i].begin - end);
      tree.text(piece);
      end = slots[i].begin + slots[i].size;
      if (form == LineForm::kText) continue;
      const bool quoted = piece.back() == '"';
      const bool array = form == LineForm::kJson && !quoted && values_.base[slots[i].begin] == '[';
      tree.fixed(static_cast<std::uint8_t>(quoted  ? Field::Value::kString
                                           : array ? Field::Value::kArray
                                                   : Field::Value::kBare));
    }
    tree.text({values_.base + end, line.begin + line.size - end});

    gather_block_rows(rows);
    spans_.resize(rows.size());
    for (std::uint32_t i = 0; i < key.slots; ++i) {
      for (std::size_t p = 0; p < rows.size(); ++p) spans_[p] = split_.slots[split_.slots_of_row[rows[p]] + i];
      write_slot(values_.depth);
    }
  }

  void write_text(const std::vector<std::uint32_t>& rows) {
    start_template(LineForm::kText, rows.size(), 1);
    ByteWriter tree(writer_.tree);
    tree.text("");
    tree.text("");
    gather_block_rows(rows);
    spans_.resize(rows.size());
    for (std::size_t p = 0; p < rows.size(); ++p) spans_[p] = values_.spans[rows[p]];
    write_slot(kNestingMax);
  }

  void gather_block_rows(const std::vector<std::uint32_t>& rows) {
    block_rows_.resize(rows.size());
    for (std::size_t p = 0; p < rows.size(); ++p) block_rows_[p] = values_.rows[rows[p]];
  }

  void write_slot(unsigned depth) {
    encode_slot({.base = values_.base, .spans = spans_, .rows = block_rows_, .times = values_.times, .depth = depth},
                writer_);
  }

  const SlotValues& values_;
  const SplitRows& split_;
  LinesWriter& writer_;
  std::vector<std::vector<std::uint32_t>> rows_;  // by template, text last
  std::vector<std::int64_t> codes_;
  std::vector<TextSpan> spans_;
  std::vector<std::uint32_t> block_rows_;
};

struct BaseText {
  const char* base = nullptr;
  std::vector<TextSpan> spans;
};

BaseText base_text(const Column& lines) {
  BaseText out;
  out.spans.resize(lines.size());
  const auto span_of = [](const StringColumn& text, std::size_t row) {
    const std::uint32_t begin = row == 0 ? 0 : text.ends[row - 1];
    return TextSpan{begin, text.ends[row] - begin};
  };
  if (const auto* text = std::get_if<StringColumn>(&lines.values())) {
    out.base = text->bytes.data();
    for (std::size_t row = 0; row < out.spans.size(); ++row) out.spans[row] = span_of(*text, row);
  } else {
    const auto& coded = std::get<DictionaryColumn>(lines.values());
    out.base = coded.dictionary.bytes.data();
    for (std::size_t row = 0; row < out.spans.size(); ++row)
      out.spans[row] = span_of(coded.dictionary, coded.codes[row]);
  }
  return out;
}

}  // namespace

bool encode_templates(const SlotValues& values, bool if_worth_it, LinesWriter& writer) {
  SplitRows split;
  Splitter(values, split).run();
  const std::vector<std::uint32_t> chosen =
      choose_templates(split, values, kSlotsMax - std::min(kSlotsMax, writer.slots));
  if (if_worth_it) {
    std::size_t fit = 0;
    bool any = false;
    for (const std::uint32_t key : chosen) {
      fit += split.keys[key].rows;
      any |= !is_bare_word(split.keys[key]);
    }
    if (!any || fit < values.size() / 2) return false;
  }
  TemplatesWriter(values, split, writer).write(chosen);
  return true;
}

EncodedLines encode_lines(const Column& lines, std::span<const TimeNs> times, int zstd_level) {
  CHECK(lines.is_text() && (times.empty() || times.size() == lines.size()));
  const BaseText text = base_text(lines);
  std::vector<std::uint32_t> rows(lines.size());
  std::iota(rows.begin(), rows.end(), 0);
  LinesWriter writer{.zstd_level = zstd_level};
  encode_templates({.base = text.base, .spans = text.spans, .rows = rows, .times = times}, false, writer);

  std::string body;
  ByteWriter(body).varint(lines.size());
  writer.pages.write_table(body);
  body += writer.tree;
  EncodedLines out;
  out.bytes.reserve(body.size() + writer.pages.bytes() + 16);
  ByteWriter(out.bytes).fixed(kLinesVersion);
  append_frame(body, zstd_level, out.bytes);
  out.header_bytes = out.bytes.size();
  writer.pages.write_pages(out.bytes);
  return out;
}

}  // namespace trilobite::columnar
