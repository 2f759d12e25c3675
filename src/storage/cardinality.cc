#include "storage/cardinality.h"

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"

namespace trilobite {
namespace {

using Counts = std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>>;
using Named = Cardinality::Named;
using Names = std::unordered_map<std::string, Named, TextHash, std::equal_to<>>;

constexpr std::uint64_t kLengthBytes = 2;  // a label set has a length of one byte before each name and value, mostly

template <class Map>
auto& at(Map& map, std::string_view name) {
  if (const auto found = map.find(name); found != map.end()) return found->second;
  return map[std::string(name)];
}

std::vector<Cardinality::Count> greatest(std::vector<Cardinality::Count> out, std::size_t limit) {
  const std::size_t kept = std::min(limit, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept), out.end(),
                    [](const Cardinality::Count& a, const Cardinality::Count& b) {
                      return a.value != b.value ? a.value > b.value : a.name < b.name;
                    });
  out.resize(kept);
  return out;
}

std::vector<Cardinality::Count> counts_of(const Names& names, std::uint64_t Named::*value, std::size_t limit) {
  std::vector<Cardinality::Count> all;
  for (const auto& [name, named] : names) all.push_back({name, named.*value});
  return greatest(std::move(all), limit);
}

std::vector<Named> named_by(const Names& names, std::uint64_t Named::*value, std::size_t limit) {
  std::vector<Named> out;
  for (const Cardinality::Count& count : counts_of(names, value, limit)) {
    Named named = names.find(count.name)->second;
    named.name = count.name;
    out.push_back(std::move(named));
  }
  return out;
}

}  // namespace

Result<Cardinality> count_labels(Store& store, const IndexRequest& request, std::size_t limit) {
  TRY(series, store.series(request));
  Cardinality out;
  Names metrics, labels;
  Counts pairs;
  std::string pair;
  for (const SeriesInfo& info : series) {
    ++out.series;
    out.rows += info.rows;
    for (const auto& [name, value] : *info.labels) {
      pair.assign(name).append("=").append(value);
      Named& label = at(labels, name);
      if (++at(pairs, pair) == 1) ++label.values;
      ++label.series;
      label.bytes += name.size() + value.size() + kLengthBytes;
      if (name != "__name__") continue;
      Named& metric = at(metrics, value);
      ++metric.series;
      metric.values += info.rows;
      metric.bytes += info.labels->bytes().size();
    }
  }
  out.label_pairs = pairs.size();
  out.series_by_metric = counts_of(metrics, &Named::series, limit);
  out.values_by_label = counts_of(labels, &Named::values, limit);
  out.bytes_by_label = counts_of(labels, &Named::bytes, limit);
  std::vector<Cardinality::Count> all;
  for (const auto& [name, value] : pairs) all.push_back({name, value});
  out.series_by_pair = greatest(std::move(all), limit);
  out.metrics = named_by(metrics, &Named::series, limit);
  out.labels = named_by(labels, &Named::bytes, limit);
  return out;
}

}  // namespace trilobite
