"""The shared library and its functions, as include/trilobite.h declares them."""

import ctypes
import ctypes.util
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t,
                    c_void_p)

ABI = 1


class Text(Structure):
    _fields_ = [("data", c_char_p), ("size", c_size_t)]


class Field(Structure):
    _fields_ = [("key", Text), ("text", Text), ("integer", c_int64), ("real", c_double), ("type", c_int32)]


class Borrowed(Structure):
    """A Text that comes from the library: not ended by a zero, so its bytes must be read by size."""

    _fields_ = [("data", c_void_p), ("size", c_size_t)]

    def decode(self):
        return ctypes.string_at(self.data, self.size).decode("utf-8", "replace") if self.size else ""


class Engine(Structure):
    _fields_ = [("name_space", Text), ("component", Text), ("endpoint", Text), ("model", Text),
                ("include", POINTER(Text)), ("include_count", c_size_t),
                ("exclude", POINTER(Text)), ("exclude_count", c_size_t),
                ("label_names", POINTER(Text)), ("label_values", POINTER(Text)), ("label_count", c_size_t)]


TYPE_INT, TYPE_DOUBLE, TYPE_BOOL, TYPE_STRING, TYPE_DISPLAY, TYPE_JSON = range(6)
SET_HEADER = CFUNCTYPE(None, c_void_p, Borrowed, Borrowed)
WRITE_TEXT = CFUNCTYPE(c_int, c_void_p, c_void_p)

# name: (result, arguments)
_FUNCTIONS = {
    "tri_abi": (c_int, []),
    "tri_version": (c_char_p, []),
    "tri_init": (c_int, [c_char_p, c_char_p, c_size_t]),
    "tri_flush": (None, [c_int64]),
    "tri_shutdown": (None, [c_int64]),
    "tri_set_filter": (c_int, [Text, c_char_p, c_size_t]),
    "tri_span_start": (c_void_p, [Text, Text, c_int, c_int, c_void_p, POINTER(Field), c_size_t]),
    "tri_span_set": (None, [c_void_p, POINTER(Field), c_size_t]),
    "tri_span_event": (None, [c_void_p, Text, POINTER(Field), c_size_t]),
    "tri_span_link": (None, [c_void_p, c_void_p]),
    "tri_span_status": (None, [c_void_p, c_int, Text]),
    "tri_span_exception": (None, [c_void_p, Text, Text, Text]),
    "tri_span_end": (None, [c_void_p]),
    "tri_span_context": (c_void_p, [c_void_p]),
    "tri_context_extract": (c_void_p, [POINTER(Text), POINTER(Text), c_size_t]),
    "tri_context_inject": (None, [c_void_p, SET_HEADER, c_void_p]),
    "tri_context_trace_id": (None, [c_void_p, c_char_p]),
    "tri_context_span_id": (None, [c_void_p, c_char_p]),
    "tri_context_free": (None, [c_void_p]),
    "tri_log_enabled": (c_int, [Text, c_int]),
    "tri_log": (None, [Text, c_int, Text, c_void_p, POINTER(Field), c_size_t]),
    "tri_runtime": (c_void_p, []),
    "tri_registry_new": (c_void_p, []),
    "tri_registry_child": (c_void_p, [c_void_p, Text]),
    "tri_registry_free": (None, [c_void_p]),
    "tri_metric_new": (c_void_p, [c_void_p, c_int, Text, Text, POINTER(Text), c_size_t, POINTER(c_double), c_size_t,
                                  c_char_p, c_size_t]),
    "tri_metric_free": (None, [c_void_p]),
    "tri_metric_with": (c_void_p, [c_void_p, POINTER(Text), c_size_t]),
    "tri_series_free": (None, [c_void_p]),
    "tri_series_add": (None, [c_void_p, c_double]),
    "tri_series_set": (None, [c_void_p, c_double]),
    "tri_series_observe": (None, [c_void_p, c_double]),
    "tri_series_add_in": (None, [c_void_p, c_double, c_void_p]),
    "tri_series_observe_in": (None, [c_void_p, c_double, c_void_p]),
    "tri_output_append": (None, [c_void_p, Text]),
    "tri_registry_text": (c_int, [c_void_p, WRITE_TEXT, c_void_p, POINTER(Engine), c_char_p, c_size_t]),
    "tri_expose": (c_void_p, [c_void_p, c_int, POINTER(c_size_t), c_char_p, c_size_t]),
    "tri_content_type": (c_char_p, [c_int]),
    "tri_free": (None, [c_void_p]),
    "tri_status_server_start": (c_int, [c_char_p, c_size_t]),
    "tri_status_server_health": (None, [Text, c_int]),
}


def _load():
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libtrilobite_c.so")
    named = os.environ.get("TRILOBITE_LIBRARY")
    if named:
        path = named
    elif os.path.exists(beside):
        path = beside
    else:
        path = ctypes.util.find_library("trilobite_c") or "libtrilobite_c.so"
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"trilobite: cannot load {path}: {error}; set TRILOBITE_LIBRARY to the path of "
                          "libtrilobite_c.so") from None
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    if library.tri_abi() != ABI:
        raise ImportError(f"trilobite: {path} has interface {library.tri_abi()}, this module needs {ABI}")
    return library


lib = _load()


def text(value):
    """A str (or bytes) as the library takes it. Lone surrogates, which UTF-8 cannot hold, become question marks."""
    data = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return Text(data, len(data))


def texts(values):
    return (Text * len(values))(*[text(value) for value in values])


class Error:
    """Where a call writes why it failed."""

    def __init__(self):
        self.buffer = ctypes.create_string_buffer(512)

    def __str__(self):
        return self.buffer.value.decode("utf-8", "replace")
