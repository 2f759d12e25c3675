// The systemd journal as a source of entries. Without a journal on the machine it says so once and gives nothing.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "agent/queue_record.h"
#include "agent/source_job.h"

namespace trilobite::agent {

struct JournalStatus {
  std::string job;
  std::uint64_t entries = 0;
  std::string error;
};

// One thread, except that status() may be called between other calls.
class JournalSource {
 public:
  virtual ~JournalSource() = default;

  // Goes on behind the cursor in `positions`, else at the configured age.
  static Result<std::unique_ptr<JournalSource>> open(const ScrapeConfig& config, SourceJob& job,
                                                     const Positions& positions, Metrics& metrics, const Clock& clock);

  virtual int descriptor() const = 0;  // readable when there may be new entries; -1 when it never is
  // At most some hundred entries; true when there may be more right now.
  virtual bool read(Entries& out) = 0;
  virtual bool has_changes() const = 0;
  virtual void take_changes(std::vector<PositionChange>& out) = 0;
  virtual JournalStatus status() const = 0;
};

// A journal entry's fields, lower case with "__journal_" in front, as relabelling sees them; and the name of PRIORITY.
void add_journal_field(std::string_view name, std::string_view value, Labels& out);

}  // namespace trilobite::agent
