// Reading JSON that is known to be well formed and to have no white space: what append_if_json() leaves.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

namespace trilobite {

class JsonPull {
 public:
  explicit JsonPull(std::string_view compact) : rest_(compact) {}

  bool at_object() const { return rest_.starts_with('{'); }
  bool at_string() const { return rest_.starts_with('"'); }
  bool at_number() const { return !rest_.empty() && (rest_[0] == '-' || (rest_[0] >= '0' && rest_[0] <= '9')); }

  // Requires at_object(). Calls field(key) for each member; it must take the value. False from it ends the walk.
  template <class OnField>
  bool object(OnField field) {
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_[0] != '}') {
      if (rest_[0] == ',') rest_.remove_prefix(1);
      const std::string key = string();
      rest_.remove_prefix(1);  // the colon
      if (!field(key)) return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  // Requires at_number(). Out of range: infinity or zero.
  double number() {
    double out = 0;
    const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (failure == std::errc::result_out_of_range) out = 0;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return out;
  }

  // Requires at_string().
  std::string string();

  // Takes one value of any kind and returns its text.
  std::string_view skip();

 private:
  std::string_view rest_;
};

}  // namespace trilobite
