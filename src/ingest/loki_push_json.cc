// {"streams":[{"stream":{k:v},"values":[["ns","line",{SM}?]...]}]}, and the older form of /api/prom/push:
// {"streams":[{"labels":"{k=\"v\"}","entries":[{"ts":RFC3339,"line"}]}]}. The keys tell which it is, so that either
// path takes either form and no client loses lines by mixing them up.
#include <simdjson.h>

#include <charconv>

#include "ingest/loki_push.h"
#include "ingest/push_builder.h"
#include "ingest/timestamp.h"

namespace trilobite::ingest {
namespace {

namespace od = simdjson::ondemand;

Error invalid(std::string_view what) { return error(Code::kInvalid, "loghttp.PushRequest.Streams: {}", what); }

class JsonPush {
 public:
  explicit JsonPush(LabelCache& labels) : labels_(labels) {}

  // simdjson's accessors throw; the caller catches.
  Result<LogPush> decode(std::string& text) {
    if (!builder_.fits(text.size())) return error(Code::kLimit, "request body too large: {} bytes", text.size());
    text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    od::parser parser;
    od::document document = parser.iterate(text.data(), text.size(), text.capacity());
    od::object root = document.get_object();
    for (od::field field : root) {
      if (field.unescaped_key().value() != "streams") continue;
      od::value streams = field.value();
      if (streams.type().value() == od::json_type::null) continue;
      od::array list = streams.get_array();
      for (od::value entry : list) TRY_VOID(stream(entry.get_object()));
    }
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
      return invalid("unexpected text behind the request");
    return builder_.finish();
  }

 private:
  Result<void> stream(od::object object) {
    label_text_.clear();
    for (od::field field : object) {
      const std::string_view key = field.unescaped_key().value();
      if (key == "stream") {
        TRY_VOID(stream_labels(field.value()));
      } else if (key == "labels") {
        label_text_ = std::string_view(field.value().get_string());
      } else if (key == "values" || key == "entries") {
        const bool legacy = key == "entries";
        od::value value = field.value();
        if (value.type().value() == od::json_type::null) continue;
        od::array list = value.get_array();
        for (od::value entry : list) {
          TRY_VOID(legacy ? legacy_entry(entry.get_object()) : this->entry(entry.get_array()));
        }
      }
    }
    if (label_text_.empty()) label_text_ = "{}";
    auto set = labels_.get(label_text_);
    if (!set.ok()) return std::move(set).error().within("couldn't parse labels");
    builder_.end_stream(std::move(*set));
    return {};
  }

  // As the text form, so that both formats share the parser, its errors and the cache.
  Result<void> stream_labels(od::value value) {
    if (value.type().value() != od::json_type::object) return invalid("the labels of a stream must be an object");
    label_text_ = "{";
    od::object object = value.get_object();
    for (od::field field : object) {
      if (label_text_.size() > 1) label_text_ += ", ";
      scratch_ = field.unescaped_key().value();
      od::value content = field.value();
      switch (content.type().value()) {
        case od::json_type::string:
          append_label(label_text_, scratch_, content.get_string().value());
          break;
        case od::json_type::number:
        case od::json_type::boolean:
          append_label(label_text_, scratch_, bare(content.raw_json_token()));
          break;
        default:
          return invalid("the value of a label must be text");
      }
    }
    label_text_ += '}';
    return {};
  }

  static std::string_view bare(std::string_view token) {
    while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
    return token;
  }

  Result<void> entry(od::array row) {
    TimeNs time = 0;
    std::size_t index = 0;
    line_.clear();
    metadata_.clear();
    for (od::value item : row) {
      if (index == 0) {
        TRY(parsed, nanoseconds(item));
        time = parsed;
      } else if (index == 1) {
        if (item.type().value() != od::json_type::string) return invalid("the line of an entry must be a string");
        line_ = item.get_string().value();
      } else if (index == 2) {
        TRY_VOID(metadata(item));
      }
      ++index;
    }
    if (index == 0) return invalid("an entry needs a timestamp");
    builder_.add_row(time, line_);
    if (!metadata_.empty()) builder_.set_metadata(metadata_.bytes());
    return {};
  }

  static Result<TimeNs> nanoseconds(od::value value) {
    if (value.type().value() != od::json_type::string) return invalid("the timestamp of an entry must be a string");
    const std::string_view text = value.get_string();
    TimeNs time = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), time);
    if (failed != std::errc() || end != text.data() + text.size()) {
      return invalid(fmt::format("the timestamp \"{}\" is no number of nanoseconds", text));
    }
    return time;
  }

  Result<void> metadata(od::value value) {
    const od::json_type type = value.type();
    if (type == od::json_type::null) return {};
    if (type != od::json_type::object) return invalid("structured metadata must be an object");
    od::object object = value.get_object();
    for (od::field field : object) {
      scratch_ = field.unescaped_key().value();
      od::value content = field.value();
      if (content.type().value() != od::json_type::string) return invalid("structured metadata values must be strings");
      // simdjson keeps unescaped strings in one buffer of the parser, so the view lives as long as the document.
      TRY_VOID(metadata_.add(scratch_, content.get_string().value()));
    }
    return {};
  }

  Result<void> legacy_entry(od::object object) {
    TimeNs time = 0;
    line_.clear();
    for (od::field field : object) {
      const std::string_view key = field.unescaped_key().value();
      if (key == "ts" || key == "timestamp") {
        const std::string_view text = field.value().get_string();
        const auto parsed = parse_rfc3339(text);
        if (!parsed) return invalid(fmt::format("the timestamp \"{}\" is not RFC 3339", text));
        time = *parsed;
      } else if (key == "line") {
        line_ = std::string_view(field.value().get_string());
      }
    }
    builder_.add_row(time, line_);
    return {};
  }

  LabelCache& labels_;
  PushBuilder builder_;
  MetadataBuilder metadata_;
  std::string label_text_, scratch_, line_;
};

// simdjson refuses text that is not UTF-8, while log lines may hold anything: such bytes become U+FFFD.
std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = byte < 0x80                   ? 1
                               : byte >= 0xC2 && byte < 0xE0 ? 2
                               : byte >= 0xE0 && byte < 0xF0 ? 3
                               : byte >= 0xF0 && byte < 0xF5 ? 4
                                                             : 0;
    if (length == 1 || (length > 1 && length <= text.size() && simdjson::validate_utf8(text.data(), length))) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    } else {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

Result<LogPush> decode_push_json(std::string message, LabelCache& labels) {
  for (bool repaired = false;; repaired = true) {
    try {
      return JsonPush(labels).decode(message);
    } catch (const simdjson::simdjson_error& failed) {
      if (failed.error() != simdjson::UTF8_ERROR || repaired) {
        return invalid(simdjson::error_message(failed.error()));
      }
      message = repaired_utf8(message);
    }
  }
}

}  // namespace trilobite::ingest
