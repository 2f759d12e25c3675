// A new manifest from the parts themselves, for when the manifest is damaged or lost.
#pragma once

#include <string>
#include <vector>

#include "storage/manifest.h"

namespace trilobite::storage {

struct RebuiltManifest {
  ManifestState state;
  std::vector<std::string> messages;  // a sentence for each part that could not be taken in
};

// Every whole part in the folders counts, but those that a readable edit in `damaged` (the bytes of the old manifest,
// may be empty) removed. The WAL counts from its beginning.
Result<RebuiltManifest> rebuild_manifest(FileSystem& files, const Layout& layout, std::string_view damaged, TimeNs now);

// What a manifest would say of a part, from its name and its own bytes, all of which are checked. kCorrupt when it is
// not whole or not where it belongs.
Result<PartMeta> describe_part(FileSystem& files, const Layout& layout, const PartFolder& folder,
                               const std::string& name, TimeNs now);

}  // namespace trilobite::storage
