// The built-in agent's way to the store of its own process: no HTTP, the same checks.
#pragma once

#include "agent/sink.h"
#include "ingest/label_string.h"
#include "ingest/log_writer.h"

namespace trilobite::server {

class EmbeddedSink final : public agent::Sink {
 public:
  // Both must outlive the sink.
  EmbeddedSink(ingest::LogWriter& writer, ingest::LabelCache& labels) : writer_(writer), labels_(labels) {}
  agent::SendOutcome send(std::string_view tenant, std::string_view push_body) override;

 private:
  ingest::LogWriter& writer_;
  ingest::LabelCache& labels_;
};

}  // namespace trilobite::server
