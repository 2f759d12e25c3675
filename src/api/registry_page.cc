#include "api/registry_page.h"

namespace trilobite::api {

http::Handler registry_page(instruments::Registry registry) {
  return [registry = std::move(registry)](const http::Request& request) {
    using instruments::Exposition;
    using instruments::Registry;
    const Exposition format = registry.negotiate(request.header("accept"));
    auto page = registry.expose(format);
    if (!page.ok()) return http::Response::text(500, page.error + "\n");
    http::Response response = http::Response::text(200, std::move(page.text));
    // The text format says its version, which the library leaves out for the sake of the programs it stands in for.
    response.content_type = format == Exposition::kText ? "text/plain; version=0.0.4; charset=utf-8"
                                                        : std::string(Registry::content_type(format));
    response.headers.emplace_back("Vary", "Accept");
    return response;
  };
}

}  // namespace trilobite::api
