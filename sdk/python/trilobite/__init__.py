"""Logs, metrics and traces of Python programs, by way of Trilobite's C library. Nothing else is needed.

    import logging, trilobite
    trilobite.init()
    with trilobite.span("charge", order=7):
        logging.info("retrying", extra={"attempt": 2})
"""

import atexit

from . import asgi, metrics, tracing  # noqa: F401: part of the interface
from ._native import Error, lib, text
from .handler import Handler, install
from .tracing import Context, Span, current, extract, inject, span

__all__ = ["Context", "Handler", "Span", "asgi", "current", "extract", "flush", "init", "inject", "install", "metrics",
           "set_filter", "set_health", "span", "start_status_server", "tracing", "version"]


def init(level="info", *, logging=True):
    """Sets everything up from the environment; once, before the first line. logging: take Python's logging over."""
    error = Error()
    if lib.tri_init(level.encode(), error.buffer, len(error.buffer)) != 0:
        raise ValueError(str(error))
    atexit.register(lib.tri_shutdown, 5000)
    if logging:
        install()


def flush(seconds=5.0):
    """Hands everything logged and every ended span to its destination."""
    lib.tri_flush(int(seconds * 1000))


def set_filter(directives):
    """Replaces the filter, as DYN_LOG gives it: "info,shop::db=debug"."""
    error = Error()
    if lib.tri_set_filter(text(directives), error.buffer, len(error.buffer)) != 0:
        raise ValueError(str(error))


def start_status_server():
    """Starts the status server that DYN_SYSTEM_PORT asks for. Returns its port, None when none is asked for."""
    error = Error()
    port = lib.tri_status_server_start(error.buffer, len(error.buffer))
    if port < 0:
        raise OSError(str(error))
    return port or None


def set_health(endpoint, ready):
    """Tells whether an endpoint is ready, as /health of the status server shows it."""
    lib.tri_status_server_health(text(endpoint), int(ready))


def version():
    return lib.tri_version().decode()
