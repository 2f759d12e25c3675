# cmake -DSOURCE=folder -DOUTPUT=build_revision.cc -P BuildRevision.cmake: the commit as a C++ file, written only
# when it is another than before.
function(git variable otherwise)
  execute_process(COMMAND git ${ARGN} WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE text RESULT_VARIABLE failed
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(failed)
    set(text "${otherwise}")
  endif()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

git(revision unknown describe --always --tags --abbrev=9)
git(branch unknown rev-parse --abbrev-ref HEAD)
git(date "" show -s --format=%cI HEAD)

file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[// Made by cmake/BuildRevision.cmake.
#include "api/build_revision.h"

namespace trilobite::api {

const BuildRevision& build_revision() {
  static constexpr BuildRevision kRevision{"@revision@", "@branch@", "@date@"};
  return kRevision;
}

}  // namespace trilobite::api
]] @ONLY)
