"""Counters, gauges, histograms, summaries, and their exposition."""

import ctypes

from ._native import Engine, Error, WRITE_TEXT, byref, lib, text, texts
from .tracing import current

COUNTER, GAUGE, HISTOGRAM, SUMMARY = range(4)
TEXT, OPENMETRICS, PROTOBUF = range(3)


_kept = []  # callbacks, which the library may call as long as the process runs


class _Series:
    __slots__ = ("_handle",)

    def __init__(self, handle):
        self._handle = handle

    def __del__(self):
        lib.tri_series_free(self._handle)


def _current_handle():
    context = current()
    return context._handle if context is not None else None


class _Counter(_Series):
    def inc(self, amount=1):
        """Amounts below 0 are ignored. A sampled span this happens in is kept as an example (exemplar)."""
        lib.tri_series_add_in(self._handle, amount, _current_handle())


class _Gauge(_Series):
    def set(self, value):
        lib.tri_series_set(self._handle, value)

    def inc(self, amount=1):
        lib.tri_series_add(self._handle, amount)

    def dec(self, amount=1):
        lib.tri_series_add(self._handle, -amount)


class _Observer(_Series):
    def observe(self, value):
        """A sampled span this happens in is kept as an example (exemplar) of the value's bucket."""
        lib.tri_series_observe_in(self._handle, value, _current_handle())


_SERIES = {COUNTER: _Counter, GAUGE: _Gauge, HISTOGRAM: _Observer, SUMMARY: _Observer}


class Metric:
    """A metric with labels; labels(...) gives the series of their values, the same object each time."""

    def __init__(self, handle, kind, names):
        self._handle = handle
        self._kind = kind
        self._names = names
        self._children = {}

    def __del__(self):
        lib.tri_metric_free(self._handle)

    def labels(self, *values, **named):
        if named:
            if values or set(named) != set(self._names):
                raise ValueError(f"labels are {', '.join(self._names)}, not {', '.join(named)}")
            values = tuple(named[name] for name in self._names)
        if len(values) != len(self._names):
            raise ValueError(f"{len(self._names)} label values are needed, not {len(values)}")
        values = tuple(str(value) for value in values)
        child = self._children.get(values)
        if child is None:
            child = _SERIES[self._kind](lib.tri_metric_with(self._handle, texts(values), len(values)))
            child = self._children.setdefault(values, child)
        return child


class Registry:
    """One level of a service. Below runtime() names get the standard prefix and automatic labels."""

    def __init__(self, handle=None):
        self._handle = handle if handle is not None else lib.tri_registry_new()

    def __del__(self):
        lib.tri_registry_free(self._handle)

    def child(self, name):
        return Registry(lib.tri_registry_child(self._handle, text(name)))

    def _make(self, kind, name, help, labels, buckets=None):
        bounds = (ctypes.c_double * len(buckets))(*buckets) if buckets is not None else None
        error = Error()
        handle = lib.tri_metric_new(self._handle, kind, text(name), text(help), texts(labels), len(labels), bounds,
                                    len(buckets) if buckets is not None else 0, error.buffer, len(error.buffer))
        if not handle:
            raise ValueError(str(error))
        metric = Metric(handle, kind, tuple(labels))
        return metric if labels else metric.labels()

    def counter(self, name, help, labels=()):
        return self._make(COUNTER, name, help, labels)

    def gauge(self, name, help, labels=()):
        return self._make(GAUGE, name, help, labels)

    def histogram(self, name, help, labels=(), buckets=None):
        return self._make(HISTOGRAM, name, help, labels, buckets)

    def summary(self, name, help, labels=()):
        return self._make(SUMMARY, name, help, labels)

    def _add_text(self, render, engine):
        def write(_user, output):
            try:
                lib.tri_output_append(output, text(render()))
                return 0
            except Exception as failure:  # told in the log: an exposition goes on without this text
                lib.tri_output_append(output, text(f"{type(failure).__name__}: {failure}"))
                return 1

        callback, error = WRITE_TEXT(write), Error()
        if lib.tri_registry_text(self._handle, callback, None, engine, error.buffer, len(error.buffer)) != 0:
            raise ValueError(str(error))
        _kept.append(callback)

    def add_text(self, render):
        """Has render(), metrics of another library in Prometheus' text format, appended to each exposition."""
        self._add_text(render, None)

    def add_engine(self, render, include=(), exclude=(), namespace="", component="", endpoint="generate", model="",
                   labels=None):
        """The same for an engine, such as lambda: prometheus_client.generate_latest(registry): metrics whose names begin
        with one of include (all, when there is none) and with none of exclude, with labels that say whose they are."""
        labels = labels or {}
        self._add_text(render, byref(Engine(
            name_space=text(namespace), component=text(component), endpoint=text(endpoint), model=text(model),
            include=texts(include), include_count=len(include), exclude=texts(exclude), exclude_count=len(exclude),
            label_names=texts(labels.keys()), label_values=texts(labels.values()), label_count=len(labels))))

    def expose(self, exposition=TEXT):
        """The exposition as bytes."""
        size, error = ctypes.c_size_t(), Error()
        data = lib.tri_expose(self._handle, exposition, byref(size), error.buffer, len(error.buffer))
        if not data:
            raise RuntimeError(str(error))
        try:
            return ctypes.string_at(data, size.value)
        finally:
            lib.tri_free(data)


def runtime():
    """The root of the levels runtime > namespace > component > endpoint."""
    return Registry(lib.tri_runtime())


def content_type(exposition=TEXT):
    return lib.tri_content_type(exposition).decode()
