#include "storage/wal_record.h"

#include "base/bytes.h"
#include "base/compress.h"
#include "storage/limits.h"
#include "storage/schema.h"

namespace trilobite::storage {
namespace {

enum class Packing : std::uint8_t { kPlain = 0, kLz4 = 1, kSamples = 2, kSamplesLz4 = 3 };
enum class Kind : std::uint8_t { kInt = 0, kDouble = 1, kText = 2, kTextCoded = 3 };  // as in Column::Values

constexpr std::size_t kCompressBytesMin = 128;  // below, the effort costs more than the bytes

template <class T>
void put_array(ByteWriter& out, const std::vector<T>& values) {
  out.bytes({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
}

template <class T>
Result<std::vector<T>> get_array(ByteReader& in, std::uint64_t count) {
  if (count > in.left() / sizeof(T)) return error(Code::kCorrupt, "data ends too early");
  TRY(raw, in.bytes(static_cast<std::size_t>(count) * sizeof(T)));
  std::vector<T> out(static_cast<std::size_t>(count));
  if (!raw.empty()) std::memcpy(out.data(), raw.data(), raw.size());
  return out;
}

void put_text(ByteWriter& out, const StringColumn& text) {
  put_array(out, text.ends);
  out.text(text.bytes);
}

Result<StringColumn> get_text(ByteReader& in, std::uint64_t rows) {
  StringColumn out;
  TRY(ends, get_array<std::uint32_t>(in, rows));
  TRY(bytes, in.text());
  out.ends = std::move(ends);
  out.bytes = std::string(bytes);
  return out;
}

void put_column(ByteWriter& out, const NamedColumn& entry) {
  const Column::Values& values = entry.column.values();
  out.text(entry.name);
  out.fixed(static_cast<std::uint8_t>(values.index()));
  if (const auto* ints = std::get_if<std::vector<std::int64_t>>(&values)) {
    put_array(out, *ints);
  } else if (const auto* doubles = std::get_if<std::vector<double>>(&values)) {
    put_array(out, *doubles);
  } else if (const auto* text = std::get_if<StringColumn>(&values)) {
    put_text(out, *text);
  } else {
    const auto& coded = std::get<DictionaryColumn>(values);
    out.varint(coded.dictionary.size());
    put_text(out, coded.dictionary);
    put_array(out, coded.codes);
  }
}

Result<Column> get_values(ByteReader& in, std::uint8_t kind, std::uint64_t rows) {
  switch (static_cast<Kind>(kind)) {
    case Kind::kInt: {
      TRY(values, get_array<std::int64_t>(in, rows));
      return Column(std::move(values));
    }
    case Kind::kDouble: {
      TRY(values, get_array<double>(in, rows));
      return Column(std::move(values));
    }
    case Kind::kText: {
      TRY(values, get_text(in, rows));
      return Column(std::move(values));
    }
    case Kind::kTextCoded: {
      DictionaryColumn coded;
      TRY(entries, in.varint());
      TRY(dictionary, get_text(in, entries));
      TRY(codes, get_array<std::uint32_t>(in, rows));
      coded.dictionary = std::move(dictionary);
      coded.codes = std::move(codes);
      return Column(std::move(coded));
    }
  }
  return error(Code::kCorrupt, "column kind {} is unknown", kind);
}

void put_batch(ByteWriter& out, const Batch& batch) {
  out.varint(batch.label_sets.size());
  for (const LabelSetRef& set : batch.label_sets) out.text(set->bytes());
  out.varint(batch.rows());
  put_array(out, batch.label_set_of_row);
  put_array(out, batch.times);
  out.varint(batch.columns.size());
  for (const NamedColumn& entry : batch.columns) put_column(out, entry);
}

Result<Batch> get_batch(ByteReader& in) {
  Batch out;
  TRY(sets, in.varint());
  for (std::uint64_t i = 0; i < sets; ++i) {
    TRY(bytes, in.text());
    TRY(set, LabelSet::from_bytes(std::string(bytes)));
    out.label_sets.push_back(std::make_shared<LabelSet>(std::move(set)));
  }
  TRY(rows, in.varint());
  TRY(indexes, get_array<std::uint32_t>(in, rows));
  TRY(times, get_array<TimeNs>(in, rows));
  out.label_set_of_row = std::move(indexes);
  out.times = std::move(times);
  TRY(columns, in.varint());
  for (std::uint64_t i = 0; i < columns; ++i) {
    TRY(name, in.text());
    TRY(kind, in.fixed<std::uint8_t>());
    TRY(column, get_values(in, kind, rows));
    out.columns.push_back({std::string(name), std::move(column)});
  }
  TRY_VOID(out.validate());
  return out;
}

Result<WalRecord> decode_record(std::string_view raw, WalSeriesNames* names) {
  ByteReader in(raw);
  WalRecord out;
  TRY(tenant, in.text());
  TRY(signal, in.fixed<std::uint8_t>());
  TRY(accepted, in.fixed<TimeNs>());
  TRY(has_request, in.fixed<std::uint8_t>());
  out.tenant = std::string(tenant);
  out.signal = static_cast<Signal>(signal);
  out.accepted = accepted;
  if (has_request != 0) {
    TRY(low, in.fixed<std::uint64_t>());
    TRY(high, in.fixed<std::uint64_t>());
    out.request = Hash128{low, high};
  }
  if (names != nullptr) {
    if (out.signal != Signal::kMetrics) return error(Code::kCorrupt, "samples of signal {}", signal);
    TRY(samples, names->take(in));
    out.batch = std::move(samples.batch);
    out.series = std::move(samples.series);
    out.owner = std::move(samples.owner);
    return out;
  }
  TRY(batch, get_batch(in));
  if (!in.done()) return error(Code::kCorrupt, "{} bytes behind the batch", in.left());
  TRY_VOID(check_batch(out.signal, batch));
  out.batch = std::move(batch);
  if (out.signal == Signal::kMetrics) out.hashes = hash_label_sets(out.batch);
  return out;
}

void put_front(ByteWriter& writer, std::string_view tenant, Signal signal, TimeNs accepted,
               const std::optional<Hash128>& request) {
  writer.text(tenant);
  writer.fixed(static_cast<std::uint8_t>(signal));
  writer.fixed(accepted);
  writer.fixed(static_cast<std::uint8_t>(request ? 1 : 0));
  if (!request) return;
  writer.fixed(request->low);
  writer.fixed(request->high);
}

std::string pack_record(const std::string& raw, bool compress, Packing plain, Packing compressed) {
  std::string packed;
  if (compress) packed = lz4_compress(raw);
  const bool smaller = !packed.empty() && packed.size() < raw.size();
  std::string out;
  const std::string& body = smaller ? packed : raw;
  out.reserve(body.size() + 16);
  ByteWriter head(out);
  head.fixed(static_cast<std::uint8_t>(smaller ? compressed : plain));
  head.varint(raw.size());
  head.bytes(body);
  return out;
}

}  // namespace

Result<std::string> encode_record(std::string_view tenant, Signal signal, TimeNs accepted,
                                  const std::optional<Hash128>& request, const Batch& batch) {
  std::string raw;
  raw.reserve(batch.bytes() + tenant.size() + 64);
  ByteWriter writer(raw);
  put_front(writer, tenant, signal, accepted, request);
  put_batch(writer, batch);
  if (raw.size() > kRecordBytesMax)
    return error(Code::kLimit, "cannot append {} bytes at once: the limit is {}", raw.size(), kRecordBytesMax);

  return pack_record(raw, raw.size() >= kCompressBytesMin, Packing::kPlain, Packing::kLz4);
}

Result<SampleRecord> prepare_samples(std::string_view tenant, TimeNs accepted, const std::optional<Hash128>& request,
                                     const Batch& batch, std::span<SeriesPlace* const> places) {
  SampleRecord out;
  ByteWriter writer(out.front);
  put_front(writer, tenant, Signal::kMetrics, accepted, request);
  out.rows = encode_sample_rows(batch);
  out.places = places;
  if (places.empty()) out.hashes = hash_label_sets(batch);
  for (std::size_t i = 0; i < batch.label_sets.size(); ++i) {
    out.label_bytes += 16 + (places.empty() ? batch.label_sets[i]->bytes().size() : places[i]->label_bytes);
  }
  if (const std::size_t bytes = out.bytes() + out.label_bytes; bytes > kRecordBytesMax)
    return error(Code::kLimit, "cannot append {} bytes at once: the limit is {}", bytes, kRecordBytesMax);
  return out;
}

std::string encode_samples(const SampleRecord& record, std::uint64_t epoch, WalSeriesNumbers& numbers,
                           const Batch& batch) {
  std::string raw = record.front;
  const bool any_fresh = numbers.put(epoch, batch, record.keys(), raw);
  raw += record.rows;
  // Labels become a tenth; without them it is mostly values, and those do not shrink.
  return pack_record(raw, any_fresh && raw.size() >= kCompressBytesMin, Packing::kSamples, Packing::kSamplesLz4);
}

void append_record(std::string& frame, std::string_view record) { ByteWriter(frame).text(record); }

Result<std::vector<WalRecord>> decode_frame(std::string_view frame, WalSeriesNames& names) {
  std::vector<WalRecord> out;
  ByteReader in(frame);
  while (!in.done()) {
    TRY(bytes, in.text());
    ByteReader record(bytes);
    TRY(packing, record.fixed<std::uint8_t>());
    TRY(raw_bytes, record.varint());
    TRY(body, record.bytes(record.left()));
    if (raw_bytes > kRecordBytesMax) return error(Code::kCorrupt, "a record claims {} bytes", raw_bytes);
    if (packing > static_cast<std::uint8_t>(Packing::kSamplesLz4))
      return error(Code::kCorrupt, "a record is packed in a way that is unknown");
    const auto how = static_cast<Packing>(packing);
    std::string unpacked;
    if (how == Packing::kLz4 || how == Packing::kSamplesLz4) {
      // LZ4 makes at most 255 bytes from one; refusing a larger claim avoids the allocation.
      if (raw_bytes / 255 > body.size())
        return error(Code::kCorrupt, "a record claims {} bytes from {}", raw_bytes, body.size());
      TRY(text, lz4_decompress(body, static_cast<std::size_t>(raw_bytes)));
      unpacked = std::move(text);
      body = unpacked;
    } else if (raw_bytes != body.size()) {
      return error(Code::kCorrupt, "a record is packed in a way that is unknown");
    }
    const bool samples = how == Packing::kSamples || how == Packing::kSamplesLz4;
    TRY(decoded, decode_record(body, samples ? &names : nullptr));
    out.push_back(std::move(decoded));
  }
  return out;
}

}  // namespace trilobite::storage
