# cmake -DINPUT=folder -DOUTPUT=assets.cc -P EmbedAssets.cmake: a C++ file that includes every file of the folder.
# Files that gain from it are packed once here, not at every request.
get_filename_component(work ${OUTPUT} DIRECTORY)
file(MAKE_DIRECTORY ${work}/packed)
file(GLOB_RECURSE files RELATIVE ${INPUT} ${INPUT}/*)
list(SORT files)

set(assembly "")
set(declarations "")
set(rows "")
set(number 0)
foreach(name ${files})
  set(file ${INPUT}/${name})
  file(SHA256 ${file} hash)
  set(packed false)
  if(name MATCHES "\\.(html|js|css|json|svg|txt|map|webmanifest)$")
    execute_process(COMMAND gzip -9 -n -c ${file} OUTPUT_FILE ${work}/packed/${number} RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "cannot pack ${file}: gzip ended with ${failed}")
    endif()
    set(file ${work}/packed/${number})
    set(packed true)
  endif()
  string(APPEND assembly
    "    \"trilobite_asset_${number}: .incbin \\\"${file}\\\"\\n\"\n    \"trilobite_asset_end_${number}:\\n\"\n")
  string(APPEND declarations "extern const char trilobite_asset_${number}[], trilobite_asset_end_${number}[];\n")
  string(APPEND rows
    "      {\"/${name}\", view(trilobite_asset_${number}, trilobite_asset_end_${number}), ${packed}, \"${hash}\"},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT} "// Made by cmake/EmbedAssets.cmake.
#include \"server/ui.h\"

asm(\".section .rodata\\n\"
${assembly}    \".previous\\n\");

extern \"C\" {
${declarations}}

namespace trilobite::server {

std::span<const Asset> embedded_assets() {
  const auto view = [](const char* start, const char* end) {
    return std::string_view(start, static_cast<std::size_t>(end - start));
  };
  static const Asset assets[] = {
${rows}  };
  return assets;
}

}  // namespace trilobite::server
")
