"""Primary keys as callers give them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import Mapper

from ..errors import InvalidArgumentError

EXACT_TYPES = (int, str, uuid.UUID)


def key_values(model: type[Any], key: Any) -> tuple[Any, ...]:
    """Returns a key as a tuple in the mapper's order, checked: how many parts, none of them None, of the right type.

    A key of one column is given as it is, a composite one as a tuple or as a mapping by attribute name.
    """
    mapper: Mapper[Any] = inspect(model)
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    parts = _parts(model, key, names)
    for name, column, part in zip(names, mapper.primary_key, parts, strict=True):
        _check_part(f"{model.__name__}.{name}", column, part)
    return parts


def _parts(model: type[Any], key: Any, names: list[str]) -> tuple[Any, ...]:
    if isinstance(key, Mapping):
        by_name = cast("dict[Any, Any]", key)
        if set(by_name) != set(names):
            raise InvalidArgumentError(f"a key of {model.__name__} is made of {', '.join(names)}")
        return tuple(by_name[name] for name in names)
    parts = tuple(cast("tuple[Any, ...]", key)) if isinstance(key, tuple | list) else (key,)
    if len(parts) != len(names):
        raise InvalidArgumentError(
            f"a key of {model.__name__} has {len(names)} part(s), {', '.join(names)}; {len(parts)} came"
        )
    return parts


def _check_part(name: str, column: ColumnElement[Any], part: Any) -> None:
    if part is None:
        raise InvalidArgumentError(f"the key {name} is None", hint="a row without a key cannot be looked up")
    expected = _python_type(column)
    if expected in EXACT_TYPES and (not isinstance(part, expected) or isinstance(part, bool)):
        raise InvalidArgumentError(f"the key {name} takes {expected.__name__}, got {type(part).__name__}")


def _python_type(column: ColumnElement[Any]) -> type[Any] | None:
    try:
        return column.type.python_type
    except NotImplementedError:
        return None
