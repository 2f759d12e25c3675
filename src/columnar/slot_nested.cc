// kTemplates: the values of a slot, split once more.
#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

class NestedSlot final : public SlotReader {
 public:
  NestedSlot(const BlockState& state, SlotPlace place, std::unique_ptr<OpenTemplates> templates)
      : SlotReader(SlotKind::kTemplates, state, place), templates_(std::move(templates)) {
    possible_ = {};
    for (const Template& entry : templates_->templates()) {
      for (const std::string& piece : entry.pieces) add_bytes(possible_, piece);
      for (const auto& slot : entry.slots) {
        for (std::size_t i = 0; i < possible_.size(); ++i) possible_[i] |= slot->bytes_possible()[i];
      }
    }
  }
  Result<const Templates*> templates() const override { return static_cast<const Templates*>(templates_.get()); }
  Result<void> append(std::size_t position, std::string& out) const override {
    return templates_->append(position, out);
  }
  Result<void> load() const override { return templates_->load(); }
  std::size_t bytes_longest() const override { return templates_->bytes_longest(); }
  char* render(std::size_t position, char* out) const override { return templates_->render(position, out); }

 private:
  std::unique_ptr<OpenTemplates> templates_;
};

}  // namespace

bool encode_nested(const SlotValues& values, LinesWriter& writer) {
  if (values.depth >= kNestingMax || writer.slots >= kSlotsMax) return false;
  SlotValues inner = values;
  ++inner.depth;
  const std::size_t mark = writer.tree.size();
  ByteWriter(writer.tree).fixed(static_cast<std::uint8_t>(SlotKind::kTemplates));
  if (encode_templates(inner, true, writer)) return true;
  writer.tree.resize(mark);
  return false;
}

Result<std::unique_ptr<SlotReader>> read_nested(TreeReader& tree, SlotPlace place, unsigned depth) {
  if (depth > kNestingMax) return error(Code::kCorrupt, "templates nested {} deep", depth);
  TRY(templates, OpenTemplates::read(tree, place, depth));
  return std::unique_ptr<SlotReader>(std::make_unique<NestedSlot>(tree.state, place, std::move(templates)));
}

}  // namespace trilobite::columnar
