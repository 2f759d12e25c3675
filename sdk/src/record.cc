#include "record.h"

#include <cstring>
#include <exception>
#include <iterator>

#include <fmt/format.h>

namespace trilobite::log {
namespace {

constexpr std::size_t kNumberBytes = 1 + sizeof(std::uint64_t);
constexpr std::size_t kTextBytes = 1 + sizeof(std::uint32_t);

// Larger texts are cut, saying so. It keeps sizes within 32 bits; no log line is meant to be that long.
constexpr std::size_t kTextMax = std::size_t{64} << 20;

std::string_view bounded(std::string_view text) { return text.substr(0, kTextMax); }

std::size_t value_size(const Value& value) {
  return value.is_text() ? kTextBytes + bounded(value.text()).size() : kNumberBytes;
}

class Cursor {
 public:
  explicit Cursor(std::byte* at) : at_(at) {}

  template <class T>
  void put(const T& value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void put_text(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_value(const Value& value) {
    put(value.kind());
    if (value.is_text()) {
      put_text(bounded(value.text()));
    } else {
      put(value.bits());
    }
  }

 private:
  std::byte* at_;
};

class ConstCursor {
 public:
  explicit ConstCursor(const std::byte* at) : at_(at) {}

  template <class T>
  T take() {
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string_view take_text() {
    const auto size = take<std::uint32_t>();
    const auto* text = reinterpret_cast<const char*>(at_);
    at_ += size;
    return {text, size};
  }
  Value take_value() {
    const auto kind = take<ValueKind>();
    if (kind >= ValueKind::kString) return Value::of_text(take_text(), kind);
    return Value::of_bits(kind, take<std::uint64_t>());
  }

 private:
  const std::byte* at_;
};

template <class Store>
void push_argument(Store& store, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kInt:
      store.push_back(value.as_int());
      return;
    case ValueKind::kUint:
      store.push_back(value.as_uint());
      return;
    case ValueKind::kFloat:
      store.push_back(static_cast<float>(value.as_double()));
      return;
    case ValueKind::kDouble:
      store.push_back(value.as_double());
      return;
    case ValueKind::kBool:
      store.push_back(value.as_bool());
      return;
    case ValueKind::kChar:
      store.push_back(value.as_char());
      return;
    case ValueKind::kPointer:
      store.push_back(value.as_pointer());
      return;
    default:
      store.push_back(value.text());
      return;  // a view: the store does not copy it
  }
}

}  // namespace

std::size_t record_size(const Submission& submission) {
  std::size_t size = sizeof(RecordHeader);
  for (const Value& value : submission.values) size += value_size(value);
  for (const Field& field : submission.fields) {
    size += sizeof(std::uint32_t) + bounded(field.key).size() + value_size(field.value);
  }
  return size;
}

void write_record(std::byte* out, const Submission& submission, std::int64_t time_ns) {
  const detail::Statement& statement = submission.statement;
  Cursor cursor(out);
  cursor.put(RecordHeader{.time_ns = time_ns,
                          .target = statement.target,
                          .format = statement.format,
                          .file = statement.file,
                          .line = statement.line,
                          .value_count = static_cast<std::uint32_t>(submission.values.size()),
                          .field_count = static_cast<std::uint32_t>(submission.fields.size()),
                          .level = statement.level});
  for (const Value& value : submission.values) cursor.put_value(value);
  for (const Field& field : submission.fields) {
    cursor.put_text(bounded(field.key));
    cursor.put_value(field.value);
  }
}

std::int64_t record_time(const std::byte* record) {
  static_assert(offsetof(RecordHeader, time_ns) == 0);
  return ConstCursor(record).take<std::int64_t>();
}

Event RecordReader::read(const std::byte* record) {
  ConstCursor cursor(record);
  const auto header = cursor.take<RecordHeader>();
  arguments_.clear();
  bool cut = false;
  const auto take_value = [&] {
    const Value value = cursor.take_value();
    cut = cut || (value.is_text() && value.text().size() == kTextMax);
    return value;
  };
  for (std::uint32_t i = 0; i < header.value_count; ++i) push_argument(arguments_, take_value());
  fields_.clear();
  for (std::uint32_t i = 0; i < header.field_count; ++i) {
    const std::string_view key = cursor.take_text();
    fields_.push_back({key, take_value()});
  }
  message_.clear();
  format_message(header.format);
  if (cut) fmt::format_to(std::back_inserter(message_), " [a text was cut at {} bytes]", kTextMax);
  return {.time_ns = header.time_ns,
          .level = header.level,
          .target = header.target,
          .file = header.file == nullptr ? std::string_view() : std::string_view(header.file),
          .line = header.line,
          .message = {message_.data(), message_.size()},
          .fields = fields_,
          .spans = {}};
}

void RecordReader::format_message(std::string_view format) {
  // Checked when compiled; what can still fail is a width or precision given as an argument.
  try {
    fmt::vformat_to(std::back_inserter(message_), fmt::string_view(format.data(), format.size()), arguments_);
  } catch (const std::exception& failure) {
    message_.clear();
    fmt::format_to(std::back_inserter(message_), "{} [cannot format: {}]", format, failure.what());
  }
}

}  // namespace trilobite::log
