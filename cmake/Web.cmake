# The web UI: `npm ci && npm run build` in web/ when its sources changed, then every file of web/dist goes, packed, into
# the library trilobite_assets. Without TRILOBITE_WEB the library is empty and the server shows a page that says so.
set(assets_source ${CMAKE_BINARY_DIR}/assets/assets.cc)

if(TRILOBITE_WEB AND EXISTS ${CMAKE_SOURCE_DIR}/web/package.json)
  find_program(NPM_PROGRAM npm REQUIRED)
  set(web ${CMAKE_SOURCE_DIR}/web)
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web}/src/* ${web}/public/*)
  file(GLOB web_roots CONFIGURE_DEPENDS ${web}/*.html ${web}/*.json ${web}/*.ts ${web}/*.js ${web}/*.cjs ${web}/*.mjs)

  # npm writes this file itself when it is done.
  set(web_modules ${web}/node_modules/.package-lock.json)
  add_custom_command(
    OUTPUT ${web_modules}
    COMMAND ${NPM_PROGRAM} ci --no-audit --no-fund
    COMMAND ${CMAKE_COMMAND} -E touch ${web_modules}
    DEPENDS ${web}/package-lock.json
    WORKING_DIRECTORY ${web}
    COMMENT "Fetching the packages of the web UI"
    VERBATIM)
  # Each build folder builds its own copy, so that two builds do not write one folder.
  set(web_output ${CMAKE_BINARY_DIR}/web)
  add_custom_command(
    OUTPUT ${web_output}/index.html
    COMMAND ${NPM_PROGRAM} run --silent build -- --outDir ${web_output} --emptyOutDir
    DEPENDS ${web_modules} ${web_sources} ${web_roots}
    WORKING_DIRECTORY ${web}
    COMMENT "Building the web UI"
    VERBATIM)
  add_custom_command(
    OUTPUT ${assets_source}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${web_output} -DOUTPUT=${assets_source} -P ${CMAKE_CURRENT_LIST_DIR}/EmbedAssets.cmake
    DEPENDS ${web_output}/index.html ${CMAKE_CURRENT_LIST_DIR}/EmbedAssets.cmake
    COMMENT "Packing the web UI"
    VERBATIM)
else()
  file(CONFIGURE OUTPUT ${assets_source} CONTENT
"#include \"server/ui.h\"
namespace trilobite::server {
std::span<const Asset> embedded_assets() { return {}; }
}
")
endif()

add_library(trilobite_assets STATIC ${assets_source})
target_include_directories(trilobite_assets PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(trilobite_assets PRIVATE fmt::fmt)
