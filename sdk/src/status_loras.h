// The routes that load and unload LoRA adapters.
#pragma once

#include <string_view>

#include <trilobite/status_server.h>

namespace trilobite::status {

bool is_lora_path(std::string_view path);

// routes may be null: an error tells that nobody answers.
http::Response answer_lora(const LoraRoutes* routes, const http::Request& request);

}  // namespace trilobite::status
