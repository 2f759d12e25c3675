# Every library comes from Debian 12's packages; see docs/architecture.md for why each is there.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(simdjson REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
if(TRILOBITE_TESTS)
  find_package(GTest REQUIRED)
endif()
