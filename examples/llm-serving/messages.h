// What the processes say to each other, as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llm {

// Subjects: select and events to the router, NAME.generate to a worker.
inline constexpr const char* kSelectSubject = "router.select";
inline constexpr const char* kEventSubject = "router.events";
std::string generate_subject(std::string_view worker);

struct SelectRequest {
  std::string request_id;
  std::vector<std::uint64_t> blocks;
  std::uint64_t prompt_tokens = 0;
};
struct SelectReply {
  std::string prefill, decode;
  std::uint64_t overlap_blocks = 0;
};
struct PrefillRequest {
  std::vector<std::uint64_t> blocks;
  std::uint64_t prompt_tokens = 0;
};
struct PrefillReply {
  std::uint64_t cached_tokens = 0;
};
struct DecodeRequest {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t tokens_max = 0;
  std::uint64_t seed = 0;
};

// Of a worker, each second and whenever its cache changed.
struct WorkerEvent {
  std::string worker;
  std::string kind;                    // prefill or decode
  std::uint64_t load = 0;              // prefill: waiting tokens; decode: sequences active and waiting
  std::uint64_t active_blocks = 0;     // decode
  std::vector<std::uint64_t> stored;   // prefill: blocks it has now
  std::vector<std::uint64_t> removed;  // and those it no longer has
};

// The body of a chat or a text completion.
struct CompletionRequest {
  std::string model;
  std::string prompt;  // of a chat: all messages
  std::uint64_t tokens_max = 128;
  bool stream = false;
};

std::string to_json(const SelectRequest& message);
std::string to_json(const SelectReply& message);
std::string to_json(const PrefillRequest& message);
std::string to_json(const PrefillReply& message);
std::string to_json(const DecodeRequest& message);
std::string to_json(const WorkerEvent& message);
std::string json_string(std::string_view text);  // as a JSON string

// Nothing: not such a message.
std::optional<SelectRequest> parse_select_request(std::string_view json);
std::optional<SelectReply> parse_select_reply(std::string_view json);
std::optional<PrefillRequest> parse_prefill_request(std::string_view json);
std::optional<PrefillReply> parse_prefill_reply(std::string_view json);
std::optional<DecodeRequest> parse_decode_request(std::string_view json);
std::optional<WorkerEvent> parse_worker_event(std::string_view json);
// error says what is missing, in the words the HTTP client gets.
std::optional<CompletionRequest> parse_completion_request(std::string_view json, bool chat, std::string& error);

}  // namespace llm
