#include <trilobite/trace_headers.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "baggage.h"
#include "hex_ids.h"
#include "random_ids.h"
#include "span_data.h"
#include "trace_state.h"
#include "traceparent.h"

namespace trilobite::trace {
namespace {

// Larger than any sender means: what is longer is not passed on.
constexpr std::size_t kHeaderBytesMax = 8192;

constexpr std::array<std::string_view, 11> kNames{kTraceparentHeader,
                                                  kTracestateHeader,
                                                  kBaggageHeader,
                                                  kRequestIdHeader,
                                                  kDynamoRequestIdHeader,
                                                  kLaterDynamoRequestIdHeader,
                                                  kB3Header,
                                                  "x-b3-traceid",
                                                  "x-b3-spanid",
                                                  "x-b3-sampled",
                                                  "x-b3-flags"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_in_any_case(std::string_view text, std::string_view name) {
  return std::equal(text.begin(), text.end(), name.begin(), name.end(), [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What goes into a header again must not end it.
bool is_header_value(std::string_view text) {
  return text.size() <= kHeaderBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
         });
}

void append_list(std::string& list, std::string_view value) {
  if (list.size() + value.size() > 2 * kHeaderBytesMax) return;
  if (!list.empty()) list += ',';
  list += value;
}

}  // namespace

void HeaderReader::add(std::string_view name, std::string_view value) {
  static_assert(kNames.size() == kWhichCount);
  for (std::size_t which = 0; which < kNames.size(); ++which) {
    if (!equal_in_any_case(name, kNames[which])) continue;
    Seen& seen = seen_[which];
    if (seen.count++ == 0) seen.first = value;
    if (which == kTracestate) append_list(tracestate_, value);
    if (which == kBaggage) append_list(baggage_, value);
    return;
  }
}

Context HeaderReader::context() const {
  const Propagation propagation = propagation_of(trace_state.propagation.load(std::memory_order_relaxed));
  const auto once = [&](Which which) { return seen_[which].count == 1; };
  std::optional<RemoteParent> parent;
  auto request = std::make_unique<RequestData>();
  if (propagation.w3c && once(kTraceparent)) {
    parent = parse_traceparent(seen_[kTraceparent].first);
    if (parent) request->tracestate = joined_tracestate(tracestate_);
  }
  if (!parent && propagation.b3_single && once(kB3Single)) parent = parse_b3(seen_[kB3Single].first);
  if (!parent && propagation.b3_multi && once(kB3TraceId) && once(kB3SpanId)) {
    parent = parse_b3(B3Headers{.trace_id = seen_[kB3TraceId].first,
                                .span_id = seen_[kB3SpanId].first,
                                .sampled = trimmed(seen_[kB3Sampled].first),
                                .flags = trimmed(seen_[kB3Flags].first)});
  }
  if (propagation.baggage) request->baggage = valid_baggage(baggage_);
  if (propagation.request_ids) {
    if (is_header_value(seen_[kRequestId].first)) request->x_request_id = std::string(seen_[kRequestId].first);
    for (const Which which : {kLaterDynamoRequestId, kDynamoRequestId}) {
      const std::string_view id = trimmed(seen_[which].first);
      if (request->x_dynamo_request_id.empty() && is_uuid(id)) request->x_dynamo_request_id = std::string(id);
    }
  }
  if (!parent && request->empty()) return Context();
  SpanData* const data = SpanData::make();
  if (data == nullptr) return Context();
  data->remote = true;
  if (parent) {
    data->trace_id = parent->trace_id;
    data->span_id = parent->span_id;
    data->flags = parent->flags;
  }
  if (!request->empty()) data->request = request.release();
  return Context(data, nullptr);
}

HeaderWriter::HeaderWriter(const Context& context) {
  const std::uint32_t mode = trace_state.mode.load(std::memory_order_relaxed);
  if (!context || (mode & TraceState::kIds) == 0) return;
  const Propagation propagation = propagation_of(trace_state.propagation.load(std::memory_order_relaxed));
  const SpanData& data = *context.data();
  if (data.span_id) {
    const RemoteParent parent{.trace_id = data.trace_id, .span_id = data.span_id, .flags = data.flags};
    const std::string_view sampled = context.sampled() ? "1" : "0";
    if (propagation.w3c) {
      put(kTraceparentHeader, format_traceparent(parent));
      put(kTracestateHeader, context.tracestate());
    }
    if (propagation.b3_single) {
      put(kB3Header, to_hex(data.trace_id) + "-" + to_hex(data.span_id) + "-" + std::string(sampled));
    }
    if (propagation.b3_multi) {
      put("X-B3-TraceId", to_hex(data.trace_id));
      put("X-B3-SpanId", to_hex(data.span_id));
      if (data.parent_id) put("X-B3-ParentSpanId", to_hex(data.parent_id));
      put("X-B3-Sampled", sampled);
    }
  }
  if (propagation.baggage) put(kBaggageHeader, context.baggage());
  if (propagation.request_ids) {
    put(kRequestIdHeader, context.x_request_id());
    put(kDynamoRequestIdHeader, context.x_dynamo_request_id());
  }
}

void HeaderWriter::put(std::string_view name, std::string_view value) {
  if (value.empty() || !is_header_value(value)) return;
  headers_[count_].name = name;
  headers_[count_++].value = std::string(value);
}

bool is_uuid(std::string_view text) {
  if (text.size() == 45) {
    if (!equal_in_any_case(text.substr(0, 9), "urn:uuid:")) return false;
    text.remove_prefix(9);
    if (text[8] != '-') return false;
  } else if (text.size() == 38) {
    if (text.front() != '{' || text.back() != '}') return false;
    text = text.substr(1, 36);
  }
  std::string digits(text);
  if (text.size() == 36) {
    if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
    std::erase(digits, '-');
  }
  std::uint64_t half = 0;
  return digits.size() == 32 && parse_hex(std::string_view(digits).substr(0, 16), half, HexCase::kAny) &&
         parse_hex(std::string_view(digits).substr(16), half, HexCase::kAny);
}

std::string random_uuid() {
  unsigned char bytes[16];
  random_bytes(bytes, sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < sizeof bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
  return out;
}

std::string engine_request_id(const Context& context, std::string_view user) {
  if (!context.x_dynamo_request_id().empty()) return std::string(context.x_dynamo_request_id());
  if (is_uuid(user)) return std::string(user);
  return random_uuid();
}

}  // namespace trilobite::trace
