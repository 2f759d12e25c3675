"""Python values as typed fields."""

import json

from ._native import (TYPE_BOOL, TYPE_DISPLAY, TYPE_DOUBLE, TYPE_INT, TYPE_JSON, TYPE_STRING, Field, text)

_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1


def _field(key, value):
    field = Field(key=text(key))
    if isinstance(value, bool):
        field.type, field.integer = TYPE_BOOL, int(value)
    elif isinstance(value, int) and _INT_MIN <= value <= _INT_MAX:
        field.type, field.integer = TYPE_INT, value
    elif isinstance(value, float):
        field.type, field.real = TYPE_DOUBLE, value
    elif isinstance(value, str):
        field.type, field.text = TYPE_STRING, text(value)
    elif value is None or isinstance(value, (dict, list, tuple)):
        field.type, field.text = TYPE_JSON, text(json.dumps(value, default=str))
    else:
        field.type, field.text = TYPE_DISPLAY, text(value)
    return field


def fields(attributes):
    """An array of Fields and its length; a value whose own str() fails is shown by the failure."""
    made = []
    for key, value in attributes.items():
        try:
            made.append(_field(key, value))
        except Exception as error:  # noqa: BLE001: instrumentation never stops a program
            made.append(_field(key, f"<{type(error).__name__}: {error}>"))
    return (Field * len(made))(*made), len(made)
