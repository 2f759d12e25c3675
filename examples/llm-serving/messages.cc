#include "messages.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace llm {

namespace {

using simdjson::dom::element;

std::string list(const std::vector<std::uint64_t>& numbers) { return fmt::format("[{}]", fmt::join(numbers, ",")); }

// The fields of one object; a missing one or one of another type makes the whole invalid.
class Fields {
 public:
  explicit Fields(std::string_view json) {
    valid_ = parser_.parse(json.data(), json.size()).get(root_) == simdjson::SUCCESS;
  }

  std::uint64_t number(const char* key) {
    std::uint64_t value = 0;
    valid_ = valid_ && root_[key].get(value) == simdjson::SUCCESS;
    return value;
  }
  std::string text(const char* key) {
    std::string_view value;
    valid_ = valid_ && root_[key].get(value) == simdjson::SUCCESS;
    return std::string(value);
  }
  std::vector<std::uint64_t> numbers(const char* key) {
    std::vector<std::uint64_t> values;
    simdjson::dom::array array;
    valid_ = valid_ && root_[key].get(array) == simdjson::SUCCESS;
    if (!valid_) return values;
    for (const element at : array) {
      std::uint64_t value = 0;
      valid_ = valid_ && at.get(value) == simdjson::SUCCESS;
      values.push_back(value);
    }
    return values;
  }
  template <class Message>
  std::optional<Message> done(Message message) const {
    if (!valid_) return std::nullopt;
    return message;
  }
  bool valid() const { return valid_; }
  const element& root() const { return root_; }

 private:
  simdjson::dom::parser parser_;
  element root_;
  bool valid_ = false;
};

}  // namespace

std::string generate_subject(std::string_view worker) { return fmt::format("{}.generate", worker); }

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_json(const SelectRequest& m) {
  return fmt::format(R"({{"request_id":{},"blocks":{},"prompt_tokens":{}}})", json_string(m.request_id), list(m.blocks),
                     m.prompt_tokens);
}
std::string to_json(const SelectReply& m) {
  return fmt::format(R"({{"prefill":{},"decode":{},"overlap_blocks":{}}})", json_string(m.prefill),
                     json_string(m.decode), m.overlap_blocks);
}
std::string to_json(const PrefillRequest& m) {
  return fmt::format(R"({{"blocks":{},"prompt_tokens":{}}})", list(m.blocks), m.prompt_tokens);
}
std::string to_json(const PrefillReply& m) { return fmt::format(R"({{"cached_tokens":{}}})", m.cached_tokens); }
std::string to_json(const DecodeRequest& m) {
  return fmt::format(R"({{"prompt_tokens":{},"tokens_max":{},"seed":{}}})", m.prompt_tokens, m.tokens_max, m.seed);
}
std::string to_json(const WorkerEvent& m) {
  return fmt::format(R"({{"worker":{},"kind":{},"load":{},"active_blocks":{},"stored":{},"removed":{}}})",
                     json_string(m.worker), json_string(m.kind), m.load, m.active_blocks, list(m.stored),
                     list(m.removed));
}

std::optional<SelectRequest> parse_select_request(std::string_view json) {
  Fields f(json);
  return f.done(SelectRequest{f.text("request_id"), f.numbers("blocks"), f.number("prompt_tokens")});
}
std::optional<SelectReply> parse_select_reply(std::string_view json) {
  Fields f(json);
  return f.done(SelectReply{f.text("prefill"), f.text("decode"), f.number("overlap_blocks")});
}
std::optional<PrefillRequest> parse_prefill_request(std::string_view json) {
  Fields f(json);
  return f.done(PrefillRequest{f.numbers("blocks"), f.number("prompt_tokens")});
}
std::optional<PrefillReply> parse_prefill_reply(std::string_view json) {
  Fields f(json);
  return f.done(PrefillReply{f.number("cached_tokens")});
}
std::optional<DecodeRequest> parse_decode_request(std::string_view json) {
  Fields f(json);
  return f.done(DecodeRequest{f.number("prompt_tokens"), f.number("tokens_max"), f.number("seed")});
}
std::optional<WorkerEvent> parse_worker_event(std::string_view json) {
  Fields f(json);
  return f.done(WorkerEvent{f.text("worker"), f.text("kind"), f.number("load"), f.number("active_blocks"),
                            f.numbers("stored"), f.numbers("removed")});
}

std::optional<CompletionRequest> parse_completion_request(std::string_view json, bool chat, std::string& error) {
  Fields f(json);
  if (!f.valid()) return error = "the body is not JSON", std::nullopt;
  CompletionRequest request;
  request.model = f.text("model");
  if (!f.valid()) return error = "model must be a string", std::nullopt;
  if (chat) {
    simdjson::dom::array messages;
    if (f.root()["messages"].get(messages) != simdjson::SUCCESS || messages.size() == 0)
      return error = "messages must be a list with at least one message", std::nullopt;
    for (const element message : messages) {
      std::string_view content;
      if (message["content"].get(content) != simdjson::SUCCESS)
        return error = "content of a message must be a string", std::nullopt;
      request.prompt += content;
      request.prompt += '\n';
    }
  } else {
    request.prompt = f.text("prompt");
    if (!f.valid()) return error = "prompt must be a string", std::nullopt;
  }
  // Optional ones: a wrong type is an error, absence is not.
  if (element value; f.root()["max_tokens"].get(value) == simdjson::SUCCESS) {
    if (value.get(request.tokens_max) != simdjson::SUCCESS || request.tokens_max == 0 || request.tokens_max > 4096)
      return error = "max_tokens must be a whole number from 1 to 4096", std::nullopt;
  }
  if (element value; f.root()["stream"].get(value) == simdjson::SUCCESS) {
    if (value.get(request.stream) != simdjson::SUCCESS) return error = "stream must be true or false", std::nullopt;
  }
  return request;
}

}  // namespace llm
