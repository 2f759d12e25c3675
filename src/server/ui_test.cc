// The UI out of the binary: caching, compression, and which paths are pages.
#include "server/ui.h"

#include <gtest/gtest.h>

#include "base/compress.h"

namespace trilobite::server {
namespace {

struct UiTest : testing::Test {
  const std::string page = gzip_compress("<html>page</html>"), script = gzip_compress("code()");
  const std::vector<Asset> assets = {{"/assets/app-1a2b.js", script, true, "aaaabbbbccccddddeeeeffff0000111122223333"},
                                     {"/index.html", page, true, "1111"},
                                     {"/logo.png", "PNG", false, "2222"}};

  http::Response get(std::string path, http::Parameters headers = {}) {
    http::Request request;
    request.method = "GET";
    request.path = std::move(path);
    request.headers = std::move(headers);
    return ui_handler(assets)(request);
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
};

TEST_F(UiTest, PagesAndFiles) {
  for (const char* path : {"/", "/explore", "/a/b/c", "/index.html"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body, "<html>page</html>") << path;
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
    EXPECT_NE(header(response, "Content-Security-Policy"), "");
  }
  for (const char* path : {"/loki/api/v1/nothing", "/api/x", "/missing.png", "/assets/old-ffff.js", "/assets/x"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
  EXPECT_EQ(get("/logo.png").body, "PNG");
  EXPECT_EQ(get("/logo.png").content_type, "image/png");
}

TEST_F(UiTest, HashedFilesAreCachedForEver) {
  const auto response = get("/assets/app-1a2b.js", {{"accept-encoding", "gzip"}});
  EXPECT_EQ(header(response, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(response, "Content-Encoding"), "gzip");
  EXPECT_EQ(response.body, script);
  EXPECT_EQ(response.content_type, "text/javascript; charset=utf-8");
  const auto again = get("/assets/app-1a2b.js", {{"if-none-match", header(response, "ETag")}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
}

TEST_F(UiTest, WithoutAssetsThePlaceholderHelps) {
  http::Request request;
  request.path = "/";
  const auto response = ui_handler({})(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find("TRILOBITE_WEB"), std::string::npos);
}

}  // namespace
}  // namespace trilobite::server
