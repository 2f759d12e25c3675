#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace trilobite {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "BUG: check failed: %s at %s:%d\n", condition, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace trilobite
