// Texts and errors across the C interface.
#pragma once

#include <trilobite.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include <trilobite/log_value.h>

namespace trilobite::c_api {

inline std::string_view view(tri_text text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

inline std::vector<std::string_view> views(const tri_text* texts, std::size_t count) {
  std::vector<std::string_view> all;
  for (std::size_t i = 0; texts != nullptr && i < count; ++i) all.push_back(view(texts[i]));
  return all;
}

inline void tell(std::string_view reason, char* error, std::size_t error_size) {
  if (error == nullptr || error_size == 0) return;
  const std::size_t size = std::min(reason.size(), error_size - 1);
  std::memcpy(error, reason.data(), size);
  error[size] = '\0';
}

// They point at the texts of fields.
std::vector<log::Field> to_fields(const tri_field* fields, std::size_t count);

}  // namespace trilobite::c_api
