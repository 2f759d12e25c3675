// Any bytes as the block of samples of a part: opening and reading it must end with samples or an error. The first byte
// chooses whether the rest is four pages, or samples for a true block whose pages are then damaged.
#include <algorithm>
#include <array>
#include <cstdint>

#include "columnar/codec.h"
#include "columnar/sample_block.h"

namespace {

using namespace trilobite;
using columnar::SampleBlock;
using columnar::SamplePages;

void read_all(SamplePages pages, std::size_t rows) {
  const auto block = SampleBlock::open(std::move(pages), rows);
  if (!block.ok()) return;
  std::size_t seen = 0;
  std::vector<TimeNs> times;
  std::vector<double> values;
  StringColumn texts;
  for (std::size_t run = 0; run < (*block)->runs().size(); ++run) {
    const SampleBlock::Run& one = (*block)->runs()[run];
    if (one.begin != seen || one.end <= one.begin || one.end > rows) __builtin_trap();
    if ((*block)->find(one.series) >= (*block)->runs().size()) __builtin_trap();
    seen = one.end;
    const std::size_t length = one.end - one.begin;
    if ((*block)->times(run, times).ok() && times.size() != length) __builtin_trap();
    values.clear();
    if ((*block)->values(run, length / 3, length, values).ok() && values.size() != length - length / 3) {
      __builtin_trap();
    }
    if ((*block)->has_histograms(run) && (*block)->histograms(run, texts).ok() && texts.size() != length) {
      __builtin_trap();
    }
  }
  if (seen != rows) __builtin_trap();
}

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::string take(std::size_t length) {
    length = std::min(length, size_);
    std::string out(reinterpret_cast<const char*>(data_), length);
    data_ += length;
    size_ -= length;
    return out;
  }
  std::size_t left() const { return size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes in(data, size);
  const bool raw = in.byte() % 2 == 0;
  SamplePages pages;
  if (raw) {
    const std::size_t rows = in.byte() + 256u * (in.byte() % 4);
    pages.series_encoding = in.byte();
    for (std::string* page : {&pages.series, &pages.times, &pages.values}) *page = in.take(in.byte());
    pages.histograms = in.take(in.left());
    read_all(std::move(pages), rows);
    return 0;
  }
  // A true block: as many rows as there are bytes for, in runs of a few.
  std::vector<std::uint32_t> ends;
  std::vector<std::uint32_t> series;
  std::vector<TimeNs> times;
  std::vector<double> values;
  StringColumn texts;
  std::uint32_t number = 0;
  const std::size_t runs = 1 + in.byte() % 8;
  for (std::size_t run = 0; run < runs; ++run) {
    const std::size_t length = 1 + in.byte() % 9;
    TimeNs time = in.byte() * kNsPerSecond;
    const bool histograms = in.byte() % 3 == 0;
    number += 1 + in.byte() % 3;
    for (std::size_t i = 0; i < length; ++i) {
      series.push_back(number);
      time += (in.byte() % 4 == 0 ? in.byte() : 15) * kNsPerSecond + 1;
      times.push_back(time);
      values.push_back(in.byte() / (in.byte() % 2 == 0 ? 1.0 : 7.0));
      texts.push_back(histograms ? in.take(in.byte() % 20) : std::string());
    }
    ends.push_back(static_cast<std::uint32_t>(times.size()));
  }
  const std::size_t rows = times.size();
  std::vector<std::int64_t> numbers(series.begin(), series.end());
  columnar::EncodedColumn encoded = columnar::encode_column(Column(std::move(numbers)), 1);
  pages.series_encoding = static_cast<std::uint8_t>(encoded.encoding);
  pages.series = std::move(encoded.bytes);
  columnar::encode_times_by_series(times, ends, pages.times);
  columnar::encode_doubles_by_series(values, ends, pages.values);
  if (!texts.bytes.empty()) columnar::encode_texts_by_series(Column(std::move(texts)), ends, 1, pages.histograms);
  read_all(pages, rows);
  for (std::size_t changes = in.byte() % 6; changes > 0; --changes) {
    const std::array all{&pages.series, &pages.times, &pages.values, &pages.histograms};
    std::string& page = *all[in.byte() % 4];
    if (page.empty()) continue;
    const std::size_t at = (in.byte() + 256u * in.byte()) % page.size();
    page[at] = static_cast<char>(in.byte());
    if (in.byte() % 8 == 0) page.resize(at);
  }
  read_all(std::move(pages), rows);
  return 0;
}
