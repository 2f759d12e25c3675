// The JSON the line writer needs: strings out, and the question whether a text is JSON.
#pragma once

#include <string>
#include <string_view>

namespace trilobite::log {

// Writes text with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// The length of the start of text that goes into a JSON string as it is. May end early, never late.
std::size_t plain_run(std::string_view text);

// False when the first characters show that text is not JSON.
bool may_be_json(std::string_view text);

// If text is one JSON value, appends it without the white space between its tokens and returns true; otherwise leaves
// out as it was. Keys keep their order, numbers their digits. Nesting deeper than 128 is refused.
bool append_if_json(std::string& out, std::string_view text);

}  // namespace trilobite::log
