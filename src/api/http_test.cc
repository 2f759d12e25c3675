// Requests, responses and the router without a socket.
#include "api/http.h"

#include <gtest/gtest.h>

namespace trilobite::http {
namespace {

Request make_request(std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

Handler answer(std::string name) {
  return [name](const Request& request) {
    std::string body = name;
    for (const auto& [key, value] : request.path_parameters) body += " " + key + "=" + value;
    return Response::text(200, body);
  };
}

Router make_router() {
  Router router;
  router.add({"GET", "POST"}, "/loki/api/v1/labels", answer("labels"));
  router.add({"GET"}, "/loki/api/v1/label/{name}/values", answer("values"));
  router.add({"POST"}, "/loki/api/v1/push", answer("push"));
  router.add({"DELETE"}, "/rules/{space}/{group}", answer("drop"));
  router.add({"GET"}, "/rules/{space}/{group}", answer("show"));
  router.add({"GET"}, "/", answer("root"));
  WebSocketRoute tail;
  tail.run = [](const Request&, WebSocket&) {};
  router.add_websocket("/loki/api/v1/tail", tail);
  return router;
}

struct RouteCase {
  const char* method;
  const char* path;
  int status;
  const char* body;
};

TEST(Router, FindsTheRouteOrSaysWhyNot) {
  const Router router = make_router();
  const RouteCase cases[] = {
      {"GET", "/loki/api/v1/labels", 200, "labels"},
      {"POST", "/loki/api/v1/labels", 200, "labels"},
      {"HEAD", "/loki/api/v1/labels", 200, "labels"},
      {"PUT", "/loki/api/v1/labels", 405, "405 method not allowed\n"},
      {"GET", "/loki/api/v1/label/app/values", 200, "values name=app"},
      {"GET", "/loki/api/v1/label//values", 404, "404 page not found\n"},
      {"GET", "/loki/api/v1/label/a/b/values", 404, "404 page not found\n"},
      {"GET", "/loki/api/v1/labels/", 404, "404 page not found\n"},
      {"GET", "/loki/api/v1/push", 405, "405 method not allowed\n"},
      {"DELETE", "/rules/a/b", 200, "drop space=a group=b"},
      {"GET", "/rules/a/b", 200, "show space=a group=b"},
      {"GET", "/", 200, "root"},
      {"GET", "", 200, "root"},
      {"GET", "/nothing", 404, "404 page not found\n"},
      {"GET", "/loki/api/v1/tail", 404, "404 page not found\n"},
  };
  for (const RouteCase& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + c.path);
    Request request = make_request(c.method, c.path);
    const Response response = router.handle(request);
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.body, c.body);
  }
}

TEST(Router, ASegmentMayHoldASlash) {
  const Router router = make_router();
  Request request = make_request("GET", "/rules/a/b/c");
  request.segments = {"rules", "a/b", "c"};
  EXPECT_EQ(router.handle(request).body, "show space=a/b group=c");
  Request literal = make_request("GET", "/loki/api/v1/labels");
  literal.segments = {"loki", "api/v1", "labels"};
  EXPECT_EQ(router.handle(literal).status, 404) << "an escaped slash separates nothing";
}

TEST(Router, TellsTheAllowedMethods) {
  const Router router = make_router();
  Request request = make_request("PATCH", "/rules/a/b");
  const Response response = router.handle(request);
  ASSERT_EQ(response.status, 405);
  EXPECT_EQ(response.headers, (Parameters{{"Allow", "DELETE, GET"}}));
}

TEST(Router, FallbackServesReadsOnly) {
  Router router = make_router();
  router.add_fallback(answer("ui"));
  Request page = make_request("GET", "/explore");
  EXPECT_EQ(router.handle(page).body, "ui");
  Request write = make_request("POST", "/explore");
  EXPECT_EQ(router.handle(write).status, 404);
  Request known = make_request("GET", "/loki/api/v1/push");
  EXPECT_EQ(router.handle(known).status, 405) << "a known path is never the UI's";
}

TEST(Router, FindsWebSocketsApart) {
  const Router router = make_router();
  Request tail = make_request("GET", "/loki/api/v1/tail");
  EXPECT_NE(router.find_websocket(tail), nullptr);
  Request labels = make_request("GET", "/loki/api/v1/labels");
  EXPECT_EQ(router.find_websocket(labels), nullptr);
}

TEST(Request, LooksUpByName) {
  Request request = make_request("GET", "/");
  request.headers = {{"x-scope-orgid", "a"}};
  request.query = {{"match[]", "{a=\"b\"}"}, {"match[]", "{c=\"d\"}"}, {"limit", ""}};
  EXPECT_EQ(request.header("x-scope-orgid"), "a");
  EXPECT_EQ(request.header("accept"), "");
  EXPECT_EQ(request.parameter("limit"), "");
  EXPECT_EQ(request.parameter("start"), std::nullopt);
  EXPECT_EQ(request.parameters("match[]").size(), 2u);
  EXPECT_EQ(request.path_parameter("name"), "");
}

TEST(StatusOf, IsWhatClientsExpect) {
  const std::pair<Code, int> cases[] = {{Code::kInvalid, 400},     {Code::kLimit, 400},   {Code::kNotFound, 404},
                                        {Code::kOverload, 429},    {Code::kTimeout, 504}, {Code::kCancelled, 499},
                                        {Code::kUnavailable, 503}, {Code::kNoSpace, 507}, {Code::kCorrupt, 500}};
  for (const auto& [code, status] : cases) EXPECT_EQ(status_of(code), status) << code_name(code);
}

}  // namespace
}  // namespace trilobite::http
