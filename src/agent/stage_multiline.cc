// multiline: lines up to the next one that matches `firstline` are one entry.
#include <re2/re2.h>

#include <unordered_map>

#include "agent/regex.h"
#include "agent/stages.h"

namespace trilobite::agent {
namespace {

class MultilineStage final : public Stage {
 public:
  MultilineStage(std::unique_ptr<const re2::RE2> first, std::chrono::nanoseconds wait, std::size_t lines_max,
                 const Clock& clock)
      : first_(std::move(first)), wait_(wait), lines_max_(lines_max), clock_(clock) {}

  void run(Entries& entries, SourceId source) override {
    const auto now = clock_.steady();
    Entries out;
    out.reserve(entries.size());
    for (Entry& entry : entries) {
      const auto block = blocks_.find(source);
      if (re2::RE2::PartialMatch(entry.line, *first_)) {
        if (block != blocks_.end()) {
          out.push_back(std::move(block->second.entry));
          blocks_.erase(block);
        }
        blocks_.emplace(source, Block{std::move(entry), 1, now});
      } else if (block == blocks_.end()) {
        out.push_back(std::move(entry));  // before any first line
      } else {
        append(block->second, entry, now);
        if (block->second.lines >= lines_max_) {
          out.push_back(std::move(block->second.entry));
          blocks_.erase(block);
        }
      }
    }
    entries = std::move(out);
  }

  void release(Entries& out, SourceId source, std::chrono::nanoseconds now, bool all) override {
    const auto block = blocks_.find(source);
    if (block == blocks_.end() || (!all && now - block->second.last < wait_)) return;
    out.push_back(std::move(block->second.entry));
    blocks_.erase(block);
  }
  std::optional<std::uint64_t> held_from(SourceId source) const override {
    const auto block = blocks_.find(source);
    return block == blocks_.end() ? std::nullopt : std::optional(block->second.entry.begin);
  }
  void forget(SourceId source) override { blocks_.erase(source); }

 private:
  struct Block {
    Entry entry;
    std::size_t lines = 0;
    std::chrono::nanoseconds last;  // when the last line came
  };
  static void append(Block& block, const Entry& entry, std::chrono::nanoseconds now) {
    block.entry.line += '\n';
    block.entry.line += entry.line;
    block.entry.end = entry.end;
    block.last = now;
    ++block.lines;
  }

  const std::unique_ptr<const re2::RE2> first_;
  const std::chrono::nanoseconds wait_;
  const std::size_t lines_max_;
  const Clock& clock_;
  std::unordered_map<SourceId, Block> blocks_;
};

}  // namespace

Result<StagePtr> make_multiline_stage(const yaml::Node& config, const std::string& where, const StageContext& context) {
  Fields fields(&config, where);
  std::string first;
  std::chrono::nanoseconds wait = std::chrono::seconds(3);
  std::int64_t lines_max = 128;
  fields.text("firstline", first);
  fields.duration("max_wait_time", wait);
  fields.integer("max_lines", lines_max, 0, 1'000'000);
  auto regex = compile_regex(first);
  if (first.empty()) {
    fields.mistake("firstline", "must be given");
  } else if (!regex.ok()) {
    fields.mistake("firstline", regex.error().message);
  }
  TRY_VOID(fields.finish());
  // 0 lifts the limit in Promtail; here a block stays bounded.
  const std::size_t limit = lines_max == 0 ? 1'000'000 : static_cast<std::size_t>(lines_max);
  return StagePtr(std::make_unique<MultilineStage>(std::move(*regex), wait, limit, context.clock));
}

}  // namespace trilobite::agent
