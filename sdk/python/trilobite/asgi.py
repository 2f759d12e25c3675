"""Middleware for FastAPI, Starlette and every other ASGI application; needs neither them nor OpenTelemetry.

    app.add_middleware(trilobite.asgi.Middleware)
"""

import logging
import time

from . import metrics, tracing

_LOG = logging.getLogger(__name__)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))


class Middleware:
    """A span, a log line and metrics for each request. Continues the trace of the caller and sends x-request-id back.

    registry: where the metrics go; by default one of its own, shown at metrics_path (None: nowhere).
    route: finds the name of a request for the metrics; by default the route that the framework matched, because paths
    with ids in them would make a series each.
    """

    def __init__(self, app, *, registry=None, metrics_path="/metrics", route=None):
        self.app = app
        self.registry = registry if registry is not None else metrics.Registry()
        self.metrics_path = metrics_path
        self.route = route if route is not None else _matched_route
        labels = ("method", "route", "status")
        self.requests = self.registry.counter("http_requests_total", "Finished requests", labels)
        self.durations = self.registry.histogram("http_request_duration_seconds", "Duration of requests", labels)
        self.inflight = self.registry.gauge("http_requests_in_flight", "Requests under way")

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif self.metrics_path is not None and scope["path"] == self.metrics_path:
            await self._expose(send)
        else:
            await self._serve(scope, receive, send)

    async def _expose(self, send):
        headers = [(b"content-type", metrics.content_type().encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.registry.expose()})

    async def _serve(self, scope, receive, send):
        query = scope.get("query_string", b"").decode("latin-1")
        uri = scope["path"] + ("?" + query if query else "")
        request_id = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        status = 500  # what the server answers when the application fails before its answer

        async def observed_send(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if request_id is not None:
                    message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", request_id)]}
            await send(message)

        started = time.perf_counter()
        self.inflight.inc()
        with tracing.span("http-request", target="asgi", kind=tracing.SERVER, parent=tracing.extract(scope["headers"]),
                          method=scope["method"], uri=uri, version="HTTP/" + scope.get("http_version", "1.1")) as span:
            try:
                await self.app(scope, receive, observed_send)
            finally:
                took = time.perf_counter() - started
                self.inflight.dec()
                # A client may invent methods; series are not made for each.
                method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
                labels = (method, self.route(scope), str(status))
                self.requests.labels(*labels).inc()
                self.durations.labels(*labels).observe(took)
                span.set(status=status)
                if status >= 500:
                    span.failed(f"status {status}")
                _tell(status, took)


def _matched_route(scope):
    route = scope.get("route")
    return getattr(route, "path", None) or "(none)"


def _tell(status, took):
    fields = {"status": str(status), "latency_ms": f"{took * 1000:.0f}"}
    if status >= 500:
        _LOG.error("request completed with server error", extra=fields)
    elif status >= 400:
        _LOG.warning("request completed with client request error", extra=fields)
    else:
        _LOG.debug("request completed", extra=fields)
