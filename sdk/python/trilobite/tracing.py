"""Spans: `with span("charge", order=7): ...`, in threads and in asyncio alike."""

import contextvars
import ctypes
import traceback

from ._native import SET_HEADER, lib, text, texts
from .fields import fields

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
_UNSET, _OK, _FAILED = 0, 1, 2
_LEVELS = {"error": 1, "warn": 2, "warning": 2, "info": 3, "debug": 4, "trace": 5}


class Context:
    """A position in a trace, of this process or another one."""

    __slots__ = ("_handle",)

    def __init__(self, handle):
        self._handle = handle

    def __del__(self):
        if self._handle:
            lib.tri_context_free(self._handle)

    @property
    def trace_id(self):
        """32 hexadecimal digits, or an empty text."""
        out = ctypes.create_string_buffer(33)
        lib.tri_context_trace_id(self._handle, out)
        return out.value.decode()

    @property
    def span_id(self):
        out = ctypes.create_string_buffer(17)
        lib.tri_context_span_id(self._handle, out)
        return out.value.decode()

    def headers(self):
        """The headers to send with a request, as a dict."""
        found = {}

        def take(_, name, value):
            found[name.decode()] = value.decode()

        lib.tri_context_inject(self._handle, SET_HEADER(take), None)
        return found


_current = contextvars.ContextVar("trilobite_context", default=None)


def current():
    """The Context of the innermost span, or None."""
    return _current.get()


def extract(headers):
    """The Context that came with a request, or None. Takes a mapping or pairs, of str or bytes."""
    pairs = list(headers.items() if hasattr(headers, "items") else headers)
    handle = lib.tri_context_extract(texts([name for name, _ in pairs]), texts([value for _, value in pairs]), len(pairs))
    return Context(handle) if handle else None


def inject(headers=None):
    """Adds the headers of the current span to the dict (a new one by default) and returns it."""
    headers = {} if headers is None else headers
    context = current()
    if context is not None:
        headers.update(context.headers())
    return headers


class Span:
    """A running span. Ends with its `with` block, or by end()."""

    def __init__(self, name, *, target="python", level="info", kind=INTERNAL, parent=None, attributes=None):
        parent = parent if parent is not None else current()
        array, count = fields(attributes or {})
        self._handle = lib.tri_span_start(text(target), text(name), _LEVELS[level], kind,
                                          parent._handle if parent is not None else None, array, count)
        made = lib.tri_span_context(self._handle)
        self.context = Context(made) if made else parent
        self._token = None

    def set(self, **attributes):
        array, count = fields(attributes)
        lib.tri_span_set(self._handle, array, count)
        return self

    def event(self, name, **attributes):
        array, count = fields(attributes)
        lib.tri_span_event(self._handle, text(name), array, count)

    def link(self, context):
        lib.tri_span_link(self._handle, context._handle)

    def ok(self):
        lib.tri_span_status(self._handle, _OK, text(""))

    def failed(self, description=""):
        lib.tri_span_status(self._handle, _FAILED, text(description))

    def exception(self, error):
        """Records an exception and marks the span as failed."""
        stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        lib.tri_span_exception(self._handle, text(type(error).__qualname__), text(error), text(stack))

    def end(self):
        handle, self._handle = self._handle, None
        if handle:
            lib.tri_span_end(handle)

    def __enter__(self):
        self._token = _current.set(self.context)
        return self

    def __exit__(self, _, error, __):
        if error is not None:
            self.exception(error)
        _current.reset(self._token)
        self.end()

    def __del__(self):
        self.end()


def span(name, *, target="python", level="info", kind=INTERNAL, parent=None, **attributes):
    """Starts a Span with these attributes. parent: a Context, by default that of the innermost span."""
    return Span(name, target=target, level=level, kind=kind, parent=parent, attributes=attributes)
