#include "record.h"

#include <cstring>
#include <exception>
#include <iterator>

#include <fmt/format.h>

#include "span_data.h"
#include "span_log_events.h"

namespace trilobite::log {

namespace detail {

void retain_span(RecordHead& head) noexcept {
  head.span->retain();
  head.span_attribute_bytes = head.span->attributes.size();
}

}  // namespace detail

namespace {

class Cursor {
 public:
  explicit Cursor(const std::byte* at) : at_(at) {}

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

std::size_t framed_size(const Submission& submission) {
  std::size_t size = 0;
  for (const Value& value : submission.values) size += detail::encoded_size(value);
  for (const Field& field : submission.fields) size += detail::encoded_size(field);
  return detail::framed_size(size);
}

namespace {

// Values and fields as one part of a record.
struct Parts {
  const Submission& submission;
};
std::byte* encode(std::byte* at, const Parts& parts) {
  for (const Value& value : parts.submission.values) at = detail::encode(at, value);
  for (const Field& field : parts.submission.fields) at = detail::encode(at, field);
  return at;
}

}  // namespace

void put_record(detail::Producer& producer, const Submission& submission, std::int64_t ticks) {
  const detail::Statement& statement = submission.statement;
  detail::RecordHead head{.ticks = ticks,
                          .format = statement.format.data(),
                          .file = statement.file,
                          .target = statement.target.data(),
                          .span = detail::this_span,
                          .span_attribute_bytes = 0,
                          .format_size = static_cast<std::uint32_t>(statement.format.size()),
                          .target_size = static_cast<std::uint32_t>(statement.target.size()),
                          .line = statement.line,
                          .value_count = static_cast<std::uint8_t>(submission.values.size()),
                          .field_count = static_cast<std::uint8_t>(submission.fields.size()),
                          .level = statement.level};
  if (head.span != nullptr) detail::retain_span(head);
  detail::put_record(producer, framed_size(submission), head, Parts{submission});
}

std::int64_t record_ticks(const std::byte* record) {
  static_assert(offsetof(detail::RecordHead, ticks) == 0);
  return Cursor(record).take<std::int64_t>();
}

void RecordReader::release(const std::byte* record) {
  const auto head = Cursor(record).take<detail::RecordHead>();
  if (head.span != nullptr) head.span->release();
}

Event RecordReader::read(const std::byte* record) {
  Cursor cursor(record);
  const auto head = cursor.take<detail::RecordHead>();
  bool cut = false;
  const auto take_value = [&] {
    const Value value = cursor.take_value();
    cut = cut || (value.is_text() && value.text().size() == detail::kTextMax);
    return value;
  };
  values_.clear();
  for (std::uint32_t i = 0; i < head.value_count; ++i) values_.push_back(take_value());
  fields_.clear();
  for (std::uint32_t i = 0; i < head.field_count; ++i) {
    const std::string_view key = cursor.take_text();
    fields_.push_back({key, take_value()});
  }
  message_.clear();
  CallSite& site = sites_.of(head);
  const bool wanted = messages_wanted_ || (head.span != nullptr && trace::takes_log_events(head.span));
  const bool in_pieces = site.simple() && !cut && !wanted;
  if (site.simple() && !in_pieces) {
    append_message(message_, site, values_);
  } else if (!in_pieces) {
    format_message({head.format, head.format_size});
  }
  if (cut) fmt::format_to(std::back_inserter(message_), " [a text was cut at {} bytes]", detail::kTextMax);
  return {.time_ns = head.ticks,
          .level = head.level,
          .target = site.target(),
          .file = head.file == nullptr ? std::string_view() : std::string_view(head.file),
          .line = head.line,
          .message = message_,
          .fields = fields_,
          .spans = head.span == nullptr ? std::span<const SpanView>() : spans_.of(head.span, head.span_attribute_bytes),
          .site = &site,
          .span = head.span,
          .message_in_pieces = in_pieces,
          .arguments = values_};
}

void RecordReader::format_message(std::string_view format) {
  arguments_.clear();
  for (const Value& value : values_) push_argument(arguments_, value);
  // Checked when compiled; what can still fail is a width or precision given as an argument.
  try {
    fmt::vformat_to(std::back_inserter(message_), fmt::string_view(format.data(), format.size()), arguments_);
  } catch (const std::exception& failure) {
    message_.clear();
    fmt::format_to(std::back_inserter(message_), "{} [cannot format: {}]", format, failure.what());
  }
}

}  // namespace trilobite::log
