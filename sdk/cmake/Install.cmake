# `cmake --install BUILD --component trilobite_sdk`: headers, libraries, a CMake package and pkg-config files.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/trilobite)
install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT trilobite_sdk FILES_MATCHING PATTERN "*.h")
install(TARGETS trilobite_sdk EXPORT trilobite_sdk COMPONENT trilobite_sdk)
install(EXPORT trilobite_sdk NAMESPACE trilobite:: FILE trilobite-sdk.cmake DESTINATION ${package_dir}
  COMPONENT trilobite_sdk)
if(TARGET trilobite_export)
  install(TARGETS trilobite_export EXPORT trilobite_export COMPONENT trilobite_sdk)
  install(EXPORT trilobite_export NAMESPACE trilobite:: FILE trilobite-export.cmake DESTINATION ${package_dir}
    COMPONENT trilobite_sdk)
endif()
if(TARGET trilobite_c)
  # Of C programs; it has the other two in it when they are static.
  install(TARGETS trilobite_c EXPORT trilobite_c COMPONENT trilobite_sdk)
  install(EXPORT trilobite_c NAMESPACE trilobite:: FILE trilobite-c.cmake DESTINATION ${package_dir}
    COMPONENT trilobite_sdk)
endif()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/trilobiteConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/trilobiteConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/trilobiteConfigVersion.cmake
  VERSION ${sdk_version} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/trilobiteConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/trilobiteConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT trilobite_sdk)

# One file per library. What a static library needs is private: `pkg-config --static` names it.
foreach(name sdk export c)
  if(TARGET trilobite_${name})
    configure_file(${CMAKE_CURRENT_LIST_DIR}/trilobite-${name}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/trilobite-${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/trilobite-${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
      COMPONENT trilobite_sdk)
  endif()
endforeach()
