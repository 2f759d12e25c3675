// Values of fields as OTLP's AnyValue and KeyValue, for all signals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <trilobite/log_value.h>

#include "protobuf_writer.h"

namespace trilobite::otlp {

// Strings of protobuf are UTF-8: bytes that are not become U+FFFD.
void put_text(ProtobufWriter& writer, std::uint32_t field, std::string_view text);

// AnyValue in field.
void put_value(ProtobufWriter& writer, std::uint32_t field, const log::Value& value);

// KeyValue in field.
void put_attribute(ProtobufWriter& writer, std::uint32_t field, std::string_view key, const log::Value& value);

}  // namespace trilobite::otlp
