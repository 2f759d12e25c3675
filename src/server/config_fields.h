// How one configuration key of each kind is read and printed. `at` finds the value in whatever holds it.
#pragma once

#include <charconv>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/config_keys.h"

namespace trilobite::server {

// member(&Config::http, &HttpServerOptions::listen): the way to a value.
template <class Holder, class T>
auto member(T Holder::*value) {
  return [value](Holder& holder) -> T& { return holder.*value; };
}
template <class Holder, class Part, class T>
auto member(Part Holder::*part, T Part::*value) {
  return [part, value](Holder& holder) -> T& { return holder.*part.*value; };
}

template <class Holder>
struct Field {
  std::string name, type, help;
  bool list = false;
  bool tree = false;  // a mapping of its own; comes and goes as YAML text in one line
  std::function<Result<void>(Holder&, const std::vector<std::string>&)> set;
  std::function<std::vector<std::string>(const Holder&)> get;
};

template <class Holder, class Parse, class Print>
Field<Holder> make_field(std::string name, std::string type, std::string help, Parse parse, Print print) {
  Field<Holder> field{std::move(name), std::move(type), std::move(help), false, false, {}, {}};
  field.set = [parse](Holder& holder, const std::vector<std::string>& values) -> Result<void> {
    if (values.size() != 1) return error(Code::kInvalid, "wants one value, not a list");
    return parse(holder, values.front());
  };
  field.get = [print](const Holder& holder) { return std::vector<std::string>{print(holder)}; };
  return field;
}

template <class Holder, class At>
Field<Holder> text_field(std::string name, std::string help, At at) {
  return make_field<Holder>(
      std::move(name), "text", std::move(help),
      [at](Holder& h, const std::string& value) -> Result<void> {
        at(h) = value;
        return {};
      },
      [at](const Holder& h) { return at(const_cast<Holder&>(h)); });
}

template <class Holder, class At>
Field<Holder> flag_field(std::string name, std::string help, At at) {
  return make_field<Holder>(
      std::move(name), "true or false", std::move(help),
      [at](Holder& h, const std::string& value) -> Result<void> {
        TRY(parsed, parse_flag(value));
        at(h) = parsed;
        return {};
      },
      [at](const Holder& h) { return std::string(at(const_cast<Holder&>(h)) ? "true" : "false"); });
}

template <class Holder, class At>
Field<Holder> count_field(std::string name, std::string help, At at) {
  return make_field<Holder>(
      std::move(name), "number", std::move(help),
      [at](Holder& h, const std::string& value) -> Result<void> {
        std::uint64_t parsed = 0;
        const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), parsed);
        if (failed != std::errc() || end != value.data() + value.size() || parsed > 1ull << 40) {
          return error(Code::kInvalid, "\"{}\" is no whole number from 0 to 2^40", value);
        }
        at(h) = static_cast<std::remove_reference_t<decltype(at(h))>>(parsed);
        return {};
      },
      [at](const Holder& h) { return std::to_string(at(const_cast<Holder&>(h))); });
}

template <class Holder, class At>
Field<Holder> bytes_field(std::string name, std::string help, At at) {
  return make_field<Holder>(
      std::move(name), "size", std::move(help),
      [at](Holder& h, const std::string& value) -> Result<void> {
        TRY(parsed, parse_bytes(value));
        at(h) = static_cast<std::remove_reference_t<decltype(at(h))>>(parsed);
        return {};
      },
      [at](const Holder& h) { return format_bytes(at(const_cast<Holder&>(h))); });
}

template <class Holder, class At>
Field<Holder> duration_field(std::string name, std::string help, At at) {
  return make_field<Holder>(
      std::move(name), "duration", std::move(help),
      [at](Holder& h, const std::string& value) -> Result<void> {
        TRY(parsed, parse_duration(value));
        using Target = std::remove_reference_t<decltype(at(h))>;
        at(h) = std::chrono::duration_cast<Target>(parsed);
        return {};
      },
      [at](const Holder& h) { return format_duration(at(const_cast<Holder&>(h))); });
}

template <class Holder, class At>
Field<Holder> share_field(std::string name, std::string help, At at) {
  return make_field<Holder>(
      std::move(name), "share from 0 to 1", std::move(help),
      [at](Holder& h, const std::string& value) -> Result<void> {
        double parsed = 0;
        const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), parsed);
        if (failed != std::errc() || end != value.data() + value.size() || !(parsed >= 0 && parsed <= 1)) {
          return error(Code::kInvalid, "\"{}\" is no number from 0 to 1", value);
        }
        at(h) = parsed;
        return {};
      },
      [at](const Holder& h) { return fmt::format("{}", at(const_cast<Holder&>(h))); });
}

template <class Holder, class At>
Field<Holder> texts_field(std::string name, std::string help, At at) {
  Field<Holder> field{std::move(name), "list of texts", std::move(help), true, false, {}, {}};
  field.set = [at](Holder& h, const std::vector<std::string>& values) -> Result<void> {
    at(h) = values;
    return {};
  };
  field.get = [at](const Holder& h) { return at(const_cast<Holder&>(h)); };
  return field;
}

}  // namespace trilobite::server
