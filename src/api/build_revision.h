// Which commit this was built from. A file of its own, made at every build: nothing else is compiled again for it.
#pragma once

namespace trilobite::api {

struct BuildRevision {
  const char* revision;  // as `git describe` says; "unknown" outside a repository
  const char* branch;
  const char* date;      // of the commit, so that the same sources give the same program
};
const BuildRevision& build_revision();

}  // namespace trilobite::api
