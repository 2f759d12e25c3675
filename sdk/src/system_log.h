// The logs of the system: syslog and systemd's journal. Both take datagrams on a local socket; no library is needed.
#pragma once

#include <memory>
#include <string>

#include "event_sink.h"

namespace trilobite::log {

// One datagram per line: `<30>Mar  1 08:15:30 shop[17]: shop::pay: retrying attempt=2`. The facility is daemon.
std::unique_ptr<EventSink> syslog_sink(const std::string& socket_path, const std::string& program);

// One entry per line: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, TARGET, CODE_FILE, CODE_LINE, TRACE_ID, SPAN_ID, SPAN_NAME,
// and each field under its key in capitals; what cannot be the name of a field there is an underscore.
std::unique_ptr<EventSink> journal_sink(const std::string& socket_path, const std::string& program);

inline constexpr const char* kSyslogSocket = "/dev/log";
inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

}  // namespace trilobite::log
