// Stages that move values between the extracted map, labels, structured metadata and the tenant.
#include <algorithm>

#include "agent/stages.h"

namespace trilobite::agent {
namespace {

using TextPairs = std::vector<std::pair<std::string, std::string>>;

// A stage that does one thing to each entry on its own.
template <class Work>
class EachEntry final : public Stage {
 public:
  explicit EachEntry(Work work) : work_(std::move(work)) {}
  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) work_(entry);
  }

 private:
  const Work work_;
};

template <class Work>
Result<StagePtr> each_entry(Work work) {
  return StagePtr(std::make_unique<EachEntry<Work>>(std::move(work)));
}

Error mistake(const yaml::Node& config, const std::string& where, const std::string& what) {
  return error(Code::kInvalid, "line {}: {}: {}", config.line, where, what);
}

// A mapping of names, an empty value standing for the name itself.
Result<TextPairs> read_pairs(const yaml::Node& config, const std::string& where, bool empty_is_name) {
  if (config.kind != yaml::Kind::kMap || config.map.empty())
    return mistake(config, where, "must be a mapping of names");
  TextPairs out;
  for (const auto& [name, value] : config.map) {
    if (!valid_label_name(name)) return mistake(value, where, fmt::format("\"{}\" is not a label name", name));
    if (value.kind != yaml::Kind::kScalar && value.kind != yaml::Kind::kNull) {
      return mistake(value, where, fmt::format("\"{}\" must be a single value", name));
    }
    out.emplace_back(name, value.text.empty() && empty_is_name ? name : value.text);
  }
  return out;
}

Result<std::vector<std::string>> read_names(const yaml::Node& config, const std::string& where) {
  std::vector<std::string> out;
  if (config.kind == yaml::Kind::kScalar) {
    out.push_back(config.text);
    return out;
  }
  if (config.kind != yaml::Kind::kList || config.list.empty()) return mistake(config, where, "must be a list of names");
  for (const yaml::Node& item : config.list) {
    if (item.kind != yaml::Kind::kScalar) return mistake(item, where, "must be a list of names");
    out.push_back(item.text);
  }
  return out;
}

}  // namespace

Result<StagePtr> make_labels_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  TRY(pairs, read_pairs(config, where, true));
  return each_entry([pairs](Entry& entry) {
    for (const auto& [label, source] : pairs) {
      if (const std::string* value = entry.extracted.find(source)) entry.labels.set(label, *value);
    }
  });
}

Result<StagePtr> make_structured_metadata_stage(const yaml::Node& config, const std::string& where,
                                                const StageContext&) {
  TRY(pairs, read_pairs(config, where, true));
  return each_entry([pairs](Entry& entry) {
    for (const auto& [name, source] : pairs) {
      if (const std::string* value = entry.extracted.find(source)) {
        entry.metadata.set(name, *value);
        entry.labels.erase(name);
      }
    }
  });
}

Result<StagePtr> make_static_labels_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  TRY(pairs, read_pairs(config, where, false));
  return each_entry([pairs](Entry& entry) {
    for (const auto& [name, value] : pairs) entry.labels.set(name, value);
  });
}

Result<StagePtr> make_labeldrop_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  TRY(names, read_names(config, where));
  return each_entry([names](Entry& entry) {
    for (const std::string& name : names) entry.labels.erase(name);
  });
}

Result<StagePtr> make_labelallow_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  TRY(names, read_names(config, where));
  return each_entry([names](Entry& entry) {
    entry.labels.erase_if(
        [&](const Labels::Pair& pair) { return std::find(names.begin(), names.end(), pair.first) == names.end(); });
  });
}

Result<StagePtr> make_tenant_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::string source, label, value;
  fields.text("source", source);
  fields.text("label", label);
  fields.text("value", value);
  TRY_VOID(fields.finish());
  if (!source.empty() + !label.empty() + !value.empty() != 1) {
    return mistake(config, where, "exactly one of source, label and value must be given");
  }
  return each_entry([source, label, value](Entry& entry) {
    std::string tenant = value;
    if (!source.empty()) {
      const std::string* found = entry.extracted.find(source);
      tenant = found == nullptr ? "" : *found;
    } else if (!label.empty()) {
      tenant = entry.labels.get(label);
    }
    if (!tenant.empty()) entry.labels.set(kTenantLabel, tenant);
  });
}

}  // namespace trilobite::agent
