"""Primary keys as callers give them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import Mapper

from ..errors import InvalidArgumentError

EXACT_TYPES = (int, str, uuid.UUID)


class KeyShape:
    """What the key of a model is made of.

    Attributes:
        names: Its attributes, in the mapper's order.
        parameters: Names for parameters that hold its parts.
    """

    __slots__ = ("_model", "_types", "names", "parameters")

    def __init__(self, model: type[Any]) -> None:
        mapper: Mapper[Any] = inspect(model)
        self._model = model.__name__
        self._types = [_exact_type(column) for column in mapper.primary_key]
        self.names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        self.parameters = [f"dalkit_key_{position}" for position in range(len(self.names))]

    def values(self, key: Any) -> tuple[Any, ...]:
        """Returns a key as a tuple in the mapper's order, checked: how many parts, none None, of the right type.

        A key of one column is given as it is, a composite one as a tuple or as a mapping by attribute name.
        """
        if len(self._types) == 1 and type(key) is self._types[0]:
            return (key,)
        parts = self._parts(key)
        for name, expected, part in zip(self.names, self._types, parts, strict=True):
            _check_part(f"{self._model}.{name}", expected, part)
        return parts

    def _parts(self, key: Any) -> tuple[Any, ...]:
        if isinstance(key, Mapping):
            by_name = cast("dict[Any, Any]", key)
            if set(by_name) != set(self.names):
                raise InvalidArgumentError(f"a key of {self._model} is made of {', '.join(self.names)}")
            return tuple(by_name[name] for name in self.names)
        parts = tuple(cast("tuple[Any, ...]", key)) if isinstance(key, tuple | list) else (key,)
        if len(parts) != len(self.names):
            raise InvalidArgumentError(
                f"a key of {self._model} has {len(self.names)} part(s), {', '.join(self.names)}; {len(parts)} came"
            )
        return parts


def _check_part(name: str, expected: type[Any] | None, part: Any) -> None:
    if part is None:
        raise InvalidArgumentError(f"the key {name} is None", hint="a row without a key cannot be looked up")
    if expected is not None and (not isinstance(part, expected) or isinstance(part, bool)):
        raise InvalidArgumentError(f"the key {name} takes {expected.__name__}, got {type(part).__name__}")


def _exact_type(column: ColumnElement[Any]) -> type[Any] | None:
    """Returns the type that a part must have, if it is one of those that are never converted."""
    try:
        found = column.type.python_type
    except NotImplementedError:
        return None
    return found if found in EXACT_TYPES else None
