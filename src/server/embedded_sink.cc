#include "server/embedded_sink.h"

#include "api/tenant.h"
#include "base/hash.h"
#include "ingest/loki_push.h"

namespace trilobite::server {
namespace {

bool may_pass_later(Code code) {
  return code == Code::kOverload || code == Code::kUnavailable || code == Code::kNoSpace || code == Code::kIo;
}

agent::SendOutcome failed(const Error& error) {
  const bool later = may_pass_later(error.code);
  return {later ? agent::Delivery::kRetry : agent::Delivery::kRefused, error.message, error.code == Code::kOverload};
}

}  // namespace

agent::SendOutcome EmbeddedSink::send(std::string_view tenant, std::string_view push_body) {
  auto push = ingest::decode_push_protobuf(push_body, labels_);
  if (!push.ok()) return failed(push.error());
  push->request = hash128(push_body);
  const auto outcome = writer_.write(tenant.empty() ? api::kSingleTenant : tenant, std::move(*push));
  if (!outcome.ok()) return failed(outcome.error());
  // Some lines were refused for good, the others are stored: sending again would change nothing.
  if (outcome->partial && outcome->rows_accepted == 0)
    return {agent::Delivery::kRefused, outcome->partial->message, false};
  return {};
}

}  // namespace trilobite::server
