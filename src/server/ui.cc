#include "server/ui.h"

#include <algorithm>
#include <array>

#include "base/compress.h"
#include "server/request_target.h"

namespace trilobite::server {
namespace {

constexpr std::size_t kAssetBytesMax = 64u << 20;
constexpr std::string_view kIndex = "/index.html";

constexpr std::string_view kPlaceholder =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Trilobite</title>"
    "<body style=\"font-family:sans-serif;max-width:40em;margin:4em auto\"><h1>Trilobite is running</h1>"
    "<p>This binary was built without the web UI (TRILOBITE_WEB=OFF). The APIs work: point Grafana's Loki data source "
    "or "
    "<code>logcli</code> at this address, or build with the UI: <code>./manage.sh build</code>.</p>"
    "<p><a href=\"/metrics\">Metrics</a> &middot; <a href=\"/config\">Configuration</a></p></body></html>\n";

std::string_view content_type(std::string_view path) {
  struct Type {
    std::string_view ending, type;
  };
  static constexpr std::array<Type, 12> kTypes = {{{".html", "text/html; charset=utf-8"},
                                                   {".js", "text/javascript; charset=utf-8"},
                                                   {".css", "text/css; charset=utf-8"},
                                                   {".json", "application/json"},
                                                   {".svg", "image/svg+xml"},
                                                   {".png", "image/png"},
                                                   {".ico", "image/x-icon"},
                                                   {".woff2", "font/woff2"},
                                                   {".woff", "font/woff"},
                                                   {".txt", "text/plain; charset=utf-8"},
                                                   {".webmanifest", "application/manifest+json"},
                                                   {".map", "application/json"}}};
  for (const Type& type : kTypes) {
    if (path.ends_with(type.ending)) return type.type;
  }
  return "application/octet-stream";
}

const Asset* find(std::span<const Asset> assets, std::string_view path) {
  const auto found = std::find_if(assets.begin(), assets.end(), [&](const Asset& asset) { return asset.path == path; });
  return found == assets.end() ? nullptr : &*found;
}

// Paths of the UI have no dot in their last part; "/loki/api/v1/nonsense" and "/logo.png" must stay 404.
bool is_page(std::string_view path) {
  for (const std::string_view api :
       {"/loki/", "/api/", "/prometheus/", "/tempo/", "/alertmanager/", "/otlp/", "/assets/"}) {
    if (path.starts_with(api)) return false;
  }
  return path.substr(path.rfind('/')).find('.') == std::string_view::npos;
}

http::Response serve(const Asset& asset, const http::Request& request) {
  http::Response response;
  response.content_type = content_type(asset.path);
  const std::string etag = fmt::format("\"{}\"", asset.hash.substr(0, 32));
  response.headers.emplace_back("ETag", etag);
  // The build puts a hash of the content into the names below /assets/.
  const bool hashed = asset.path.starts_with("/assets/");
  response.headers.emplace_back("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (asset.path == kIndex) {
    response.headers.emplace_back("Content-Security-Policy",
                                  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                                  "connect-src 'self' ws: wss:; frame-ancestors 'self'");
  }
  if (request.header("if-none-match").find(etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  if (!asset.packed) {
    response.body = asset.content;
  } else if (accepts_gzip(request.header("accept-encoding"))) {
    response.body = asset.content;
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("Vary", "Accept-Encoding");
  } else {
    auto raw = gzip_decompress(asset.content, kAssetBytesMax);
    if (!raw.ok()) return http::Response::text(500, raw.error().message);
    response.body = std::move(*raw);
  }
  return response;
}

}  // namespace

http::Handler ui_handler(std::span<const Asset> assets) {
  return [assets](const http::Request& request) {
    if (const Asset* file = find(assets, request.path)) return serve(*file, request);
    if (!is_page(request.path)) return http::Response::text(404, "404 page not found\n");
    if (const Asset* index = find(assets, kIndex)) return serve(*index, request);
    http::Response response;
    response.content_type = "text/html; charset=utf-8";
    response.body = kPlaceholder;
    return response;
  };
}

}  // namespace trilobite::server
