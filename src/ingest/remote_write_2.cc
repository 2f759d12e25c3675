// io.prometheus.write.v2.Request{4 symbols, 5 timeseries{1 labels_refs, 2 samples{1 value, 2 ms, 3 start},
// 3 histograms, 4 exemplars{1 labels_refs, 2 value, 3 ms}, 5 metadata{1 type, 3 help_ref, 4 unit_ref}}}. References
// are pairs of positions in `symbols`, which differ from request to request: a series is known by the hashes of its
// symbols.
#include <boost/unordered/unordered_flat_set.hpp>

#include "ingest/remote_write_parts.h"

namespace trilobite::ingest {
namespace {

class Request2 {
 public:
  explicit Request2(MetricSeriesTable& table) : table_(table) {}

  Result<RemoteWrite> decode(std::string_view message) {
    std::vector<std::string_view> all;
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() == wire_tag(4, Wire::kBytes)) {
        symbols_.push_back(reader.bytes());
      } else if (reader.tag() == wire_tag(5, Wire::kBytes)) {
        all.push_back(reader.bytes());
      } else {
        reader.skip();
      }
    }
    if (reader.broken()) return broken_message();
    symbol_hashes_.reserve(symbols_.size());
    for (std::size_t i = 0; i < symbols_.size(); ++i) {
      symbol_hashes_.push_back(hash128(symbols_[i]));
      if (symbols_[i] == kNameLabel) name_symbol_ = i;
    }
    reserve(parts_.push, message.size());
    for (const std::string_view each : all) TRY_VOID(time_series(each));
    TRY_VOID(resolve());
    return parts_.finish();
  }

 private:
  struct Series {
    std::string_view labels;  // packed references
    bool empty = false;       // neither samples nor histograms
    std::string fault;        // of a histogram
  };
  struct Metadata {
    std::uint64_t type = 0, help = 0, unit = 0;
  };

