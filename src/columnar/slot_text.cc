// kText: lengths, and the bytes in zstd frames that end at the end of a value.
#include <algorithm>
#include <cstring>

#include "columnar/frame.h"
#include "columnar/int_packing.h"
#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kTextFrameBytes = 64u << 10;  // what one value costs to read

class TextSlot final : public SlotReader {
 public:
  TextSlot(TreeReader& tree, SlotPlace place, const ByteSet& possible, std::size_t bytes, std::size_t lengths_stream,
           std::size_t frames_stream)
      : SlotReader(SlotKind::kText, tree.state, place),
        bytes_(bytes),
        lengths_stream_(lengths_stream),
        frames_stream_(frames_stream) {
    possible_ = possible;
  }

  Result<const StringColumn*> text() const override {
    return text_.get([&] { return read_text(); });
  }

  Result<void> append(std::size_t position, std::string& out) const override {
    if (const StringColumn* text = text_.ready()) {
      out += (*text)[position];
      return {};
    }
    TRY(ends, ends_.get([&] { return read_ends(); }));
    TRY(frames, frames_.get([&] {
      state_.bytes += state_.pages->stream_bytes(frames_stream_);
      return state_.read(frames_stream_);
    }));
    const std::size_t begin = position == 0 ? 0 : (*ends)[position - 1], end = (*ends)[position];
    ByteReader in(frames->bytes);
    for (std::size_t at = 0; begin < end;) {  // `at`: bytes in front of the frame
      ByteReader frame = in;
      TRY(raw, in.varint());
      TRY_VOID(in.text());
      if (raw == 0 || raw > bytes_ - at)
        return error(Code::kCorrupt, "a frame of {} bytes in a text of {}", raw, bytes_);
      if (at + raw > begin) {
        if (end > at + raw) return error(Code::kCorrupt, "value {} does not end with its frame", position);
        std::string scratch;
        TRY(text, read_frame(frame, static_cast<std::size_t>(raw), scratch));
        out += text.substr(begin - at, end - begin);
        return {};
      }
      at += static_cast<std::size_t>(raw);
    }
    return {};
  }

  Result<void> load() const override {
    TRY_VOID(text());
    return {};
  }
  std::size_t bytes_longest() const override {
    const StringColumn& text = *text_.ready();
    std::size_t longest = 0;
    for (std::size_t i = 0; i < text.size(); ++i) longest = std::max(longest, text[i].size());
    return longest;
  }
  char* render(std::size_t position, char* out) const override {
    const std::string_view text = (*text_.ready())[position];
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
  }

 private:
  Result<std::vector<std::uint32_t>> read_ends() const {
    TRY(stream, state_.read(lengths_stream_));
    ByteReader in(stream.bytes);
    TRY(ends, unpack_lengths(in, size(), bytes_));
    if (!in.done() || (ends.empty() ? 0 : ends.back()) != bytes_)
      return error(Code::kCorrupt, "lengths of a text of {} bytes are wrong", bytes_);
    state_.bytes += ends.size() * sizeof(std::uint32_t);
    return ends;
  }

  Result<StringColumn> read_text() const {
    TRY(ends, ends_.get([&] { return read_ends(); }));
    TRY(stream, state_.read(frames_stream_));
    StringColumn out;
    out.ends = *ends;
    ByteReader in(stream.bytes);
    std::string scratch;
    while (!in.done()) {
      TRY(frame, read_frame(in, bytes_ - out.bytes.size(), scratch));
      if (frame.empty()) return error(Code::kCorrupt, "a frame of no bytes");
      // After a first frame the lengths are likely true, so the memory may be taken at once.
      if (out.bytes.empty() && frame.size() < bytes_) out.bytes.reserve(std::min(bytes_, frame.size() * 64));
      out.bytes += frame;
    }
    if (out.bytes.size() != bytes_)
      return error(Code::kCorrupt, "{} bytes of text instead of {}", out.bytes.size(), bytes_);
    state_.bytes += out.bytes.size() + out.ends.size() * sizeof(std::uint32_t);
    return out;
  }

  std::size_t bytes_, lengths_stream_, frames_stream_;
  Lazy<std::vector<std::uint32_t>> ends_;
  Lazy<StreamBytes> frames_;
  Lazy<StringColumn> text_;
};

}  // namespace

void encode_text(const SlotValues& values, LinesWriter& writer) {
  ByteSet possible{};
  std::size_t bytes = 0;
  std::vector<std::int64_t> lengths(values.size());
  std::string frame, frames, packed_lengths;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    values.prefetch(i);
    const std::string_view value = values[i];
    bytes += value.size();
    lengths[i] = static_cast<std::int64_t>(value.size());
    add_bytes(possible, value);
    frame += value;
    if (frame.size() >= kTextFrameBytes) {
      append_frame(frame, writer.zstd_level, frames);
      frame.clear();
    }
  }
  if (!frame.empty()) append_frame(frame, writer.zstd_level, frames);
  pack_ints(lengths, packed_lengths);
  ByteWriter out(writer.tree);
  out.fixed(static_cast<std::uint8_t>(SlotKind::kText));
  out.varint(bytes);
  write_byte_set(possible, writer.tree);
  writer.pages.add(std::move(packed_lengths));
  writer.pages.add(std::move(frames));
}

Result<std::unique_ptr<SlotReader>> read_text(TreeReader& tree, SlotPlace place) {
  TRY(bytes, tree.in.varint());
  if (bytes > tree.state.shape.bytes_max)
    return error(Code::kCorrupt, "a text of {} bytes in {}", bytes, tree.state.shape.bytes_max);
  TRY(possible, read_byte_set(tree.in));
  TRY(lengths_stream, tree.take_stream());
  TRY(frames_stream, tree.take_stream());
  return std::unique_ptr<SlotReader>(std::make_unique<TextSlot>(tree, place, possible, static_cast<std::size_t>(bytes),
                                                                lengths_stream, frames_stream));
}

}  // namespace trilobite::columnar
