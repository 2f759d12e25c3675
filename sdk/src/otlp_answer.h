// What a receiver of OTLP says about a request it has answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trilobite::otlp {

// The three Export...ServiceResponse messages are alike: partial_success { rejected count, error_message }.
struct PartialSuccess {
  std::uint64_t rejected = 0;
  std::string message;
};
// Nothing when the bytes are no such message; an empty one means full success.
std::optional<PartialSuccess> read_export_response(std::string_view body);

// google.rpc.Status, the body of failed requests and gRPC's grpc-status-details-bin.
struct RpcStatus {
  std::string message;
  std::optional<std::int64_t> retry_delay_ms;  // of a RetryInfo among the details
};
std::optional<RpcStatus> read_rpc_status(std::string_view body);

// The reason in the body of an HTTP error: a Status in protobuf, or text as it is. Printable, at most 200 characters.
std::string error_text(std::string_view content_type, std::string_view body);

// grpc-message is percent-encoded; what is not, stays.
std::string percent_decoded(std::string_view text);
// Base64 with or without padding; nothing when it is not.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace trilobite::otlp
