// Traces across processes: reading and writing the headers of HTTP and NATS messages.
//
//   Context parent = extract(request.headers);                       // pairs of name and value(s)
//   Span span = kHandle.start(Start{.parent = &parent, .kind = Kind::kServer});
//   inject(Context::current(), outgoing.headers);                    // or a callable (name, value)
//
// Which headers those are says Config::propagation. Names are read in any case and written in lower case, but for
// B3's, which are written as its documentation has them.
#pragma once

#include <trilobite/trace.h>

namespace trilobite::trace {

// W3C level 1 and the runtime this library is compatible with.
inline constexpr std::string_view kTraceparentHeader = "traceparent";
inline constexpr std::string_view kTracestateHeader = "tracestate";
inline constexpr std::string_view kBaggageHeader = "baggage";
inline constexpr std::string_view kRequestIdHeader = "x-request-id";
inline constexpr std::string_view kDynamoRequestIdHeader = "x-dynamo-request-id";
inline constexpr std::string_view kLaterDynamoRequestIdHeader = "request-id";  // read before the one above
inline constexpr std::string_view kB3Header = "b3";

// Takes the headers of one message, in any order, and says at the end what context they describe.
class HeaderReader {
 public:
  HeaderReader() = default;
  HeaderReader(const HeaderReader&) = delete;
  HeaderReader& operator=(const HeaderReader&) = delete;

  // One value of one header. Names that are none of ours cost a comparison. The texts must live until context().
  void add(std::string_view name, std::string_view value);

  // Empty when no header said anything valid. A traceparent that is malformed, or there twice, is as if it were not
  // there, and its tracestate too; request ids and baggage count all the same.
  Context context() const;

 private:
  enum Which : std::uint8_t {
    kTraceparent,
    kTracestate,
    kBaggage,
    kRequestId,
    kDynamoRequestId,
    kLaterDynamoRequestId,
    kB3Single,
    kB3TraceId,
    kB3SpanId,
    kB3Sampled,
    kB3Flags,
    kWhichCount,
  };
  struct Seen {
    std::string_view first{};
    std::uint32_t count = 0;
  };
  Seen seen_[kWhichCount];
  std::string tracestate_;  // several headers make one list
  std::string baggage_;
};

// Calls set(name, value) for each header that context needs; for none when it is empty or without ids.
class HeaderWriter {
 public:
  explicit HeaderWriter(const Context& context);
  std::size_t size() const { return count_; }
  std::string_view name(std::size_t i) const { return headers_[i].name; }
  std::string_view value(std::size_t i) const { return headers_[i].value; }

 private:
  void put(std::string_view name, std::string_view value);
  struct Header {
    std::string_view name;
    std::string value;
  };
  Header headers_[12];
  std::size_t count_ = 0;
};

namespace detail {

template <class T>
concept Text = std::is_convertible_v<const T&, std::string_view>;

}  // namespace detail

// Any range of pairs whose second is a text (HTTP) or a range of texts (NATS).
template <class Headers>
Context extract(const Headers& headers) {
  HeaderReader reader;
  for (const auto& [name, value] : headers) {
    if constexpr (detail::Text<std::remove_cvref_t<decltype(value)>>) {
      reader.add(name, value);
    } else {
      for (const auto& one : value) reader.add(name, one);
    }
  }
  return reader.context();
}

// carrier: a callable (name, value); or a map from name to text or to a list of texts, whose values are replaced; or a
// list of pairs, which is appended to.
template <class Carrier>
void inject(const Context& context, Carrier&& carrier) {
  const HeaderWriter headers(context);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string_view name = headers.name(i), value = headers.value(i);
    if constexpr (requires { carrier(name, value); }) {
      carrier(name, value);
    } else if constexpr (requires { carrier[std::string(name)] = std::string(value); }) {
      carrier[std::string(name)] = std::string(value);
    } else if constexpr (requires { carrier[std::string(name)] = {std::string(value)}; }) {
      carrier[std::string(name)] = {std::string(value)};
    } else {
      carrier.emplace_back(std::string(name), std::string(value));
    }
  }
}

// A UUID in any of its usual forms: with hyphens, without, in braces, as a URN; any case.
bool is_uuid(std::string_view text);
std::string random_uuid();  // version 4

// The id of a request for the engine: the context's x_dynamo_request_id, else `user` if it is a UUID, else a new one.
std::string engine_request_id(const Context& context, std::string_view user = {});

}  // namespace trilobite::trace