  Result<void> time_series(std::string_view message) {
    const auto index = static_cast<std::uint32_t>(series_.size());
    const std::size_t rows = parts_.push.times.size();
    Series series;
    std::optional<Metadata> metadata;
    WireReader reader(message);
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kBytes):
          series.labels = reader.bytes();
          break;
        case wire_tag(2, Wire::kBytes):
          if (!parts_.add_sample(index, reader.bytes())) return broken_message();
          break;
        case wire_tag(3, Wire::kBytes):
          TRY_VOID(histogram(reader.bytes(), index, series));
          break;
        case wire_tag(4, Wire::kBytes):
          exemplars_.push_back({index, reader.bytes()});
          break;
        case wire_tag(5, Wire::kBytes): {
          TRY(read, read_metadata(reader.bytes()));
          metadata = read;
          break;
        }
        default:
          reader.skip();
      }
    }
    if (reader.broken()) return broken_message();
    TRY_VOID(read_refs(series.labels));
    hashes_.clear();
    for (const std::uint32_t ref : refs_) hashes_.push_back(symbol_hashes_[ref]);
    keys_.push_back(hash128({reinterpret_cast<const char*>(hashes_.data()), hashes_.size() * sizeof(Hash128)}));
    if (metadata) add_metadata(*metadata);
    series.empty = parts_.push.times.size() == rows && series.fault.empty();
    series_.push_back(std::move(series));
    return {};
  }

  // Into refs_: pairs of positions that exist.
  Result<void> read_refs(std::string_view packed) {
    refs_.clear();
    WireReader reader(packed);
    while (!reader.done()) {
      const std::uint64_t ref = reader.varint();
      if (reader.broken()) return broken_message();
      if (ref >= symbols_.size()) {
        return error(Code::kInvalid, "labelRefs {} (name) = {} (value) outside of symbols table (size {})",
                     refs_.size() % 2 == 0 ? ref : refs_.back(), ref, symbols_.size());
      }
      refs_.push_back(static_cast<std::uint32_t>(ref));
    }
    if (refs_.size() % 2 != 0) return error(Code::kInvalid, "invalid labelRefs length {}", refs_.size());
    return {};
  }
  void read_pairs() {
    pairs_.clear();
    for (std::size_t i = 0; i + 1 < refs_.size(); i += 2) {
      pairs_.emplace_back(symbols_[refs_[i]], symbols_[refs_[i + 1]]);
    }
  }

  Result<void> histogram(std::string_view message, std::uint32_t index, Series& series) {
    auto decoded = decode_wire_histogram(message);
    if (!decoded.ok()) {
      if (decoded.error().code == Code::kCorrupt) return broken_message();
      series.fault = std::move(decoded).error().message;
      return {};
    }
    parts_.push.add(index, time_of_ms(decoded->time_ms), std::move(decoded->histogram),
                    time_of_ms(decoded->start_ms));
    return {};
  }

  static Result<Metadata> read_metadata(std::string_view message) {
    WireReader reader(message);
    Metadata out;
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kVarint):
          out.type = reader.varint();
          break;
        case wire_tag(3, Wire::kVarint):
          out.help = reader.varint();
          break;
        case wire_tag(4, Wire::kVarint):
          out.unit = reader.varint();
          break;
        default:
          reader.skip();
      }
    }
    if (reader.broken()) return broken_message();
    return out;
  }

  // Of the series whose references are in refs_; once per family and request.
  void add_metadata(const Metadata& metadata) {
    if (metadata.type == 0 && metadata.help == 0 && metadata.unit == 0) return;
    if (metadata.help >= symbols_.size() || metadata.unit >= symbols_.size()) return;
    std::string_view name;
    for (std::size_t i = 0; i + 1 < refs_.size(); i += 2) {
      if (refs_[i] != name_symbol_) continue;
      name = symbols_[refs_[i + 1]];
      if (!families_.insert(refs_[i + 1]).second) return;
    }
    const std::string_view type = metadata_type(metadata.type);
    if (type == "histogram" || type == "gaugehistogram" || type == "summary") {
      for (const std::string_view suffix : {"_bucket", "_count", "_sum"}) {
        if (!name.ends_with(suffix)) continue;
        name.remove_suffix(suffix.size());
        break;
      }
    }
    if (name.empty()) return;
    parts_.push.metadata.push_back({std::string(name), std::string(type), std::string(symbols_[metadata.help]),
                                    std::string(symbols_[metadata.unit])});
  }

  Result<void> resolve() {
    table_.find(keys_, parts_.push.series);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      MetricSeriesRef& series = parts_.push.series[i];
      if (series == nullptr) {
        TRY_VOID(make_series(static_cast<std::uint32_t>(i)));
        if (series == nullptr) continue;
      }
      if (series_[i].empty) {
        parts_.refuse("TimeSeries must contain at least one sample or histogram for series " +
                      series->labels.to_string());
      }
      if (!series_[i].fault.empty()) {
        parts_.refuse(fmt::format("{} for series {}", series_[i].fault, series->labels.to_string()));
      }
    }
    for (const auto& [series, message] : exemplars_) TRY_VOID(exemplar(series, message));
    return {};
  }

  Result<void> make_series(std::uint32_t index) {
    TRY_VOID(read_refs(series_[index].labels));
    read_pairs();
    auto labels = make_series_labels(pairs_);
    if (!labels.ok()) {
      const std::string_view fault = labels.error().message;
      parts_.refuse(fault.starts_with("duplicated label")
                        ? fmt::format("invalid labels for series, labels {}, {}", pairs_text(pairs_), fault)
                        : fmt::format("invalid metric name or labels, got {}", pairs_text(pairs_)));
      parts_.leave_out(index);
      return {};
    }
    auto made = table_.get(std::move(*labels));
    if (!made.ok()) {
      parts_.refuse(made.error().message);
      parts_.leave_out(index);
      return {};
    }
    parts_.push.series[index] = std::move(*made);
    table_.learn(keys_[index], parts_.push.series[index]);
    return {};
  }

  Result<void> exemplar(std::uint32_t series, std::string_view message) {
    MetricPush::Exemplar out;
    out.series = series;
    std::string_view refs;
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() == wire_tag(1, Wire::kBytes)) {
        refs = reader.bytes();
      } else if (reader.tag() == wire_tag(2, Wire::kFixed64)) {
        out.value = reader.number();
      } else if (reader.tag() == wire_tag(3, Wire::kVarint)) {
        out.time = time_of_ms(reader.signed_varint());
      } else {
        reader.skip();
      }
    }
    if (reader.broken()) return broken_message();
    TRY_VOID(read_refs(refs));
    read_pairs();
    auto labels = make_labels(pairs_);
    if (!labels.ok()) return {};
    out.labels = std::move(*labels);
    parts_.push.exemplars.push_back(std::move(out));
    return {};
  }

  MetricSeriesTable& table_;
  WriteParts parts_;
  std::vector<std::string_view> symbols_;
  std::vector<Hash128> symbol_hashes_;
  std::size_t name_symbol_ = static_cast<std::size_t>(-1);  // where __name__ stands
  std::vector<Series> series_;
  std::vector<Hash128> keys_;
  std::vector<std::pair<std::uint32_t, std::string_view>> exemplars_;
  boost::unordered_flat_set<std::uint32_t> families_;  // symbols of names whose metadata we have
  std::vector<std::uint32_t> refs_;
  std::vector<Hash128> hashes_;
  std::vector<LabelSet::Pair> pairs_;
};

}  // namespace

Result<RemoteWrite> decode_remote_write_2(std::string_view message, MetricSeriesTable& table) {
  return Request2(table).decode(message);
}

}  // namespace trilobite::ingest
