#include "span_views.h"

#include <functional>

#include "hex_ids.h"
#include "line_format.h"

namespace trilobite::trace {

std::span<const log::SpanView> SpanViews::of(SpanData* innermost, std::uint32_t attribute_bytes) {
  seen_.clear();
  // A context of another process ends the chain: what is around it is not this request's.
  for (const SpanData* span = innermost; span != nullptr && !span->remote; span = span->parent) {
    if (span->shown()) seen_.push_back({span, span == innermost ? attribute_bytes : span->attributes.size()});
  }
  if (seen_.empty()) return {};
  Chain& chain = chains_[std::hash<const SpanData*>{}(innermost) / sizeof(SpanData) % kChains];
  if (chain.seen == seen_) return chain.views;
  chain.seen.clear();  // while it is neither the old nor the new
  chain.views.clear();
  innermost->retain();
  chain.held = SpanRef(innermost);
  while (chain.texts.size() < seen_.size()) chain.texts.push_back(std::make_unique<Texts>());
  for (std::size_t i = seen_.size(); i-- > 0;) {
    chain.views.push_back(view(*seen_[i].span, seen_[i].attribute_bytes, *chain.texts[i]));
  }
  chain.views.back().version = ++version_;
  chain.seen = seen_;
  return chain.views;
}

log::SpanView SpanViews::view(const SpanData& span, std::uint32_t attribute_bytes, Texts& texts) {
  texts.fields.clear();
  span.attributes.each(attribute_bytes, [&](const log::Field& field) {
    if (!texts.fields.empty()) texts.fields += ' ';
    texts.fields += field.key;
    texts.fields += '=';
    log::append_readable_value(texts.fields, field.value);
  });
  log::SpanView view{.name = span.name,
                     .fields = texts.fields,
                     .trace_id = {},
                     .span_id = {},
                     .parent_id = {},
                     .tracestate = {},
                     .x_request_id = {},
                     .x_dynamo_request_id = {}};
  if (span.span_id) {
    texts.ids.clear();
    append_hex(texts.ids, span.trace_id);
    append_hex(texts.ids, span.span_id);
    if (span.parent_id) append_hex(texts.ids, span.parent_id);
    const std::string_view ids = texts.ids;
    view.trace_id = ids.substr(0, 32);
    view.span_id = ids.substr(32, 16);
    view.parent_id = ids.substr(48);
  }
  if (const RequestData* request = span.request) {
    view.tracestate = request->tracestate;
    view.x_request_id = request->x_request_id;
    view.x_dynamo_request_id = request->x_dynamo_request_id;
  }
  return view;
}

}  // namespace trilobite::trace
