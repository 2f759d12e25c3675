"""A logging.Handler: records of Python's logging go the way of all others."""

import logging
import traceback

from . import tracing
from ._native import lib, text
from .fields import fields

_TARGET = "log"
# What every record has; whatever else it has came by `extra=`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _level(number):
    if number >= logging.ERROR:
        return 1
    if number >= logging.WARNING:
        return 2
    if number >= logging.INFO:
        return 3
    return 4 if number >= logging.DEBUG else 5


class Handler(logging.Handler):
    """Fields are `extra=`, and log.file, log.line, log.target for the place; an exception is told in exception.*."""

    def emit(self, record):
        try:
            level = _level(record.levelno)
            if not lib.tri_log_enabled(text(_TARGET), level):
                return
            attributes = {key: value for key, value in vars(record).items() if key not in _OWN}
            attributes["log.file"] = record.pathname
            attributes["log.line"] = record.lineno
            at_module = record.funcName in (None, "<module>")
            attributes["log.target"] = record.name if at_module else f"{record.name}.{record.funcName}"
            if record.exc_info and record.exc_info[0] is not None:
                attributes["exception.type"] = record.exc_info[0].__qualname__
                attributes["exception.message"] = str(record.exc_info[1])
                attributes["exception.stacktrace"] = "".join(traceback.format_exception(*record.exc_info))
            array, count = fields(attributes)
            context = tracing.current()
            lib.tri_log(text(_TARGET), level, text(record.getMessage()),
                        context._handle if context is not None else None, array, count)
        except Exception:  # noqa: BLE001: as all handlers of the standard library do
            self.handleError(record)

    def flush(self):
        lib.tri_flush(1000)


def install(level=logging.DEBUG):
    """Makes the root logger hand everything to the library, whose filter then decides. Returns the handler."""
    handler = Handler()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    return handler
