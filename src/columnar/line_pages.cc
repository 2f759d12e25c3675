#include "columnar/line_pages.h"

#include "base/hash.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::uint64_t kStreamBytesMax = std::uint64_t{4} << 30;

}  // namespace

void PageWriter::add(std::string stream) {
  streams_.push_back(stream.size());
  bytes_ += stream.size();
  if (stream.size() >= kOwnPageBytesMin) {
    pages_.push_back({std::move(stream)});
    return;
  }
  if (shared_ == kNone || pages_[shared_].bytes.size() + stream.size() > kSharedPageBytesMax) {
    shared_ = pages_.size();
    pages_.emplace_back();
  }
  pages_[shared_].bytes += stream;
}

void PageWriter::write_table(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(streams_.size());
  for (const std::size_t size : streams_) writer.varint(size);
  for (const Page& page : pages_) writer.fixed(hash64(page.bytes));
}

void PageWriter::write_pages(std::string& out) const {
  for (const Page& page : pages_) out += page.bytes;
}

Result<std::unique_ptr<PageReader>> PageReader::open(ByteReader& table, std::uint64_t pages_begin) {
  auto out = std::make_unique<PageReader>();
  TRY(count, table.varint());
  if (count > table.left()) return error(Code::kCorrupt, "{} streams in a table of {} bytes", count, table.left());
  out->streams_.resize(static_cast<std::size_t>(count));
  std::size_t shared = kNone;
  for (Stream& stream : out->streams_) {
    TRY(size, table.varint());
    if (size > kStreamBytesMax) return error(Code::kCorrupt, "a stream of {} bytes", size);
    stream.size = static_cast<std::size_t>(size);
    if (stream.size >= kOwnPageBytesMin) {
      stream.page = out->pages_.size();
      out->pages_.push_back({.size = stream.size});
      continue;
    }
    if (shared == kNone || out->pages_[shared].size + stream.size > kSharedPageBytesMax) {
      shared = out->pages_.size();
      out->pages_.push_back({.shared = true});
    }
    stream.page = shared;
    stream.begin = out->pages_[shared].size;
    out->pages_[shared].size += stream.size;
  }
  for (Page& page : out->pages_) {
    TRY(hash, table.fixed<std::uint64_t>());
    page.hash = hash;
    page.begin = pages_begin;
    pages_begin += page.size;
  }
  out->end_ = pages_begin;
  out->shared_ = std::make_unique<Lazy<std::shared_ptr<const std::string>>[]>(out->pages_.size());
  return out;
}

std::vector<std::size_t> PageReader::page_sizes() const {
  std::vector<std::size_t> out;
  for (const Page& page : pages_) out.push_back(page.size);
  return out;
}

Result<std::shared_ptr<const std::string>> PageReader::fetch(const LineSource& source, const Page& page) const {
  if (page.size == 0) return std::make_shared<const std::string>();
  TRY(bytes, source.read(page.begin, page.size));
  if (bytes.size() != page.size)
    return error(Code::kCorrupt, "page at {} has {} bytes instead of {}", page.begin, bytes.size(), page.size);
  if (const std::uint64_t hash = hash64(bytes); hash != page.hash) {
    Error damage = error(Code::kCorrupt, "checksum {:016x} differs from {:016x}", hash, page.hash)
                       .within("cannot read page at {} of {}", page.begin,
                               source.name.empty() ? "split lines" : source.name);
    if (source.on_damage) source.on_damage(damage);
    return damage;
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

Result<StreamBytes> PageReader::read(const LineSource& source, std::size_t number,
                                     std::atomic<std::size_t>& bytes) const {
  const Stream& stream = streams_[number];
  const Page& page = pages_[stream.page];
  if (!page.shared) {
    TRY(owned, fetch(source, page));
    return StreamBytes{owned, *owned};
  }
  TRY(kept, shared_[stream.page].get([&] {
    bytes += page.size;
    return fetch(source, page);
  }));
  return StreamBytes{*kept, std::string_view(**kept).substr(stream.begin, stream.size)};
}

}  // namespace trilobite::columnar
