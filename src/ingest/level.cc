#include "ingest/level.h"

#include <array>
#include <charconv>
#include <cstring>

namespace trilobite::ingest {
namespace {

// In order of precedence.
constexpr std::array<std::string_view, kLevelFields> kFieldNames = {
    "level",        "LEVEL", "Level", "log.level", "severity",      "SEVERITY",      "Severity",
    "SeverityText", "lvl",   "LVL",   "Lvl",       "severity_text", "Severity_Text", "SEVERITY_TEXT"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// `word` is in lower case.
bool equal_fold(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != word[i]) return false;
  }
  return true;
}

bool is_field_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 13) return false;
  const char first = lower(name.front());
  if (first != 'l' && first != 's') return false;  // turns away most names at once
  for (const std::string_view field : kFieldNames) {
    if (field == name) return true;
  }
  return false;
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool looks_like_json(std::string_view line) {
  std::size_t start = 0, end = line.size();
  while (start < end && is_blank(line[start])) ++start;
  while (end > start && is_blank(line[end - 1])) --end;
  return end > start && line[start] == '{' && line[end - 1] == '}';
}

// Walks a JSON object in document order for the first string under a level name, into objects one level down.
// No full parse: what is no JSON ends the walk, as it does in Loki.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  std::string_view find() {
    object(0);
    return value_;
  }

 private:
  static constexpr int kDepthMax = 2;

  // True: go on behind it. False: found, or broken.
  bool object(int depth) {
    skip_blanks();
    if (!accept('{')) return false;
    skip_blanks();
    if (accept('}')) return true;
    for (;;) {
      skip_blanks();
      std::string_view name;
      if (!string(name)) return false;
      skip_blanks();
      if (!accept(':')) return false;
      skip_blanks();
      if (at_ == end_ || !value(name, depth)) return false;
      skip_blanks();
      if (accept('}')) return true;
      if (!accept(',')) return false;
    }
  }

  bool value(std::string_view name, int depth) {
    if (*at_ == '"') {
      std::string_view text;
      if (!string(text)) return false;
      if (!is_field_name(name)) return true;
      value_ = text;
      return false;
    }
    if (*at_ == '{' && depth + 1 < kDepthMax) return object(depth + 1);
    if (*at_ == '{' || *at_ == '[') return skip_nested();
    while (at_ < end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !is_blank(*at_)) ++at_;
    return true;
  }

  bool string(std::string_view& out) {
    if (!accept('"')) return false;
    const char* start = at_;
    for (;;) {
      const auto* quote = static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
      if (quote == nullptr) return false;
      at_ = quote + 1;
      const char* slash = quote;
      while (slash > start && slash[-1] == '\\') --slash;
      if ((quote - slash) % 2 == 0) {
        out = {start, static_cast<std::size_t>(quote - start)};
        return true;
      }
    }
  }

  bool skip_nested() {
    int open = 0;
    while (at_ < end_) {
      const char c = *at_;
      if (c == '"') {
        std::string_view ignored;
        if (!string(ignored)) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++open;
      if ((c == '}' || c == ']') && --open == 0) return true;
    }
    return false;
  }

  bool accept(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ < end_ && is_blank(*at_)) ++at_;
  }

  const char* at_;
  const char* end_;
  std::string_view value_;
};

// Rank of a logfmt key among the names, letter case ignored; kFieldNames.size() when it is none.
std::size_t field_rank(std::string_view key) {
  if (key.size() < 3 || key.size() > 13) return kFieldNames.size();
  const char first = lower(key.front());
  if (first != 'l' && first != 's') return kFieldNames.size();
  if (equal_fold(key, "level")) return 0;
  if (equal_fold(key, "log.level")) return 3;
  if (equal_fold(key, "severity")) return 4;
  if (equal_fold(key, "severitytext")) return 7;
  if (equal_fold(key, "lvl")) return 8;
  if (equal_fold(key, "severity_text")) return 11;
  return kFieldNames.size();
}

// The value of the best level key of a logfmt line; the walk ends where the line is no logfmt. Escapes inside quotes
// stay as they are: no level has one.
std::string_view logfmt_level(std::string_view line) {
  const char* at = line.data();
  const char* const end = at + line.size();
  std::size_t best = kFieldNames.size();
  std::string_view result;
  while (at < end) {
    while (at < end && static_cast<unsigned char>(*at) <= ' ') ++at;
    const char* key = at;
    while (at < end && *at != '=' && *at != '"' && static_cast<unsigned char>(*at) > ' ') ++at;
    if (at == end || *at == '"') break;
    if (*at != '=') continue;  // a bare word
    if (at == key) break;
    const std::size_t rank = field_rank({key, static_cast<std::size_t>(at - key)});
    ++at;
    const char* value = at;
    std::size_t length = 0;
    if (at < end && *at == '"') {
      ++value;
      for (++at; at < end && *at != '"'; ++at) {
        if (*at == '\\') ++at;
      }
      if (at >= end) break;
      length = static_cast<std::size_t>(at - value);
      ++at;
    } else {
      while (at < end && *at != '=' && *at != '"' && static_cast<unsigned char>(*at) > ' ') ++at;
      if (at<end&& static_cast<unsigned char>(*at)> ' ') break;
      length = static_cast<std::size_t>(at - value);
    }
    if (rank < best) {
      best = rank;
      result = {value, length};
      if (rank == 0) break;
    }
  }
  return result;
}

