#include "storage/layout.h"

#include <fmt/format.h>

#include <charconv>

#include "storage/window.h"

namespace trilobite::storage {
namespace {

constexpr std::size_t kFolderBytesMax = 200;  // a file name has at most 255

struct Date {
  std::int64_t year;
  unsigned month, day;
};

// Days since 1970-01-01 to the proleptic Gregorian calendar (years that begin in March make February's length the end).
Date civil_date(std::int64_t days) {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(shifted - era * 146'097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_index = (5 * day_of_year + 2) / 153;
  const unsigned month = month_index < 10 ? month_index + 3 : month_index - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * month_index + 2) / 5 + 1};
}

Result<std::uint32_t> parse_format(const std::string& text) {
  std::uint32_t version = 0;
  std::size_t digits = 0;
  const std::string_view prefix = "trilobite ";
  if (!text.starts_with(prefix)) return error(Code::kCorrupt, "FORMAT does not name a version");
  for (const char c : std::string_view(text).substr(prefix.size())) {
    if (c == '\n') break;
    if (c < '0' || c > '9' || ++digits > 6) return error(Code::kCorrupt, "FORMAT does not name a version");
    version = version * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (digits == 0) return error(Code::kCorrupt, "FORMAT does not name a version");
  return version;
}

}  // namespace

Result<void> check_format(FileSystem& files, const Layout& layout) {
  TRY(text, files.read_all(layout.format()));
  TRY(version, parse_format(text));
  if (version > kFormatVersion) {
    return error(Code::kUnsupported, "it has format version {}, this program knows up to {}; use a newer trilobite",
                 version, kFormatVersion);
  }
  return {};
}

std::string_view signal_name(Signal signal) {
  switch (signal) {
    case Signal::kLogs: return "logs";
    case Signal::kMetrics: return "metrics";
    case Signal::kTraces: return "traces";
    case Signal::kExemplars: return "exemplars";
  }
  return "unknown";
}

std::string tenant_folder(std::string_view tenant) {
  if (tenant.empty()) return "%";
  std::string out;
  for (std::size_t i = 0; i < tenant.size(); ++i) {
    const auto byte = static_cast<unsigned char>(tenant[i]);
    const bool letter = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (letter || byte == '_' || byte == '-' || (byte == '.' && i > 0)) {
      out.push_back(tenant[i]);
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  if (out.size() <= kFolderBytesMax) return out;
  const Hash128 hash = hash128(tenant);
  return fmt::format("{}%~{:016x}{:016x}", out.substr(0, kFolderBytesMax - 34), hash.high, hash.low);
}

std::optional<std::string> tenant_of_folder(std::string_view folder) {
  if (folder == "%") return "";
  std::string out;
  for (std::size_t i = 0; i < folder.size(); ++i) {
    if (folder[i] != '%') {
      out.push_back(folder[i]);
      continue;
    }
    unsigned byte = 0;
    const char* digits = folder.data() + i + 1;
    if (folder.size() - i < 3) return std::nullopt;
    const auto [end, code] = std::from_chars(digits, digits + 2, byte, 16);
    if (code != std::errc() || end != digits + 2) return std::nullopt;
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  if (out.empty() || tenant_folder(out) != folder) return std::nullopt;
  return out;
}

std::optional<Signal> signal_of_name(std::string_view name) {
  for (const Signal signal : {Signal::kLogs, Signal::kMetrics, Signal::kTraces, Signal::kExemplars}) {
    if (signal_name(signal) == name) return signal;
  }
  return std::nullopt;
}

Result<std::vector<PartFolder>> list_part_folders(FileSystem& files, const Layout& layout) {
  std::vector<PartFolder> out;
  TRY(tenants, files.list(layout.parts()));
  for (const FileInfo& tenant : tenants) {
    if (!tenant.directory) continue;
    const std::string tenant_path = layout.parts() + "/" + tenant.name;
    TRY(signals, files.list(tenant_path));
    for (const FileInfo& signal : signals) {
      if (!signal.directory) continue;
      const std::string signal_path = tenant_path + "/" + signal.name;
      TRY(days, files.list(signal_path));
      for (const FileInfo& day : days) {
        if (!day.directory) continue;
        PartFolder folder{tenant.name, signal.name, signal_path + "/" + day.name, {}};
        TRY(entries, files.list(folder.path));
        for (const FileInfo& entry : entries) folder.files.push_back(entry.name);
        out.push_back(std::move(folder));
      }
    }
  }
  return out;
}

std::string Layout::segment(std::uint64_t id) const { return fmt::format("{}/wal/{:010}.wal", directory_, id); }

std::string Layout::part_folder(std::string_view tenant, Signal signal, std::int64_t window) const {
  const std::int64_t windows_per_day = kDayNs / window_length(signal);
  const Date date = civil_date(window / windows_per_day - (window % windows_per_day < 0 ? 1 : 0));
  return fmt::format("{}/parts/{}/{}/{:04}-{:02}-{:02}", directory_, tenant_folder(tenant), signal_name(signal),
                     date.year, date.month, date.day);
}

std::string Layout::part(std::string_view tenant, Signal signal, std::int64_t window, std::uint64_t id) const {
  return fmt::format("{}/{:010}.part", part_folder(tenant, signal, window), id);
}

std::optional<std::uint64_t> file_number(std::string_view name, std::string_view extension) {
  if (!name.ends_with(extension)) return std::nullopt;
  name.remove_suffix(extension.size());
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (code != std::errc() || end != name.data() + name.size() || name.size() < 10) return std::nullopt;
  return number;
}

}  // namespace trilobite::storage
