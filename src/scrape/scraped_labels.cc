// From the labels that a target gives its series to the labels that are stored.
#include <algorithm>

#include "scrape/target_scrape.h"

namespace trilobite::scrape {
namespace {

// instance="" in an exposition says: no such label, and none of the target's either (with honor_labels). Label sets
// have no empty values, so the text is asked.
bool given_empty(std::string_view key, const std::string& name) {
  const std::string text = name + "=\"\"";
  for (std::size_t at = key.find(text); at != std::string_view::npos; at = key.find(text, at + 1)) {
    if (at > 0 && (key[at - 1] == '{' || key[at - 1] == ',' || key[at - 1] == ' ')) return true;
  }
  return false;
}

}  // namespace

std::optional<Labels> series_labels(const ScrapeConfig& config, const Labels& target, const LabelSet& scraped,
                                    std::string_view key) {
  Labels labels;
  for (const auto& [name, value] : scraped) labels.set(name, value);
  if (config.honor_labels) {
    for (const auto& [name, value] : target) {
      if (labels.find(name) == nullptr && !given_empty(key, name)) labels.set(name, value);
    }
  } else {
    std::vector<Labels::Pair> conflicting;
    for (const auto& [name, value] : target) {
      if (const std::string* own = labels.find(name)) conflicting.emplace_back(name, *own);
      labels.set(name, value);
    }
    std::stable_sort(conflicting.begin(), conflicting.end(),
                     [](const auto& a, const auto& b) { return a.first.size() < b.first.size(); });
    for (const auto& [name, value] : conflicting) {
      std::string other = "exported_" + name;
      while (labels.find(other) != nullptr) other.insert(0, "exported_");
      labels.set(other, value);
    }
  }
  if (!agent::relabel(config.metric_relabel, labels) || labels.empty()) return std::nullopt;
  return labels;
}

}  // namespace trilobite::scrape