struct Word {
  std::string_view text;
  Level level;
};
// Where one word starts with another, the longer one comes first.
constexpr std::array<Word, 9> kWords = {{{"trace", Level::kTrace},
                                         {"debug", Level::kDebug},
                                         {"fatal", Level::kFatal},
                                         {"critical", Level::kCritical},
                                         {"error", Level::kError},
                                         {"err", Level::kError},
                                         {"warning", Level::kWarn},
                                         {"warn", Level::kWarn},
                                         {"info", Level::kInfo}}};

enum : std::uint8_t { kLeft = 1, kRight = 2, kFirst = 4 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (const char c : std::string_view(" \t\n\v\f\r[({\"=")) classes[static_cast<unsigned char>(c)] = kLeft | kRight;
  for (const char c : std::string_view("]):,!}")) classes[static_cast<unsigned char>(c)] |= kRight;
  for (const char c : std::string_view("tdfcewiTDFCEWI")) classes[static_cast<unsigned char>(c)] |= kFirst;
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

std::optional<Level> word_at(std::string_view rest) {
  for (const Word& word : kWords) {
    const std::size_t length = word.text.size();
    if (rest.size() < length || !equal_fold(rest.substr(0, length), word.text)) continue;
    if (rest.size() == length || (kClasses[static_cast<unsigned char>(rest[length])] & kRight) != 0) return word.level;
  }
  return std::nullopt;
}

// The earliest word of kWords with a boundary on both sides.
Level level_of_words(std::string_view line) {
  std::uint8_t before = kLeft;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::uint8_t here = kClasses[static_cast<unsigned char>(line[i])];
    if ((before & kLeft) != 0 && (here & kFirst) != 0) {
      if (const auto level = word_at(line.substr(i))) return *level;
    }
    before = here;
  }
  return Level::kUnknown;
}

}  // namespace

std::string_view level_name(Level level) {
  static constexpr std::array<std::string_view, kLevels> kNames = {"unknown", "trace", "debug",    "info",
                                                                   "warn",    "error", "critical", "fatal"};
  return kNames[static_cast<std::size_t>(level)];
}

std::optional<Level> level_of_value(std::string_view value) {
  if (value.size() < 3 || value.size() > 11) return std::nullopt;
  static constexpr std::array<Word, 14> kValues = {{{"info", Level::kInfo},
                                                    {"error", Level::kError},
                                                    {"warn", Level::kWarn},
                                                    {"warning", Level::kWarn},
                                                    {"debug", Level::kDebug},
                                                    {"trace", Level::kTrace},
                                                    {"fatal", Level::kFatal},
                                                    {"critical", Level::kCritical},
                                                    {"err", Level::kError},
                                                    {"inf", Level::kInfo},
                                                    {"wrn", Level::kWarn},
                                                    {"dbg", Level::kDebug},
                                                    {"trc", Level::kTrace},
                                                    {"information", Level::kInfo}}};
  for (const Word& word : kValues) {
    if (equal_fold(value, word.text)) return word.level;
  }
  return std::nullopt;
}

std::string_view normal_level(std::string_view value) {
  const std::optional<Level> level = level_of_value(value);
  return level ? level_name(*level) : value;
}

std::size_t level_field_rank(std::string_view name) {
  if (!is_field_name(name)) return kLevelFields;
  std::size_t rank = 0;
  while (kFieldNames[rank] != name) ++rank;
  return rank;
}

std::optional<std::string_view> level_label(const LabelSet& labels) {
  std::size_t best = kLevelFields;
  std::string_view result;
  for (const auto& [name, value] : labels) {
    if (const std::size_t rank = level_field_rank(name); rank < best) {
      best = rank;
      result = value;
    }
  }
  if (best == kLevelFields) return std::nullopt;
  return result;
}

Level level_of_severity_number(std::string_view number) {
  int value = 0;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (failed != std::errc() || end != number.data() + number.size()) return Level::kInfo;
  if (value == 0 || value > 24) return Level::kUnknown;
  if (value <= 4) return Level::kTrace;
  if (value <= 8) return Level::kDebug;
  if (value <= 12) return Level::kInfo;
  if (value <= 16) return Level::kWarn;
  if (value <= 20) return Level::kError;
  return Level::kFatal;
}

Level level_of_line(std::string_view line) {
  std::string_view value;
  if (looks_like_json(line)) {
    value = JsonWalk(line).find();
  } else if (line.find('=') != std::string_view::npos) {
    value = logfmt_level(line);
  }
  if (const auto level = level_of_value(value)) return *level;
  return level_of_words(line);
}

}  // namespace trilobite::ingest
