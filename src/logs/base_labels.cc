#include "logs/base_labels.h"

#include <algorithm>

#include "base/bytes.h"

namespace trilobite::logql {
namespace {

template <class Visit>
void for_each_pair(std::string_view bytes, Visit visit) {
  ByteReader reader(bytes);
  while (!reader.done()) {
    const auto name = reader.text();
    if (!name.ok()) return;  // the store has checked the bytes
    const auto value = reader.text();
    if (!value.ok()) return;
    visit(*name, *value);
  }
}

bool mentions_any(const VectorPlan& plan, std::string_view bytes) {
  bool found = false;
  for_each_pair(bytes, [&](std::string_view name, std::string_view) { found = found || plan.find(name); });
  return found;
}

// Some row has metadata under a name that the plan looks at. (What is renamed because the stream has the name as well
// is looked at under its old name too.)
bool matters(const VectorPlan& plan, const Column& metadata) {
  const auto* dictionary = std::get_if<DictionaryColumn>(&metadata.values());
  const std::size_t count = dictionary != nullptr ? dictionary->dictionary.size() : metadata.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (mentions_any(plan, dictionary != nullptr ? dictionary->dictionary[i] : metadata.text(i))) return true;
  }
  return false;
}

}  // namespace

BaseLabels base_labels(const VectorPlan& plan, const LabelSet& stream, std::string_view metadata) {
  BaseLabels out;
  out.values.resize(plan.labels.size());
  const auto put = [&](VectorPlan::Name name, std::string_view value) {
    out.present |= std::uint64_t{1} << name;
    out.values[name] = value;
  };
  for (const auto& [name, value] : stream) {
    if (const auto known = plan.find(name)) put(*known, value);
  }
  const std::uint64_t of_stream = out.present;
  for_each_pair(metadata, [&](std::string_view name, std::string_view value) {
    auto known = plan.find(name);
    if (!known) return;
    if ((of_stream >> *known & 1) != 0) {
      // It is extracted as NAME_extracted, if anybody looks at that.
      const auto renamed = std::find_if(plan.labels.begin(), plan.labels.end(),
                                        [&](const VectorPlan::Label& label) { return label.plain == known; });
      if (renamed == plan.labels.end()) return;
      known = static_cast<VectorPlan::Name>(renamed - plan.labels.begin());
    }
    put(*known, value);
  });
  return out;
}

std::optional<std::string_view> shared_metadata(const Column* metadata, const ScanBlock::Run& run) {
  if (metadata == nullptr) return std::string_view();
  const auto* dictionary = std::get_if<DictionaryColumn>(&metadata->values());
  if (dictionary == nullptr) return std::nullopt;
  if (dictionary->dictionary.size() == 1) return dictionary->dictionary[0];
  const auto begin = dictionary->codes.begin() + static_cast<std::ptrdiff_t>(run.begin);
  const auto end = dictionary->codes.begin() + static_cast<std::ptrdiff_t>(run.end);
  if (std::any_of(begin, end, [first = *begin](std::uint32_t code) { return code != first; })) return std::nullopt;
  return dictionary->dictionary[*begin];
}

std::optional<std::vector<BaseLabels>> base_labels_of_runs(const VectorPlan& plan, const ScanBlock& block,
                                                           const Column* metadata) {
  std::vector<BaseLabels> out;
  std::optional<bool> ignored;  // no row's metadata matters
  for (const ScanBlock::Run& run : block.runs) {
    std::optional<std::string_view> shared = shared_metadata(metadata, run);
    if (!shared) {
      if (!ignored) ignored = !matters(plan, *metadata);
      if (!*ignored) return std::nullopt;
      shared = std::string_view();
    }
    out.push_back(base_labels(plan, *block.label_sets[run.label_set], *shared));
  }
  return out;
}

}  // namespace trilobite::logql
