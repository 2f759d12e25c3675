#include "storage/cardinality.h"

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"

namespace trilobite {
namespace {

using Counts = std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>>;

std::uint64_t& at(Counts& counts, std::string_view name) {
  if (const auto found = counts.find(name); found != counts.end()) return found->second;
  return counts[std::string(name)];
}

std::vector<Cardinality::Count> greatest(const Counts& counts, std::size_t limit) {
  std::vector<Cardinality::Count> out;
  for (const auto& [name, value] : counts) out.push_back({name, value});
  const std::size_t kept = std::min(limit, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept), out.end(),
                    [](const Cardinality::Count& a, const Cardinality::Count& b) {
                      return a.value != b.value ? a.value > b.value : a.name < b.name;
                    });
  out.resize(kept);
  return out;
}

}  // namespace

Result<Cardinality> count_labels(Store& store, const IndexRequest& request, std::size_t limit) {
  TRY(series, store.series(request));
  Cardinality out;
  Counts metrics, values, bytes, pairs;
  std::string pair;
  for (const SeriesInfo& info : series) {
    ++out.series;
    out.rows += info.rows;
    for (const auto& [name, value] : *info.labels) {
      pair.assign(name).append("=").append(value);
      if (++at(pairs, pair) == 1) {
        ++at(values, name);
        at(bytes, name) += value.size();
      }
      if (name == "__name__") ++at(metrics, value);
    }
  }
  out.label_pairs = pairs.size();
  out.series_by_metric = greatest(metrics, limit);
  out.values_by_label = greatest(values, limit);
  out.bytes_by_label = greatest(bytes, limit);
  out.series_by_pair = greatest(pairs, limit);
  return out;
}

}  // namespace trilobite
