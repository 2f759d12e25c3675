// The web UI, served out of the binary.
#pragma once

#include <span>
#include <string_view>

#include "api/http.h"

namespace trilobite::server {

// One file of web/dist, put into the binary by cmake/Web.cmake.
struct Asset {
  std::string_view path;     // "/assets/index-3f9a.js"
  std::string_view content;  // gzip when packed
  bool packed = false;
  std::string_view hash;  // of the file
};
std::span<const Asset> embedded_assets();  // sorted by path; empty when built without the UI

// Answers GET of any path that no API has: a file, or the page itself for paths of the UI's own.
http::Handler ui_handler(std::span<const Asset> assets);

}  // namespace trilobite::server
