// Checks of our own reasoning. A failed check is a bug: it prints the place and stops the process, because going on
// could damage data. Mistakes of a caller or of the disk are Result<T>, never a check.
#pragma once

namespace trilobite {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace trilobite

#define CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::trilobite::check_failed(#condition, __FILE__, __LINE__))

// DCHECK costs more than O(1); it runs in debug, sanitizer and fuzz builds.
#ifdef TRILOBITE_DCHECK
#define DCHECK(condition) CHECK(condition)
#else
#define DCHECK(condition) void(0)
#endif
