// kConstant: the text, in the header.
#include <cstring>

#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

class ConstantSlot final : public SlotReader {
 public:
  ConstantSlot(const BlockState& state, SlotPlace place, std::string text)
      : SlotReader(SlotKind::kConstant, state, place), text_(std::move(text)) {
    possible_ = {};
    add_bytes(possible_, text_);
  }
  std::string_view constant() const override { return text_; }
  Result<void> append(std::size_t, std::string& out) const override {
    out += text_;
    return {};
  }
  Result<void> load() const override { return {}; }
  std::size_t bytes_longest() const override { return text_.size(); }
  char* render(std::size_t, char* out) const override {
    std::memcpy(out, text_.data(), text_.size());
    return out + text_.size();
  }

 private:
  std::string text_;
};

}  // namespace

bool encode_constant(const SlotValues& values, LinesWriter& writer) {
  const std::string_view first = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    values.prefetch(i);
    if (values[i] != first) return false;
  }
  ByteWriter out(writer.tree);
  out.fixed(static_cast<std::uint8_t>(SlotKind::kConstant));
  out.text(first);
  return true;
}

Result<std::unique_ptr<SlotReader>> read_constant(TreeReader& tree, SlotPlace place) {
  TRY(text, tree.in.text());
  return std::unique_ptr<SlotReader>(std::make_unique<ConstantSlot>(tree.state, place, std::string(text)));
}

}  // namespace trilobite::columnar
