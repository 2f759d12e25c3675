// Every bound of the agent that is not configuration, with the reason for its value.
#pragma once

#include <chrono>
#include <cstddef>

namespace trilobite::agent {

using namespace std::chrono_literals;

// One read of a file. Large enough that a backlog is read at disk speed, small enough that many files take turns.
inline constexpr std::size_t kReadChunkBytes = 256 * 1024;

// A line that grows past this without a newline is cut here, whatever the configuration says: memory is bounded.
inline constexpr std::size_t kLineBytesCap = 1024 * 1024;

// How much of a file's beginning tells it from another file that got the same inode.
inline constexpr std::size_t kHeadBytes = 1024;
// How much before the read position must still be there, else the file was truncated and has grown again.
inline constexpr std::size_t kTailBytes = 64;
// NUL bytes in this much of the beginning make a file binary.
inline constexpr std::size_t kBinaryProbeBytes = 4096;

// A file that lost its name is closed after it has not grown for this long: daemons keep writing to the old file until
// they are told to reopen, and a deleted file takes disk space while we hold it.
inline constexpr auto kRenamedIdle = 5min;
inline constexpr auto kDeletedIdle = 10s;

// How often files that inotify does not cover are looked at (Promtail's file_watch_config default).
inline constexpr auto kPollInterval = 250ms;
// With inotify, files are still looked at this often: watches can be lost, and a missed event must not lose a line.
inline constexpr auto kSafetyPollInterval = 2s;
// Several directory events come together; the folders are walked once for all of them.
inline constexpr auto kRescanDelay = 20ms;

// A configuration with more values than this is a mistake or an attack by aliases.
inline constexpr std::size_t kYamlNodesMax = 100'000;

// Folders that one glob may make us walk, and files that it may make us follow.
inline constexpr std::size_t kFoldersMax = 20'000;
inline constexpr std::size_t kFilesMax = 50'000;

// Queue: a segment is deleted as a whole, so it is a small part of the whole budget.
inline constexpr std::size_t kQueueBytesDefault = 256u << 20;
inline constexpr std::size_t kSegmentBytesDefault = 8u << 20;
// A record holds one commit: a batch (1 MiB by default) plus one line per tenant, never near this.
inline constexpr std::size_t kRecordBytesMax = 256u << 20;
// Records that senders have not taken yet are kept in memory up to this, so that a sender that keeps up reads no disk.
inline constexpr std::size_t kQueueMemoryBytes = 4u << 20;

// The server recognises a repeated body, so what it acknowledged may be written down a little later.
inline constexpr auto kAcknowledgeInterval = 200ms;

}  // namespace trilobite::agent
